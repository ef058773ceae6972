-- What is typed, Ctrl-C included, and what is shown.
local socket = require "socket"

local terminal = {}

local INTERRUPT, INTERRUPTED = "\3", "interrupted!"

-- How many instructions of Lua lie between two looks at the keys: few, for a call that waits takes few.
local INSTRUCTIONS = 50

local CYAN, RED, FAINT, PLAIN = "\27[36m", "\27[31m", "\27[2m", "\27[0m"
local ERASE = "\r\27[K"

-- Lua 5.1 gives the exit status, later ones true.
local function isTerminal(descriptor)
  local tested = os.execute(("test -t %d"):format(descriptor))
  return tested == true or tested == 0
end

local typing, showing, telling = isTerminal(0), isTerminal(1), isTerminal(2)
local coloured = (os.getenv "NO_COLOR" or "") == "" and os.getenv "TERM" ~= "dumb"

-- Whether there is a person to be prompted and told things.
terminal.interactive = typing and showing

-- What begins a sequence in one character, as it is written in two.
local LONG = { ["\155"] = "\27[", ["\157"] = "\27]" }

-- Text that can't drive a terminal: without escape sequences, and without the control characters that are left.
local function clean(text)
  text = text:gsub("\194([\128-\159])", function(byte) return LONG[byte] or "" end)
  text = text:gsub("\27%[[0-?]*[ -/]*[@-~]", ""):gsub("\27[%]PX^_][^\7\27\n]*", ""):gsub("\27\\", "")
  return (text:gsub("[%z\1-\8\11-\31\127]", ""))
end

local function paint(colour, text, onTerminal)
  return onTerminal and coloured and colour .. text .. PLAIN or text
end

-- Whether the cursor stands where a line begins.
local atStart = true

---Shows text, at once; on a terminal what could drive it is left out.
function terminal.write(text)
  if showing then text = clean(text) end
  if text == "" then return end
  io.write(text)
  io.flush()
  atStart = text:sub(-1) == "\n"
end

---Ends the line that is begun, if one is.
function terminal.endLine()
  if not atStart then terminal.write "\n" end
end

-- One line beside what is asked for, which has stdout for itself.
local function aside(colour, text)
  terminal.endLine()
  if telling then text = clean(text) end
  io.stderr:write(paint(colour, text, telling), "\n")
end

---Tells something.
function terminal.tell(text)
  aside(FAINT, text)
end

---Tells something that nobody has to know where nobody looks.
function terminal.note(text)
  if terminal.interactive then aside(FAINT, text) end
end

---Says in one line what went wrong.
function terminal.fail(problem)
  -- What is raised for a programmer says where; this is for a person.
  local text = tostring(problem):gsub("^[^:\n]+:%d+: ", ""):gsub("%s*\n%s*", " ")
  aside(RED, text)
end

---What to call with news of something that takes its time, on a line of their own; nil where nobody looks.
terminal.progress = terminal.interactive and telling and function(text)
  io.stderr:write(ERASE, clean(text))
end or nil

---Takes the last news away.
function terminal.endProgress()
  if terminal.progress then io.stderr:write(ERASE) end
end

-- How the terminal was set before; nothing where its settings are left alone.
local settings

---Makes Ctrl-C a key like others, which ends a line as Enter does: no signal, which would reach the emulator too, and
---which Lua takes once, or not at all.
function terminal.open()
  if not typing then return end
  local pipe = io.popen "stty -g"
  settings = pipe:read "*l"
  pipe:close()
  if not settings then return end
  os.execute "stty intr undef eol ^C"
  io.stdin:setvbuf "no"
  -- Hooks are not looked at in compiled code.
  if rawget(_G, "jit") then rawget(_G, "jit").off() end
end

---Leaves the terminal as it was.
function terminal.close()
  if settings then os.execute("stty " .. settings) end
end

-- What was typed and not yet taken; whether there is no more to come.
local typed, ended = "", false

-- Waits for a key, and takes it; false for the one that interrupts, which takes the others with it.
local function key()
  local byte = io.read(1)
  ended = byte == nil
  -- What interrupts is shown as ^C where the cursor stands.
  atStart = atStart and byte ~= INTERRUPT
  typed = byte == INTERRUPT and "" or typed .. (byte or "")
  return byte ~= INTERRUPT
end

local function typedLine()
  while true do
    local line, rest = typed:match "^([^\n]*)\n(.*)$"
    if line then
      typed = rest
      return line
    end
    if ended then
      line, typed = typed, ""
      return line ~= "" and line or nil
    end
    if not key() then return nil, true end
  end
end

---The next line.
---@param prompt string  shown to a person
---@return string? line  nil at the end
---@return boolean? left  whether Ctrl-C ended it
function terminal.line(prompt)
  terminal.endLine()
  if terminal.interactive then
    io.write(paint(CYAN, prompt, true))
    io.flush()
  end
  local read = settings and typedLine or io.read
  local line, left = read()
  if not line and terminal.interactive then
    io.write "\n"
    atStart = true
  end
  return line and line:gsub("\r$", "") or nil, left
end

local STDIN = { getfd = function() return 0 end }

-- Whether Ctrl-C has been typed; what else has, is kept.
local function interrupted()
  while not ended and socket.select({ STDIN }, nil, 0)[1] do
    if not key() then return true end
  end
  return false
end

---Whether something raised is what the interpreter makes of a SIGINT, or what we make of Ctrl-C.
function terminal.isInterrupt(raised)
  return type(raised) == "string" and raised:find(INTERRUPTED .. "$") ~= nil
end

---Calls a function that Ctrl-C stops, as the interpreter's own hook does it where a signal comes.
---@return any result  the function's; nil where it raises an error
---@return any problem  its second result, or what was raised; "stopped", where a person goes on
function terminal.interruptible(fn, ...)
  local stopped = false
  local function look()
    if stopped or not interrupted() then return end
    stopped = true
    error(INTERRUPTED, 0)
  end
  if settings then debug.sethook(look, "", INSTRUCTIONS) end
  local ok, result, problem = pcall(fn, ...)
  debug.sethook()
  local signalled = not ok and terminal.isInterrupt(result)
  if signalled and not terminal.interactive then error(result, 0) end
  if stopped or signalled then return nil, "stopped" end
  if not ok then return nil, result end
  return result, problem
end

return terminal
