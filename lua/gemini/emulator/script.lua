-- Loads the Lua file that holds a reply function.
local script = {}

---Runs a file, which must return the reply function.
---@param path string
---@return function? reply nil and a message where the file cannot be read, fails or returns something else
---@return string? problem
function script.load(path)
  local chunk, problem = loadfile(path)
  if not chunk then return nil, problem end
  local ok, value = pcall(chunk)
  if not ok then return nil, tostring(value) end
  if type(value) ~= "function" then return nil, path .. ": must return the reply function" end
  return value
end

---Options as emulator.new takes them, of options that name a file for `reply`.
---@param given table
---@return table? options nil and a message where the file is not right
---@return string? problem
function script.resolve(given)
  local resolved = {}
  for name, value in pairs(given) do resolved[name] = value end
  if given.reply then
    local reply, problem = script.load(given.reply)
    if not reply then return nil, problem end
    resolved.reply = reply
  end
  return resolved
end

return script
