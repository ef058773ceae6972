---Secrets in texts: a server may repeat one as it is, or as URLs and JSON have it.

local secret = {}

local REDACTED = "(redacted)"

---Bytes of the shortest one: what is shorter is none, and would be found in any text.
secret.SHORTEST = 8

-- What is written in another way in a URL, or in JSON. An API key has nothing of that.
local ODD = "[^%w._~-]"

local function coded(value, form)
  return (value:gsub(ODD, function(byte) return form:format(byte:byte()) end))
end

local CODES = { "%%%02X", "%%%02x", "\\u%04x", "\\u%04X" }

local function without(text, form)
  if not text:find(form, 1, true) then return text end
  return (text:gsub(form:gsub("%p", "%%%0"), REDACTED))
end

---@param text string
---@param value? string  the secret
---@return string text  the same where the secret is not in it
function secret.hide(text, value)
  if not value or #value < secret.SHORTEST then return text end
  text = without(text, value)
  if not value:find(ODD) then return text end
  for _, form in ipairs(CODES) do text = without(text, coded(value, form)) end
  return without(text, (value:gsub("/", "\\/")))
end

return secret
