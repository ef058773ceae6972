-- JSON through lua-cjson, which cannot tell `[]` from `{}` and writes 14 digits. What matters of that on this wire is
-- marked on the way in and on the way out; fractions keep their 14 digits.
require("gemini.interpreted")()

local cjson = require "cjson"

-- As deep as the API reads; what is stored, a few levels deeper, can then always be written and read again.
local DEEPEST_REQUEST = 100

local function newCodec(deepest)
  local codec = cjson.new()
  codec.decode_invalid_numbers(false)
  -- A reply function may compute what is no number.
  codec.encode_invalid_numbers("null")
  if deepest then codec.decode_max_depth(deepest) end
  return codec
end

local own, requests = newCodec(), newCodec(DEEPEST_REQUEST)

-- This byte is in no text of UTF-8, and no escape of JSON stands for it.
local MARK = "\255"
local EMPTY_ARRAY = MARK .. "[]"
local REPLACEMENT = "\239\191\189" -- U+FFFD
-- From the first to the last of them, cjson would round an integer; beyond, a double has no 22 digits to show.
local ROUNDED, BEYOND = 1e14, 1e21

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
        out[#out + 1] = text:sub(from, at) .. '"' .. EMPTY_ARRAY .. '"'
        last, from = close, close
      end
    end
    at = text:find('["%[]', last + 1)
  end
  out[#out + 1] = text:sub(from)
  return table.concat(out)
end

-- Takes the marks out, and raises for 1e999, which is read as a number but could not be written again.
local function settle(value)
  if value == math.huge or value == -math.huge then error("A number is out of range.", 0) end
  if type(value) ~= "table" then return value end
  if value[1] == EMPTY_ARRAY then return json.array {} end
  for key, item in pairs(value) do value[key] = settle(item) end
  return value
end

local function decode(codec, text)
  if text:find(MARK, 1, true) then return nil, "The text is not UTF-8." end
  local marked = text:find("%[%s*%]") and markEmptyArrays(text) or text
  local ok, value = pcall(codec.decode, marked)
  if ok then ok, value = pcall(settle, value) end
  if not ok then return nil, value end
  return value
end

---Decodes the JSON text of a request; `null` becomes `json.null`.
---@param text string
---@return any value nil when the text is not JSON
---@return string? problem
function json.decode(text) return decode(requests, text) end

---Decodes what `encode` has written.
---@param text string
---@return any value nil when the text is not JSON
---@return string? problem
function json.decodeOwn(text) return decode(own, text) end

local function clean(text)
  if type(text) ~= "string" or not text:find(MARK, 1, true) then return text end
  return (text:gsub(MARK, REPLACEMENT))
end

local function mark(value)
  if type(value) == "number" and value % 1 == 0 and value ~= 0 then
    local size = math.abs(value)
    return size >= ROUNDED and size < BEYOND and MARK .. ("%.0f"):format(value) or value
  end
  if type(value) ~= "table" then return clean(value) end
  if next(value) == nil then return getmetatable(value) == arrayMeta and EMPTY_ARRAY or value end
  local copy = {}
  for key, item in pairs(value) do copy[clean(key)] = mark(item) end
  return copy
end

---Encodes a value; raises where JSON cannot hold it.
---@param value any
---@return string
function json.encode(value)
  local text = own.encode(mark(value))
  return (text:gsub('"' .. MARK .. '([^"]*)"', "%1"))
end

return json
