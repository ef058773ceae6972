-- The emulator on the command line: lua5.4 -l gemini.emulator [-- --port N …]
local interpreter = require "gemini.emulator.interpreter"
local options = require "gemini.emulator.options"
local script = require "gemini.emulator.script"

local command = {}

local USAGE = [[
usage: lua5.4 -l gemini.emulator [-- OPTION…]
  --port N         port to listen on (default: any free one)
  --host NAME      name or address to listen on (default: 127.0.0.1)
  --reply FILE     Lua file that returns the reply function
  --delay SECONDS  pause between the chunks of a stream (default: 0.03)
  --work SECONDS   how long operations and batches take (default: 2)
  --state FILE     keep the state in this file (default: in memory alone)
  --key KEY        the only API key to accept (default: any)
]]

local NOTE = "The lua-gemini emulator is no model: its texts are canned or computed. Ctrl-C ends it."
local NUMBERS = { port = true, delay = true, work = true }
-- Options of the interpreters that take the next word.
local TAKES_WORD = { ["-l"] = true, ["-e"] = true, ["-j"] = true }

local function names(word, following, module)
  return word == "-l" .. module or (word == "-l" and following == module)
end

---Finds the emulator's own options in the words of a command line.
---@param words string[] the interpreter and all that follows
---@param module string
---@return string[]? own nil where the interpreter was not told to load the module with -l, or was given a script
function command.ownWords(words, module)
  local at, loaded = 2, false
  while words[at] and words[at] ~= "--" do
    if words[at]:sub(1, 1) ~= "-" or words[at] == "-" then return nil end
    loaded = loaded or names(words[at], words[at + 1], module)
    at = at + (TAKES_WORD[words[at]] and 2 or 1)
  end
  local own = {}
  for i = at + 1, #words do own[#own + 1] = words[i] end
  return loaded and own or nil
end

-- Returns the options, or nil and what is wrong with them.
local function parse(words)
  local given = {}
  for i = 1, #words, 2 do
    local name, value = words[i]:match("^%-%-(%l+)$"), words[i + 1]
    if not name then return nil, ("unknown option '%s'"):format(words[i]) end
    if value and NUMBERS[name] then value = tonumber(value) or value end
    given[name] = value or false
  end
  local problem = options.problem(given, options.command)
  return not problem and given or nil, problem
end

local function fail(status, ...)
  io.stderr:write(...)
  os.exit(status)
end

local function open(new, given)
  local settings, problem = script.resolve(given)
  if not settings then return nil, problem end
  return new(settings)
end

local function announceAndRun(server)
  io.stdout:write(server.url, "\n")
  io.stdout:flush()
  io.stderr:write(NOTE, "\n")
  server:run()
end

---Serves until the process is ended; does not return.
---@param new fun(options: table): table?, string? emulator.new
---@param words string[] the emulator's own options
function command.run(new, words)
  local given, problem = parse(words)
  if not given then fail(2, "gemini.emulator: ", problem, "\n", USAGE) end
  local server, err = open(new, given)
  if not server then fail(1, "gemini.emulator: ", err, "\n") end
  -- The interpreters turn Ctrl-C into this error.
  local _, raised = pcall(announceAndRun, server)
  if not tostring(raised):find("interrupted!", 1, true) then fail(1, tostring(raised), "\n") end
  os.exit(130)
end

-- A module that -l loads has no Lua function above its main chunk; `level` is that chunk's, seen from here.
local function loadedFromC(level)
  local info = debug.getinfo(level, "S")
  while info do
    if info.what ~= "C" then return false end
    level = level + 1
    info = debug.getinfo(level, "S")
  end
  return true
end

---Tells whether the running main chunk was loaded by the interpreter's -l; to be called from that chunk itself.
---@param module string the module's name
---@return string[]? own the emulator's own options; nil where it was loaded otherwise
function command.ofInterpreter(module)
  return loadedFromC(4) and module and command.ownWords(interpreter.words(), module) or nil
end

return command
