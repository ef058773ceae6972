---Drives the transfers of this Lua state: one multi handle, so that all clients share its connections.

local deadline = require "gemini.deadline"
local tasks = require "gemini.loop.tasks"

local loop = {}

-- Short enough that Ctrl-C, which Lua sees between two instructions, works while a call waits.
local SLICE = 0.1

local multi

local function theMulti()
  multi = multi or require("gemini.transport").multi()
  return multi
end

---Starts an exchange. libcurl is loaded here, at the first one.
---@param request table  see luarequest.h
---@return userdata transfer
function loop.submit(request)
  return theMulti():submit(request)
end

---@return integer count  of the transfers under way
function loop.live()
  return multi and multi:live() or 0
end

-- Lets tasks go on and moves bytes, for so many seconds at most; false where there was nothing to wait for.
local function turn(seconds)
  local moved, live = tasks.pump(), loop.live() > 0
  local patience, timed = tasks.patience(seconds)
  theMulti():step(moved and 0 or patience)
  return moved or timed or live
end

local function drive(done)
  while not done() do
    if not turn(SLICE) and not done() then
      tasks.forget()
      error("nothing is left that could end this wait: tasks wait for each other", 0)
    end
  end
end

local function close(transfer, raised)
  transfer:close()
  error(raised, 0)
end

-- Outside of tasks a call waits by driving all others.
local function block(transfer, tick)
  drive(function()
    if tick then tick(transfer) end
    return transfer:ready()
  end)
end

-- What the tick raises is raised in the task, and not in whoever drives it.
local function yield(transfer, tick)
  repeat
    tasks.wait(function() return transfer:ready() end, tick and SLICE)
    local ok, raised = true, nil
    if tick then ok, raised = pcall(tick, transfer) end
    if not ok then close(transfer, raised) end
  until transfer:ready()
end

---Waits until a transfer has something to take or has ended. What interrupts the wait ends the transfer and is raised.
---@param transfer userdata
---@param tick? fun(transfer: userdata)  called at least ten times a second while it waits
function loop.await(transfer, tick)
  if transfer:ready() then return end
  if tasks.current() then return yield(transfer, tick) end
  local ok, raised = pcall(block, transfer, tick)
  if not ok then close(transfer, raised) end
end

local function never() return false end

---Waits for a time, while other transfers go on.
---@param seconds number
function loop.sleep(seconds)
  if seconds <= 0 then return end
  if tasks.current() then return tasks.wait(never, seconds) end
  local ends = deadline.after(seconds)
  repeat
    local left = deadline.left(ends)
    if left > 0 then turn(math.min(left, SLICE)) end
  until left <= 0
end

-- PUC Lua 5.1 can't yield through a pcall.
local yieldsThroughPcall = _VERSION ~= "Lua 5.1" or rawget(_G, "jit") ~= nil

---Like pcall; but where a task could not wait through that, what is raised is not caught.
---@param fn function
---@param ... any
---@return boolean ok
---@return any ...
function loop.try(fn, ...)
  if yieldsThroughPcall or not tasks.current() then return pcall(fn, ...) end
  return true, fn(...)
end

local function mustBeFunction(fn, name)
  if type(fn) ~= "function" then error(("%s: expected a function, got %s"):format(name, type(fn)), 3) end
end

---Waits until the task has ended.
---@return any ...  what its function returned; raises what it raised
function tasks.Task:await()
  if getmetatable(self) ~= tasks.Task then error("task:await: call it with a colon", 2) end
  if tasks.isRunning(self) then error("task:await: a task can't wait for itself", 2) end
  local function ended() return tasks.hasEnded(self) end
  if tasks.current() and not ended() then tasks.wait(ended) end
  drive(ended)
  return tasks.results(self)
end

---Begins a function as a task: calls in it yield, and other tasks go on while they wait. It runs until it first waits;
---then it goes on whenever the program waits: in gemini.run, in task:await, in any call.
---@param fn function
---@param ... any  its arguments
---@return gemini.Task
function loop.spawn(fn, ...)
  mustBeFunction(fn, "gemini.spawn")
  return tasks.spawn(fn, ...)
end

---Runs a function as a task, and drives all tasks until they have ended.
---@param fn function
---@param ... any  its arguments
---@return any ...  what the function returned; raises what it raised, or what another task raised meanwhile that nobody
---  has awaited
function loop.run(fn, ...)
  mustBeFunction(fn, "gemini.run")
  if tasks.within() then error("gemini.run: it is running already: gemini.spawn begins another task", 2) end
  tasks.listen()
  local main = tasks.spawn(fn, ...)
  local ok, raised = pcall(drive, function() return not tasks.any() end)
  if not ok then
    tasks.forget()
    error(raised, 0)
  end
  local other = tasks.unheard()
  return tasks.results(not tasks.hasFailed(main) and other or main)
end

return loop
