---JSON with its names in order, so that equal values have equal texts, whoever writes them.

require("gemini.interpreted")()

local codec = require("gemini.lazy") "gemini.codec"
local kinds = require "gemini.kinds"
local tables = require "gemini.tables"

local canonical

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
  return "{" .. each(value, tables.sortedKeys(value), field) .. "}"
end

return canonical
