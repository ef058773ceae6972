-- JSON through lua-cjson, which cannot tell `[]` from `{}`. The difference matters on this wire, so an empty array
-- is marked on the way in and on the way out.
require("gemini.interpreted")()

local cjson = require "cjson"

local codec = cjson.new()
codec.decode_invalid_numbers(false)
-- A request may hold 1e999, which no number is; it must not break the answer that repeats it.
codec.encode_invalid_numbers("null")

local EMPTY_ARRAY = "\0[]"
local ENCODED_EMPTY_ARRAY = codec.encode(EMPTY_ARRAY)
local arrayMeta = { __name = "gemini.emulator.array" }

local json = { null = cjson.null }

---Marks a table as an array, so that it is encoded as `[]` and not as `{}` when it is empty.
---@param list table? changed in place
---@return table list
function json.array(list) return setmetatable(list or {}, arrayMeta) end

---Whether a decoded value is a JSON array.
---@param value any
---@return boolean
function json.isArray(value)
  return type(value) == "table" and (getmetatable(value) == arrayMeta or value[1] ~= nil)
end

---Whether a decoded value is a JSON object.
---@param value any
---@return boolean
function json.isObject(value) return type(value) == "table" and not json.isArray(value) end

-- Returns the place of the quote that closes the string opened at `at`.
local function stringEnd(text, at)
  repeat
    at = text:find('["\\]', at + 1)
    if not at then return #text end
    local closes = text:byte(at) == 34
    if not closes then at = at + 1 end
  until closes
  return at
end

-- Puts the mark into every `[]` that is not inside a string.
local function markEmptyArrays(text)
  local out, from, at = {}, 1, text:find('["%[]')
  while at do
    local last = at
    if text:byte(at) == 34 then
      last = stringEnd(text, at)
    else
      local _, close = text:find("^%[%s*%]", at)
      if close then
        out[#out + 1] = text:sub(from, at) .. ENCODED_EMPTY_ARRAY
        last, from = close, close
      end
    end
    at = text:find('["%[]', last + 1)
  end
  out[#out + 1] = text:sub(from)
  return table.concat(out)
end

local function unmark(value)
  if type(value) ~= "table" then return value end
  if value[1] == EMPTY_ARRAY then return json.array {} end
  for key, item in pairs(value) do value[key] = unmark(item) end
  return value
end

local function mark(value)
  if type(value) ~= "table" then return value end
  if next(value) == nil then return getmetatable(value) == arrayMeta and EMPTY_ARRAY or value end
  local copy = {}
  for key, item in pairs(value) do copy[key] = mark(item) end
  return copy
end

---Decodes JSON text; `null` becomes `json.null`.
---@param text string
---@return any value nil when the text is not JSON
---@return string? problem
function json.decode(text)
  local marked = text:find("%[%s*%]") and markEmptyArrays(text)
  local ok, value = pcall(codec.decode, marked or text)
  if not ok then return nil, value end
  if marked then value = unmark(value) end
  return value
end

---Encodes a value; raises where JSON cannot hold it.
---@param value any
---@return string
function json.encode(value)
  local text = codec.encode(mark(value))
  return (text:gsub(ENCODED_EMPTY_ARRAY:gsub("%p", "%%%0"), "[]"))
end

return json
