---Files for the length of a spec.

local temporary = {}

local made = {}

---@param bytes? string  what it holds; without, there is no such file yet
---@param ending? string  of its name, ".txt"
---@return string path
function temporary.file(bytes, ending)
  local base = os.tmpname()
  local path = base .. (ending or "")
  made[#made + 1], made[#made + 2] = base, path
  if not bytes then os.remove(path) end
  if not bytes then return path end
  local file = assert(io.open(path, "wb"))
  file:write(bytes)
  file:close()
  return path
end

---Takes all of them away. For after_each.
function temporary.clean()
  for _, path in ipairs(made) do os.remove(path) end
  made = {}
end

return temporary
