---What a task is: how it has ended, who wants to know, and what they get.

local errors = require "gemini.errors"

local unpack = table.unpack or unpack -- luacheck: ignore 113 143

---@class gemini.Task  a function that runs beside others
---@field co thread
---@field foreign fun(co: thread)?  of an adopted coroutine: lets it go on
---@field start table?  the function's arguments, of one that has not begun
---@field parent gemini.Task?  the one that began it
---@field number integer  in the order of their beginning
---@field parked boolean  it waits for a `wake`
---@field queued boolean  it goes on at the next occasion
---@field gone boolean  it went on when it was last let
---@field live boolean  it is among those that have not ended
---@field owned table<userdata, true>?  transfers that it has begun
---@field waker fun()?  lets it go on
---@field watchers table<fun(), true>?  called when it has ended
---@field failures gemini.Chain?  tasks that it has begun, that have failed, and that nobody waited for
---@field cancelled gemini.Error|false  raised in it wherever it waits
---@field ok boolean  whether it has ended well
---@field values table|false  what the function returned, or the error; false until it has ended
---@field trace string|false  where it failed
---@field cause gemini.Task?  the one whose error was last raised in it
---@field heard boolean  somebody has got its results
local Task = { __name = "gemini.task" }
Task.__index = Task

local LABEL = { method = "task", attempts = 0 }

local task = { Task = Task }

function Task:__tostring()
  local how = not self.values and "running" or self.ok and "ended" or self.cancelled and "cancelled" or "failed"
  return "gemini.task: " .. how
end

---A task that has not begun. What changes when memory may be out has its place from the beginning.
---@param co thread
---@param number integer
---@param parent? gemini.Task
---@return gemini.Task
function task.new(co, number, parent)
  return setmetatable({
    co = co, number = number, parent = parent, parked = false, queued = false, gone = false, live = false,
    heard = false,
    cancelled = false, ok = false, values = false, trace = false,
    nextLive = false, lastLive = false, nextQueued = false, lastQueued = false, nextFailed = false, lastFailed = false,
  }, Task)
end

---@param self any
---@param name string  of the method that is called
function task.must(self, name)
  if getmetatable(self) ~= Task then error(("task:%s: call it with a colon"):format(name), 3) end
end

---The error that a cancelled task meets.
---@param reason any
---@return gemini.Error
function task.cancellation(reason)
  local text = type(reason) == "string" and reason or "the task was cancelled"
  return errors.new("cancelled", text, LABEL, { reason = reason })
end

---The error of what took too long.
---@param seconds number
---@return gemini.Error
function task.overdue(seconds)
  return errors.new("timeout", ("not done within %g s"):format(seconds), LABEL)
end

---@param self gemini.Task
---@return boolean
function task.hasEnded(self)
  return self.values ~= false
end

---@param self gemini.Task
---@return boolean  whether it has ended in an error that is not its cancellation
function task.hasFailed(self)
  return self.values ~= false and not self.ok and not self.cancelled
end

---Calls a function when the task ends.
---@param self gemini.Task  one that has not ended
---@param watcher fun()
function task.watch(self, watcher)
  self.watchers = self.watchers or {}
  self.watchers[watcher] = true
end

---@param self gemini.Task
---@param watcher fun()
function task.unwatch(self, watcher)
  if self.watchers then self.watchers[watcher] = nil end
end

---Somebody who waits for the task's end: what is called then is the last that he gave.
---@param self gemini.Task
---@return fun(changed: fun()?)  nil for nothing more
function task.watcher(self)
  local current
  return function(changed)
    if current then task.unwatch(self, current) end
    current = changed
    if changed then task.watch(self, changed) end
  end
end

-- A task that ends in what another one raised tells of both places.
local function traceback(self, raised)
  local own, cause = debug.traceback(self.co), self.cause
  return cause and cause.values[1] == raised and ("%s\n%s"):format(cause.trace, own) or own
end

local close = rawget(coroutine, "close")

-- Runs what the coroutine was still to close; what that raises goes before what it ended in.
local function closed(self, raised)
  if not close then return raised end
  local ok, other = close(self.co)
  if ok or other == nil then return raised end
  return other
end

-- What is raised may be nil, or false.
local function isCancellation(self, raised)
  return self.cancelled and raised == self.cancelled
end

---Notes how a task has ended. One that was cancelled is so whatever it returned, but for an error of its own.
---@param self gemini.Task
---@param ok boolean
---@param ... any
function task.finish(self, ok, ...)
  if ok and not self.cancelled then
    self.values = { n = select("#", ...), ... }
    self.ok = true
    return
  end
  local raised = self.cancelled
  if not ok then
    local trace = not isCancellation(self, (...)) and traceback(self, (...)) or nil
    raised = closed(self, (...))
    if not isCancellation(self, raised) then
      self.trace = trace or debug.traceback(self.co)
      self.cancelled = false
    end
  end
  self.values = { raised }
  errors.locate(raised, self.trace)
end

-- What memory runs out with, made while there is some.
local STARVED = { "not enough memory" }

---Notes that a task has ended in an error that was not its own: on the way to it, or back.
---@param self gemini.Task
---@param raised any
function task.lose(self, raised)
  self.ok, self.cancelled, self.trace = false, false, self.trace or ""
  self.values = raised == STARVED[1] and STARVED or { raised }
  if close then close(self.co) end
end

---What a task's function returned; raises what it raised; nil and the error where it was cancelled.
---@param self gemini.Task  one that has ended
---@return any ...
function task.results(self)
  self.heard = true
  if self.ok then return unpack(self.values, 1, self.values.n) end
  if self.cancelled then return nil, self.cancelled end
  error(self.values[1], 0)
end

---The error of a failed task, to be raised where nobody waits for it: a text says where it was raised first.
---@param self gemini.Task
---@return any
function task.raised(self)
  local value = self.values[1]
  return type(value) == "string" and task.told(self) or value
end

---The same, for people.
---@param self gemini.Task
---@return string
function task.told(self)
  local value = self.values[1]
  local ok, text = pcall(tostring, value)
  return ("%s\n%s"):format(ok and text or "a " .. type(value), self.trace)
end

---@return string?  where the task failed; nil unless it has
function Task:traceback()
  task.must(self, "traceback")
  return self.trace or nil
end

return task
