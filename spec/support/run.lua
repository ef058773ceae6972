---Runs Lua code in a process of its own, by the interpreter and with the paths of this one.

local interpreter = require "gemini.emulator.interpreter"

local run = {}

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

---@param code string
---@param before? string  a command that runs the interpreter, "timeout 5"
---@param environment? table<string, string>
---@return string output  stdout and stderr
---@return integer status  of the process's exit
function run.lua(code, before, environment)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(code)
  file:close()
  local words = { "env", quote("LUA_PATH=" .. package.path), quote("LUA_CPATH=" .. package.cpath) }
  for name, value in pairs(environment or {}) do words[#words + 1] = quote(name .. "=" .. value) end
  words[#words + 1] = before
  words[#words + 1] = quote(interpreter.name())
  words[#words + 1] = path
  local pipe = assert(io.popen(table.concat(words, " ") .. " 2>&1; echo $?"))
  local all = pipe:read("*a")
  pipe:close()
  os.remove(path)
  local output, status = all:match("^(.-)(%d+)\n$")
  return output, tonumber(status)
end

return run
