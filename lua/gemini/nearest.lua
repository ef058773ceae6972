---Finds the name that was probably meant.

require("gemini.interpreted")()

-- The edit distance of two short names, upper and lower case alike.
local function distance(a, b)
  a, b = a:lower(), b:lower()
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local diagonal = row[0]
    row[0] = i
    for j = 1, #b do
      local replaced = diagonal + (a:byte(i) == b:byte(j) and 0 or 1)
      diagonal = row[j]
      row[j] = math.min(replaced, row[j] + 1, row[j - 1] + 1)
    end
  end
  return row[#b]
end

---@param name string
---@param known table<string, any>  the names are its keys
---@return string hint  `", did you mean 'x'?"`, or "" when no name is near
return function(name, known)
  local best, least = nil, math.max(2, math.floor(#name / 3)) + 1
  for candidate in pairs(known) do
    local d = distance(name, candidate)
    if d < least or d == least and best and candidate < best then
      best, least = candidate, d
    end
  end
  return best and (", did you mean '%s'?"):format(best) or ""
end
