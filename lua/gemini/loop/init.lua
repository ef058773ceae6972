---Where all waiting goes through: calls block, or yield in tasks; a program drives tasks by run, step or a host's loop.

local deadline = require "gemini.deadline"
local driver = require "gemini.loop.driver"
local options = require "gemini.options"
local task = require "gemini.loop.task"
local tasks = require "gemini.loop.tasks"
local wait = require "gemini.loop.wait"

local loop = {
  live = driver.live,
  close = driver.close,
  tasks = tasks.count,
  hadTurn = tasks.hadTurn,
}

local WEAK = { __mode = "k" }

-- Ends a transfer with the task that has begun it.
local function hold(transfer)
  local self = tasks.innermost()
  if self and not task.hasEnded(self) then
    self.owned = self.owned or setmetatable({}, WEAK)
    self.owned[transfer] = true
  end
  return transfer
end

---Ends what stands for a transfer with the task that has begun it.
---@param transfer table
---@return table transfer  the same
loop.own = hold

---Starts an exchange. libcurl is loaded here, at the first one.
---@param request table  see luarequest.h
---@param headers? userdata  in the place of the request's own
---@param timeout? number  likewise
---@return userdata transfer
function loop.submit(request, headers, timeout)
  return hold(driver.submit(request, headers, timeout))
end

-- ---- For calls. ----

local function close(transfer, raised)
  driver.close(transfer)
  error(raised, 0)
end

-- Outside of tasks a call waits by driving all others.
local function block(transfer, tick)
  wait.drive(function()
    if tick then tick(transfer) end
    return transfer:ready()
  end)
end

-- What the tick raises is raised in the task, and not in whoever drives it.
local function yield(transfer, tick)
  repeat
    local cancelled = wait.transfer(transfer, tick and wait.SLICE)
    if cancelled then close(transfer, cancelled) end
    local ok, raised = true, nil
    if tick then ok, raised = pcall(tick, transfer) end
    if not ok then close(transfer, raised) end
  until transfer:ready()
end

---Waits until a transfer has something to take or has ended. What interrupts the wait ends the transfer and is raised.
---@param transfer userdata
---@param tick? fun(transfer: userdata)  called at least ten times a second while it waits
function loop.await(transfer, tick)
  if tasks.current() then return yield(transfer, tick) end
  if transfer:ready() then return end
  local ok, raised = pcall(block, transfer, tick)
  if not ok then close(transfer, raised) end
end

local function never() return false end
local function nobody() end

---Waits for a time, while others go on; once at least.
---@param seconds number
function loop.sleep(seconds)
  local cancelled
  if seconds > 0 then
    cancelled = wait.till(never, nobody, deadline.after(seconds))
  else
    cancelled = wait.pass()
  end
  if cancelled then error(cancelled, 0) end
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

-- ---- For programs. ----

---@param given any
---@param kind string  the type that is expected
---@param name string  of the function, or its argument
function loop.mustBe(given, kind, name)
  if type(given) ~= kind then error(("%s: expected a %s, got %s"):format(name, kind, type(given)), 3) end
end

local function haveEnded()
  return tasks.count() == 0
end

local function raise(failed)
  error(task.raised(failed), 0)
end

---Waits until the task has ended.
---@return any ...  what its function returned; nil and an error of kind "cancelled" where it was cancelled; raises what
---  it raised
function task.Task:await()
  task.must(self, "await")
  local own = tasks.current()
  if self == tasks.innermost() then error("task:await: a task can't wait for itself", 2) end
  local cancelled = wait.till(function() return task.hasEnded(self) end, task.watcher(self))
  if cancelled then error(cancelled, 0) end
  if own then own.cause = task.hasFailed(self) and self or nil end
  return task.results(self)
end

---Ends the task: what it waits for ends, and its error is raised there. Whoever waits for it gets this error.
---@param reason? any  a text is the error's message; `err.reason` is what was given
---@return boolean  false where it has ended already, or was cancelled before
function task.Task:cancel(reason)
  task.must(self, "cancel")
  return tasks.cancel(self, task.cancellation(reason))
end

---Begins a function as a task: calls in it yield, and other tasks go on while they wait. It runs until it first waits;
---then it goes on whenever the program waits: in gemini.run, in task:await, in any call, in gemini.step; where a host's
---loop is attached, by itself.
---@param fn function
---@param ... any  its arguments
---@return gemini.Task
function loop.spawn(fn, ...)
  loop.mustBe(fn, "function", "gemini.spawn")
  return tasks.spawn(fn, ...)
end

---Runs a function as a task, and drives all tasks until they have ended.
---@param fn function
---@param ... any  its arguments
---@return any ...  what the function returned; raises what it raised, or what another task raised meanwhile that nobody
---  has awaited; a text tells where that was
function loop.run(fn, ...)
  loop.mustBe(fn, "function", "gemini.run")
  if tasks.innermost() then error("gemini.run: it is running already: gemini.spawn begins another task", 2) end
  tasks.gather(true)
  local ok, main = pcall(tasks.spawn, fn, ...)
  local raised = main
  if ok then
    ok, raised = pcall(wait.drive, haveEnded)
  end
  if not ok then
    -- Where there is no memory for another error, they meet this one.
    local made, ending = pcall(task.cancellation, "interrupted")
    tasks.cancelAll(made and ending or raised)
  end
  local failed = ok and (task.hasFailed(main) and main or tasks.failure())
  tasks.gather(false)
  if not ok then error(raised, 0) end
  if failed then raise(failed) end
  return task.results(main)
end

-- Seconds for what has come, where a step is not to wait at all.
local BUDGET = 0.0005

-- A step's work, by a time that it must not pass.
local function progress(seconds, ends)
  tasks.pump(ends)
  if not driver.isOpen() and tasks.count() == 0 then return end
  local left = deadline.left(ends)
  if left <= 0 then return end
  driver.step(math.max(0, math.min(seconds, tasks.patience() or seconds)), left)
  tasks.pump(ends)
  driver.flush()
end

---Lets all tasks go on, once: for programs with a loop of their own, a game's frames.
---@param seconds? number  to wait at most where nothing is to be done; 0 when absent
---@param given? gemini.StepOptions
---@return boolean  whether tasks are left; raises what one raised that nobody waits for
function loop.step(seconds, given)
  seconds = seconds or 0
  if type(seconds) ~= "number" or seconds < 0 or seconds ~= seconds then
    error("gemini.step: expected a number of seconds, got " .. tostring(seconds), 2)
  end
  local problem = options.check(given, options.step)
  if problem then error("gemini.step: " .. problem, 2) end
  if tasks.innermost() then error("gemini.step: a task can't drive the others", 2) end
  if driver.isOpen() or tasks.count() > 0 then
    progress(seconds, deadline.after(given and given.budget or math.max(seconds, BUDGET)))
  end
  local failed = tasks.failure()
  if failed then raise(failed) end
  return tasks.count() > 0
end

---Makes a task of a coroutine that another scheduler runs: calls in it yield, to whoever has resumed it.
---@param co thread
---@param resume? fun(co: thread)  lets it go on when it need not wait any longer; coroutine.resume when absent
---@return gemini.Task  to be cancelled; raises where the coroutine is a task, or has ended
function loop.adopt(co, resume)
  loop.mustBe(co, "thread", "gemini.adopt")
  if resume ~= nil then loop.mustBe(resume, "function", "gemini.adopt: resume") end
  if coroutine.status(co) == "dead" then error("gemini.adopt: the coroutine has ended", 2) end
  return tasks.adopt(co, resume) or error("gemini.adopt: the coroutine is a task already", 2)
end

---Hands the sockets and the timer of all calls to an event loop.
---@param host gemini.Host
---@return gemini.HostEvents  raises where there is a host already
function loop.attach(host)
  loop.mustBe(host, "table", "gemini.loop.attach")
  for _, name in ipairs { "watch", "timer" } do
    loop.mustBe(host[name], "function", "gemini.loop.attach: " .. name)
  end
  if loop.isAttached() then error("gemini.loop.attach: another loop is attached: detach that one first", 2) end
  return driver.attach(host)
end

---@return boolean  whether an event loop is attached
function loop.isAttached()
  return driver.host() ~= nil
end

return loop
