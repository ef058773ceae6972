---What is taken out of the texts of a cassette, and put in again: secrets for good, and the client's URL, for the next
---one may have another.

require("gemini.interpreted")()

local codec = require "gemini.codec"
local secrets = require "gemini.secret"

-- Bytes at the end of a text that broke off which are taken for the beginning of a secret.
local TELLING = 4

local portable = {}

local function escaped(text) return (text:gsub("%W", "%%%0")) end

-- What base64 makes of a secret behind `skip` bytes of others, without the ends that it shares with its neighbours.
local function inBase64(secret, skip)
  local text = codec.base64Encode(("\0"):rep(skip) .. secret)
  return text:sub(math.ceil(skip * 8 / 6) + 1, math.floor((skip + #secret) * 8 / 6))
end

-- What is base64 can still be decoded then.
local function redacted(text, secret)
  if not secret or #secret < secrets.SHORTEST then return text end
  text = secrets.hide(text, secret)
  for skip = 0, 2 do
    local form = inBase64(secret, skip)
    if text:find(form, 1, true) then text = text:gsub(escaped(form), ("x"):rep(#form)) end
  end
  return text
end

-- A tree with its texts, names included, changed by a function.
local function mapped(value, fn)
  if type(value) == "string" then return fn(value) end
  if type(value) ~= "table" then return value end
  local out = {}
  for name, inner in next, value do out[mapped(name, fn)] = mapped(inner, fn) end
  return setmetatable(out, getmetatable(value))
end

---@param text string  that may have broken off
---@param secret? string
---@return string text  without the beginning of the secret at its end
function portable.cut(text, secret)
  for length = math.min(secret and #secret - 1 or 0, #text), TELLING, -1 do
    if text:sub(-length) == secret:sub(1, length) then return text:sub(1, -length - 1) end
  end
  return text
end

---@param value any  a text, or a tree
---@param secret? string
---@return any hidden  a copy without the secret
function portable.hide(value, secret)
  return mapped(value, function(text) return redacted(text, secret) end)
end

---@param value any  a text, or a tree
---@param baseUrl string
---@param secret? string
---@return any packed  a copy without the secret, `{baseUrl}` in the URL's place
function portable.pack(value, baseUrl, secret)
  -- Another port may begin with the same digits, another host with the same name.
  local base = escaped(baseUrl) .. "%f[^%w:.-]"
  return mapped(value, function(text)
    -- A text that looks so already gets a dot.
    text = text:gsub("{baseUrl(%.*)}", "{baseUrl%1.}"):gsub(base, "{baseUrl}")
    return redacted(text, secret)
  end)
end

---@param value any
---@param baseUrl string
---@return any unpacked
function portable.unpack(value, baseUrl)
  local function original(dots) return dots == "" and baseUrl or ("{baseUrl%s}"):format(dots:sub(2)) end
  return mapped(value, function(text) return (text:gsub("{baseUrl(%.*)}", original)) end)
end

return portable
