---Waits: in a task by letting others go on, elsewhere by driving all of them.

local deadline = require "gemini.deadline"
local driver = require "gemini.loop.driver"
local task = require "gemini.loop.task"
local tasks = require "gemini.loop.tasks"

local wait = {}

-- Seconds; short enough that Ctrl-C, which Lua sees between two instructions, works while a call waits.
local SLICE = 0.1
wait.SLICE = SLICE

-- Lets tasks go on and moves bytes, for so many seconds at most; false where there was nothing to wait for.
local function turn(seconds)
  local moved, live = tasks.pump(), driver.live() > 0
  local patience = tasks.patience()
  driver.step(moved and 0 or math.min(seconds, patience or seconds))
  return moved or patience ~= nil or live
end

local function run(done, seconds)
  local host = driver.host()
  if host and host.runUntil and host.runUntil(done, seconds) ~= false then return true end
  return turn(seconds) or host ~= nil
end

-- The task of a coroutine that is none itself may have been cancelled meanwhile.
local function heed()
  local self = tasks.innermost()
  if self and self.cancelled and not task.hasEnded(self) then error(self.cancelled, 0) end
end

---Drives everything until something is so, or a time has come. Not to be called in a task.
---@param done fun(): boolean
---@param ends? number
function wait.drive(done, ends)
  while not done() do
    heed()
    local left = ends and deadline.left(ends) or SLICE
    if left <= 0 then return end
    if not run(done, math.min(left, SLICE)) and not ends and not done() then
      tasks.cancelAll(task.cancellation "nothing was left to wait for")
      error("nothing is left that could end this wait: tasks wait for each other", 0)
    end
  end
end

---Lets others go on, once.
---@return gemini.Error? cancelled  to be raised
function wait.pass()
  if tasks.current() then return tasks.pass() end
  heed()
  run(function() return false end, 0)
end

-- What wakes a task: one function, however often it waits.
local function waker(self)
  self.waker = self.waker or function() tasks.wake(self) end
  return self.waker
end

local function nobody() end

-- Drives everything, and is seen to wait.
local function block(done, watch, ends)
  watch(nobody)
  local ok, raised = pcall(wait.drive, done, ends)
  watch(nil)
  if not ok then error(raised, 0) end
end

---Waits until something is so.
---@param done fun(): boolean
---@param watch fun(changed: fun()?)  is given what to call when it may be so; nil when nobody waits any more
---@param ends? number  when to wait no longer
---@return gemini.Error? cancelled  to be raised
function wait.till(done, watch, ends)
  local self, cancelled = tasks.current(), nil
  if not self then return block(done, watch, ends) end
  while not (cancelled or done()) do
    local left = deadline.left(ends)
    if left and left <= 0 then return end
    -- Nothing behind `watch` takes memory: none is left watching for what has not come to wait.
    local timer = tasks.timer(left)
    watch(waker(self))
    cancelled = tasks.park(timer)
    watch(nil)
  end
  return cancelled
end

---Waits until a transfer has something to take or has ended; in a task.
---@param transfer userdata
---@param seconds? number  at most
---@return gemini.Error? cancelled  to be raised
function wait.transfer(transfer, seconds)
  if transfer:ready() then return tasks.hadTurn() and tasks.pass() or nil end
  local wake, timer = waker(tasks.current()), tasks.timer(seconds)
  driver.expect(transfer, wake)
  local cancelled = tasks.park(timer)
  driver.forget(transfer, wake)
  return cancelled
end

return wait
