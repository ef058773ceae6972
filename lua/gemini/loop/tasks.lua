---Coroutines that the loop owns: in them a call waits by yielding, and others go on. Knows nothing of transfers.

local deadline = require "gemini.deadline"

local tasks = {}

local unpack = table.unpack or unpack -- luacheck: ignore 113 143

---@class gemini.Task  a function that runs beside others
---@field private co thread
---@field private ready (fun(): boolean)?  what it waits for; nothing where it only let others go on
---@field private wakeAt number?  when it goes on at the latest
---@field private ok boolean?  how it has ended
---@field private values table?  what the function returned, or the error
local Task = { __name = "gemini.task" }
Task.__index = Task

-- Coroutine → its task.
local owners = setmetatable({}, { __mode = "k" })

-- Those that have not ended, in the order of their beginning.
local live = {}

-- The first that has failed, as long as nobody has heard of it.
local unheard

function Task:__tostring()
  return ("gemini.task: %s"):format(self.ok == nil and "running" or self.ok and "ended" or "failed")
end

-- The results of a resume: the task has ended, or waits.
local function settle(self, ok, ...)
  if coroutine.status(self.co) ~= "dead" then return end
  self.ok, self.values = ok, { n = select("#", ...), ... }
  if not ok then unheard = unheard or self end
  for i, each in ipairs(live) do
    if each == self then table.remove(live, i) break end
  end
end

local function resume(self, ...)
  self.ready, self.wakeAt = nil, nil
  settle(self, coroutine.resume(self.co, ...))
end

---Begins a task, which runs until it first waits.
---@param fn function
---@param ... any  its arguments
---@return gemini.Task
function tasks.spawn(fn, ...)
  local self = setmetatable({ co = coroutine.create(fn) }, Task)
  owners[self.co] = self
  live[#live + 1] = self
  resume(self, ...)
  return self
end

---@return gemini.Task?  the task that runs now; nil outside of all, and in coroutines that a task has of its own
function tasks.current()
  return owners[coroutine.running() or false]
end

---Lets the current task wait. To be called in a task alone.
---@param ready fun(): boolean  whether it may go on
---@param seconds? number  after which it goes on in any case
function tasks.wait(ready, seconds)
  local self = tasks.current()
  self.ready, self.wakeAt = ready, deadline.after(seconds)
  coroutine.yield()
end

local function isDue(self, now)
  if coroutine.status(self.co) ~= "suspended" then return false end
  return not self.ready or self.wakeAt ~= nil and self.wakeAt <= now or self.ready()
end

---Lets every task go on that may.
---@return boolean  whether one did
function tasks.pump()
  if not live[1] then return false end
  local now, due = deadline.now(), {}
  for _, task in ipairs(live) do
    if isDue(task, now) then due[#due + 1] = task end
  end
  for _, task in ipairs(due) do
    -- One before may have let it go on already.
    if task.ok == nil and coroutine.status(task.co) == "suspended" then resume(task) end
  end
  return due[1] ~= nil
end

---@param most number
---@return number seconds  until a task goes on by the clock, not more than `most`
function tasks.patience(most)
  for _, task in ipairs(live) do
    if task.wakeAt then most = math.min(most, deadline.left(task.wakeAt)) end
  end
  return math.max(most, 0)
end

---@return boolean  whether one has not ended
function tasks.any()
  return live[1] ~= nil
end

---What a task's function returned; raises what it raised.
---@param self gemini.Task  one that has ended
---@return any ...
function tasks.results(self)
  if unheard == self then unheard = nil end
  if not self.ok then error(self.values[1], 0) end
  return unpack(self.values, 1, self.values.n)
end

---@param self gemini.Task
---@return boolean
function tasks.hasEnded(self)
  return self.ok ~= nil
end

---@param self gemini.Task
---@return boolean
function tasks.hasFailed(self)
  return self.ok == false
end

---@return gemini.Task?  one that has failed, and nobody asked for its results
function tasks.unheard()
  return unheard
end

tasks.Task = Task

return tasks
