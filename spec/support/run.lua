---Runs commands, and Lua code in a process of its own, by the interpreter and with the paths of this one.

local interpreter = require "gemini.emulator.interpreter"

local run = {}

---@param text string
---@return string word  of a shell's
function run.quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local quote = run.quote

---@param environment? table<string, string>
---@return string words  for the command env, in no order
function run.assignments(environment)
  local words = {}
  for name, value in pairs(environment or {}) do words[#words + 1] = quote(name .. "=" .. value) end
  return table.concat(words, " ")
end

---@param command string
---@return string output  stdout and stderr
---@return integer status
function run.shell(command)
  local pipe = assert(io.popen(("{ %s\n} 2>&1; printf '\\n%%d' $?"):format(command)))
  local all = pipe:read "*a"
  pipe:close()
  local output, status = all:match "^(.*)\n(%d+)$"
  return output, tonumber(status)
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
  words[#words + 1] = run.assignments(environment)
  words[#words + 1] = before
  words[#words + 1] = quote(interpreter.name())
  words[#words + 1] = path
  local output, status = run.shell(table.concat(words, " "))
  os.remove(path)
  return output, status
end

return run
