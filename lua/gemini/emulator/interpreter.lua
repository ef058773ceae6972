-- What is known of the interpreter that runs: its command line.
local interpreter = {}

-- Lua 5.1 sets `arg` only after the modules of -l have run.
local function processWords()
  local file = io.open("/proc/self/cmdline", "rb")
  if not file then return {} end
  local words = {}
  for word in file:read("*a"):gmatch("([^%z]*)%z") do words[#words + 1] = word end
  file:close()
  return words
end

---The words of the command line, the interpreter's name first; empty where they cannot be known.
---@return string[]
function interpreter.words()
  local arg = rawget(_G, "arg")
  if type(arg) ~= "table" then return processWords() end
  local lowest, words = 0, {}
  while arg[lowest - 1] do lowest = lowest - 1 end
  for i = lowest, #arg do words[#words + 1] = arg[i] end
  return words
end

-- The interpreter that loads the C modules that this process can load.
local function likely()
  return rawget(_G, "jit") and "luajit" or "lua" .. _VERSION:match("%S+$")
end

---The name of the running interpreter, or its like where a program that is none hosts this code.
---@return string
function interpreter.name()
  local first = interpreter.words()[1] or ""
  return first:match("[^/\\]*$"):find("^lua[jit%d.-]*$") and first or likely()
end

return interpreter
