-- JSON as the wire has it: 64-bit integers, doubles to the last digit, `[]` apart from `{}`.
local codec = require "gemini.codec"

---@class gemini.json
---@field null lightuserdata JSON's null, the same value as `cjson.null`
local json = { null = codec.null }

---Writes a value as JSON. A table is an array when marked by `array` or when its keys are exactly 1..n,
---else an object; an empty table is `{}` unless marked. Tables are read raw, and never changed.
---Raises, naming the path, for what JSON can't hold: functions, NaN, cycles, sparse arrays, text that is
---not UTF-8.
---@param value any
---@return string text
function json.encode(value)
  local text, message = codec.encode(value)
  if not text then error("gemini.json.encode: " .. message, 2) end
  return text
end

---Reads a JSON text. Arrays come back marked, so that `[]` is written as `[]` again; null becomes `json.null`.
---Returns nil and a message that ends in "at byte N" when the text is not JSON, holds a number beyond a
---double, or is nested more than 1,000 deep. Raises when it is no string.
---@param text string
---@return any value nil on failure only
---@return string? message
function json.decode(text)
  return codec.decode(text)
end

---Marks a table as a JSON array by its metatable, and returns it; raises for anything but a table.
---@generic T
---@param list? T[] a new table when absent
---@return T[] list
function json.array(list)
  if list == nil then list = {} end
  if type(list) ~= "table" then
    error("gemini.json.array: expected a table, got " .. type(list), 2)
  end
  return setmetatable(list, codec.arrayMt)
end

return json
