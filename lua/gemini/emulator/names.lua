-- The two spellings of a field's name.
local names = {}

---"display_name" → "displayName"
---@param name string
---@return string
function names.camelCase(name)
  return (name:gsub("(%w)_(%w)", function(before, after) return before .. after:upper() end))
end

---"displayName" → "display_name"
---@param name string
---@return string
function names.snakeCase(name)
  return (name:gsub("%u", function(letter) return "_" .. letter:lower() end))
end

return names
