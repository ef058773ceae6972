---@param problem any  what was raised, or came as an error
---@return string line  for people: without the place in the code
return function(problem)
  local text = tostring(problem)
  if type(problem) == "string" then text = text:gsub("^[^\n]-%.lua:%d+: ", "") end
  return (text:gsub("%s*\n%s*", " "))
end
