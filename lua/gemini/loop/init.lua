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

-- Moves bytes and lets tasks go on, until something is so.
local function drive(done, most)
  while not done() do
    if not tasks.pump() then theMulti():step(tasks.patience(most and most() or SLICE)) end
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
  drive(function() return deadline.left(ends) <= 0 end, function() return math.min(deadline.left(ends), SLICE) end)
end

-- Waits for a task, in another one or outside of all.
local function awaitTask(task)
  local function ended() return tasks.hasEnded(task) end
  if tasks.current() == task then error("task:await: a task can't wait for itself", 3) end
  if ended() then return end
  if tasks.current() then return tasks.wait(ended) end
  drive(ended)
end

---Waits until the task has ended.
---@return any ...  what its function returned; raises what it raised
function tasks.Task:await()
  awaitTask(self)
  return tasks.results(self)
end

---Begins a function as a task: calls in it yield, and other tasks go on while they wait. It runs until it first waits;
---then it goes on whenever the program waits: in gemini.run, in task:await, in any call.
---@param fn function
---@param ... any  its arguments
---@return gemini.Task
function loop.spawn(fn, ...)
  return tasks.spawn(fn, ...)
end

---Runs a function as a task, and drives all tasks until they have ended.
---@param fn function
---@param ... any  its arguments
---@return any ...  what the function returned; raises what it raised, or another task whose failure nobody has heard of
function loop.run(fn, ...)
  if tasks.current() then error("gemini.run: it is running already: gemini.spawn begins another task", 2) end
  local main = tasks.spawn(fn, ...)
  drive(function() return not tasks.any() end)
  return tasks.results(not tasks.hasFailed(main) and tasks.unheard() or main)
end

---@return integer count  of the transfers under way
function loop.live()
  return multi and multi:live() or 0
end

return loop
