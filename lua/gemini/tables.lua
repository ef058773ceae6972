local function allTables(list)
  for _, item in ipairs(list) do
    if type(item) ~= "table" then return false end
  end
  return true
end

---Makes sure of what came over the wire.
---@param value any  what should be a list of objects
---@return table[] list  its items that are tables; empty if it is no list
return function(value)
  if type(value) ~= "table" then return {} end
  if allTables(value) then return value end
  local out = {}
  for _, item in ipairs(value) do
    if type(item) == "table" then out[#out + 1] = item end
  end
  return out
end
