---JSON with its names in order, so that equal values have equal texts, whoever writes them.

require("gemini.interpreted")()

local codec = require("gemini.lazy") "gemini.codec"
local kinds = require "gemini.kinds"

local canonical

-- Byte by byte, for `<` goes by the locale.
local function isBefore(one, other)
  for at = 1, math.min(#one, #other) do
    local a, b = one:byte(at), other:byte(at)
    if a ~= b then return a < b end
  end
  return #one < #other
end

local function sortedNames(fields)
  local names = {}
  for name in next, fields do names[#names + 1] = name end
  table.sort(names, isBefore)
  return names
end

local function each(value, keys, write)
  local out = {}
  for i, key in ipairs(keys) do out[i] = write(key, canonical(value[key])) end
  return table.concat(out, ",")
end

local function places(list)
  local out = {}
  for i in ipairs(list) do out[i] = i end
  return out
end

---@param value any  a tree, such as JSON gives
---@return string text
function canonical(value)
  if type(value) ~= "table" then return (assert(codec.encode(value))) end
  if kinds.of(value) == kinds.LIST then
    return "[" .. each(value, places(value), function(_, text) return text end) .. "]"
  end
  local function field(name, text) return codec.encode(name) .. ":" .. text end
  return "{" .. each(value, sortedNames(value), field) .. "}"
end

return canonical
