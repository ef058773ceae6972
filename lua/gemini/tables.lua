---Tables as they are: read raw, whatever their metatables say.

require("gemini.interpreted")()

local tables = {}

---@param from table
---@return table copy  its fields, one level deep
function tables.copy(from)
  local out = {}
  for name, value in next, from do out[name] = value end
  return out
end

---@param value any  a tree, such as JSON gives
---@return any copy  a tree that shares no table with it
function tables.deepCopy(value)
  if type(value) ~= "table" then return value end
  local out = {}
  for name, inner in next, value do out[name] = tables.deepCopy(inner) end
  -- A locked one says what it likes.
  local metatable = getmetatable(value)
  return type(metatable) == "table" and setmetatable(out, metatable) or out
end

---@param from table<string, any>
---@return string[] keys  in order
function tables.sortedKeys(from)
  local keys = {}
  for key in next, from do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

local function allTables(list)
  for _, item in ipairs(list) do
    if type(item) ~= "table" then return false end
  end
  return true
end

---Makes sure of what came over the wire.
---@param value any  what should be a list of objects
---@return table[] list  its items that are tables; empty if it is no list
function tables.objects(value)
  if type(value) ~= "table" then return {} end
  if allTables(value) then return value end
  local out = {}
  for _, item in ipairs(value) do
    if type(item) == "table" then out[#out + 1] = item end
  end
  return out
end

return tables
