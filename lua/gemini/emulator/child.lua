-- The emulator as a child process. The parent writes one line of Lua to the child's stdin and then keeps that pipe
-- open: when it closes, by stop() or with the parent's end, however that comes, the child leaves too. The child answers
-- on a FIFO with its process id and its URL, so that its stdout stays free for a reply function's print().
local http = require "socket.http"
local tables = require "gemini.tables"
local Faults = require "gemini.emulator.faults"
local interpreter = require "gemini.emulator.interpreter"
local json = require "gemini.emulator.json"
local options = require "gemini.emulator.options"
local script = require "gemini.emulator.script"

local child = {}

local BOOT = "assert((loadstring or load)(io.read('*l')))()"

-- Children that run; a child whose handle were collected would be stopped behind its user's back.
local running = {}

local function shellQuote(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

-- A Lua literal on one line.
local function literal(value)
  if type(value) == "number" then return ("%.17g"):format(value) end
  return (("%q"):format(value):gsub("\\\n", "\\n"))
end

local function literalTable(fields)
  local out = {}
  for name, value in pairs(fields) do out[#out + 1] = name .. "=" .. literal(value) end
  return "{" .. table.concat(out, ",") .. "}"
end

local function makeFifo()
  local path = os.tmpname()
  os.remove(path)
  local status = os.execute("mkfifo -m 600 " .. shellQuote(path))
  -- Lua 5.1 gives the exit status, later ones true.
  return (status == true or status == 0) and path or nil
end

local function bootLine(settings)
  local line = "package.path=%s package.cpath=%s require('gemini.emulator.child').main(%s)\n"
  return line:format(literal(package.path), literal(package.cpath), literalTable(settings))
end

local function start(lua, settings)
  local command = "exec 3>%s; echo $$ >&3; exec %s -e %s"
  local pipe, err = io.popen(command:format(shellQuote(settings.ready), shellQuote(lua), shellQuote(BOOT)), "w")
  if not pipe then return nil, err end
  local fifo, problem = io.open(settings.ready, "r")
  if not fifo then return nil, problem end
  pipe:write(bootLine(settings))
  pipe:flush()
  local pid, answer = fifo:read("*l"), fifo:read("*l")
  fifo:close()
  return pipe, pid, answer
end

local function newHandle(pipe, pid, url)
  local handle = { url = url, pid = tonumber(pid) }
  running[handle] = pipe
  function handle.stop()
    if not running[handle] then return end
    running[handle] = nil
    os.execute("kill " .. pid .. " 2>/dev/null")
    pipe:close()
  end
  local function tell(command, text, outcome)
    local answer, status = http.request(url .. command, text)
    if answer and status == 200 then return true end
    return nil, ("the emulator could not be %s: %s"):format(outcome, answer or status)
  end
  function handle.reset() return tell("/emulator:reset", "", "reset") end
  function handle.fail(faults)
    local problem = Faults.problem(faults)
    if problem then error("gemini.emulator: " .. problem, 2) end
    local text = json.encode { faults = json.array(tables.copy(faults)) }
    return tell("/emulator:fail", text, "told to fail")
  end
  return handle
end

---Starts an emulator in a process of its own and waits until it listens (POSIX systems).
---@param given table? `port`, `host`, `reply` (a Lua file that returns the reply function), `delay` in seconds, `key`,
---`work` in seconds, `state` (a file), `lua` (the interpreter; default: the one that runs, or its like). Raises where
---an option is wrong. The handle's `reset()` makes the child forget all that requests have created, its `fail(faults)`
---says how requests to come shall fail (gemini.emulator.Fault).
---@return { url: string, pid: number, stop: fun(), reset: fun(): boolean?, string?,
---fail: fun(faults: gemini.emulator.Fault[]): boolean?, string? }? handle nil and a message where the child does not
---start
---@return string? problem
function child.spawn(given)
  options.check(given, options.child, 2)
  local settings = { ready = makeFifo() }
  if not settings.ready then return nil, "mkfifo failed: a child process needs a POSIX system" end
  for name, value in pairs(given or {}) do settings[name] = value end
  local lua = settings.lua or interpreter.name()
  settings.lua = nil
  local pipe, pid, answer = start(lua, settings)
  os.remove(settings.ready)
  if not pipe then return nil, pid end
  if answer and answer:find("^http://") then return newHandle(pipe, pid, answer) end
  pipe:close()
  return nil, answer or ("%s ended before the emulator was ready"):format(lua)
end

local function open(given)
  local settings, problem = script.resolve(given)
  if not settings then return nil, problem end
  return require("gemini.emulator").new(settings)
end

---What the child runs: serves until its stdin ends. Not for use by hand.
---@param given table the options, and `ready`, the FIFO to report to
function child.main(given)
  local ready = assert(io.open(given.ready, "w"))
  given.ready = nil
  local server, problem = open(given)
  ready:write(server and server.url or problem:gsub("\n.*", ""), "\n")
  ready:close()
  if not server then os.exit(1) end
  -- select() takes anything that has a descriptor; 0 is stdin.
  server.stopWhenReadable = { getfd = function() return 0 end }
  server:run()
end

return child
