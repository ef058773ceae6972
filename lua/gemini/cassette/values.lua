---Bytes as a cassette holds them: JSON as a value, other text as it is, the rest in base64.

local codec = require "gemini.codec"
local pretty = require "gemini.cassette.pretty"

-- Levels of nesting that the cassette has room for around which it has its own.
local DEEPEST = 900

local values = {}

-- Integers that this Lua can't hold would come back as others.
local function keepsNumbers(text)
  local bare = text:gsub("\\.", ""):gsub('"[^"]*"', '""')
  for digits in bare:gmatch("%-?%d[%d.eE+-]*") do
    local isLong = #digits > 15 and not digits:find("[.eE]")
    if isLong and codec.encode((codec.decode(digits))) ~= digits then return false end
  end
  return true
end

---@param text string
---@return table? value  nil where it is no object or array, or can't be held as one
function values.decoded(text)
  if not text:find("^%s*[{%[]") then return nil end
  local value = codec.decode(text, DEEPEST)
  return type(value) == "table" and keepsNumbers(text) and value or nil
end

---@param into table  a request or a response
---@param bytes string  "" for none
---@return table into  with a `text` or `base64`
function values.putBytes(into, bytes)
  if bytes == "" then return into end
  if codec.encode(bytes) then into.text = bytes else into.base64 = codec.base64Encode(bytes) end
  return into
end

---@param into table
---@param bytes string  which may come back as others that say the same
---@return table into  with a `body` where that can be
function values.put(into, bytes)
  into.body = values.decoded(bytes)
  return into.body and into or values.putBytes(into, bytes)
end

---@param from table
---@return string bytes
function values.take(from)
  if from.body ~= nil then return pretty(from.body) end
  return from.text or from.base64 and codec.base64Decode(from.base64) or ""
end

return values
