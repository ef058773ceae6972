---JSON for people: sorted names, a line a field, so that a change of one value is a change of one line.

require("gemini.interpreted")()

local codec = require "gemini.codec"
local tables = require "gemini.tables"

local STEP = "  "

local typeOf = rawget(math, "type")

-- What was 1.0 is 1.0 again, where Lua tells that from 1.
local function number(value)
  local text = codec.encode(value)
  if typeOf and typeOf(value) == "float" and not text:find("[.eE]") then text = text .. ".0" end
  return text
end

local function isArray(value)
  return value[1] ~= nil or getmetatable(value) == codec.arrayMt
end

local function isRow(list)
  for _, item in ipairs(list) do
    if type(item) ~= "number" then return false end
  end
  return true
end

local write

local function array(list, indent)
  local out, inner = {}, indent .. STEP
  for i, item in ipairs(list) do out[i] = write(item, inner) end
  if #out == 0 then return "[]" end
  -- Vectors are long.
  if isRow(list) then return "[" .. table.concat(out, ", ") .. "]" end
  return "[" .. inner .. table.concat(out, "," .. inner) .. indent .. "]"
end

local function object(fields, indent)
  local out, inner = {}, indent .. STEP
  for i, name in ipairs(tables.sortedKeys(fields)) do
    out[i] = codec.encode(name) .. ": " .. write(fields[name], inner)
  end
  if #out == 0 then return "{}" end
  return "{" .. inner .. table.concat(out, "," .. inner) .. indent .. "}"
end

function write(value, indent)
  if type(value) == "number" then return number(value) end
  if type(value) ~= "table" then return (codec.encode(value)) end
  return (isArray(value) and array or object)(value, indent)
end

---@param value any  such as the codec gives
---@param depth? integer  steps of indentation that all lines but the first have; 0 when absent
---@return string text
return function(value, depth)
  return write(value, "\n" .. STEP:rep(depth or 0))
end
