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
---@field await fun(self): any  waits until it has ended: what its function returned; raises what it raised
local Task = { __name = "gemini.task" }
Task.__index = Task

tasks.Task = Task

-- Coroutine → its task, as long as it has not ended.
local owners = setmetatable({}, { __mode = "k" })

-- Those that have not ended, in the order of their beginning.
local live = {}

-- Those that have failed and that nobody has asked for their results, where somebody wants to know.
local unheard

-- How many resumes are within each other: a task may have coroutines of its own, in which calls block.
local depth = 0

-- Deeper, tasks wait for those that are there already: the C stack has an end.
local DEEPEST = 25

function Task:__tostring()
  return ("gemini.task: %s"):format(self.ok == nil and "running" or self.ok and "ended" or "failed")
end

local function remove(list, item)
  for i, each in ipairs(list) do
    if each == item then return table.remove(list, i) end
  end
end

-- What the interpreters make of a Ctrl-C, in whatever coroutine it meets them (LuaJIT), is for the whole program.
local function isInterrupt(raised)
  return type(raised) == "string" and raised:find("interrupted!$") ~= nil
end

-- The results of a resume: the task has ended, or waits.
local function settle(self, ok, ...)
  depth = depth - 1
  if coroutine.status(self.co) ~= "dead" then return end
  self.ok, self.values = ok, { n = select("#", ...), ... }
  owners[self.co] = nil
  remove(live, self)
  if ok then return end
  if isInterrupt((...)) then error((...), 0) end
  if unheard then unheard[#unheard + 1] = self end
end

local function resume(self, ...)
  self.ready, self.wakeAt = nil, nil
  depth = depth + 1
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

---@return boolean  whether this runs in a task, or in a coroutine of one
function tasks.within()
  return depth > 0
end

---Lets the current task wait. To be called in a task alone.
---@param ready fun(): boolean  whether it may go on
---@param seconds? number  after which it goes on in any case
function tasks.wait(ready, seconds)
  local self = tasks.current()
  self.ready, self.wakeAt = ready, deadline.after(seconds)
  coroutine.yield()
end

local function isSuspended(self)
  return self.ok == nil and coroutine.status(self.co) == "suspended"
end

local function isDue(self, now)
  if not isSuspended(self) then return false end
  return not self.ready or self.wakeAt ~= nil and self.wakeAt <= now or self.ready()
end

---Lets every task go on that may.
---@return boolean  whether one did
function tasks.pump()
  if not live[1] or depth >= DEEPEST then return false end
  local now, due = deadline.now(), {}
  for _, task in ipairs(live) do
    if isDue(task, now) then due[#due + 1] = task end
  end
  for _, task in ipairs(due) do
    -- One before may have let it go on already.
    if isSuspended(task) then resume(task) end
  end
  return due[1] ~= nil
end

---@param most number
---@return number seconds  until a task goes on by the clock, not more than `most`
---@return boolean timed  whether there is such a task
function tasks.patience(most)
  local timed = false
  for _, task in ipairs(live) do
    if task.wakeAt then most, timed = math.min(most, deadline.left(task.wakeAt)), true end
  end
  return math.max(most, 0), timed
end

---Gives up those that wait: for what can't come any more.
function tasks.forget()
  for i = #live, 1, -1 do
    if isSuspended(live[i]) then table.remove(live, i) end
  end
end

---@return boolean  whether one has not ended
function tasks.any()
  return live[1] ~= nil
end

---From now on failures that nobody asks for are kept.
function tasks.listen()
  unheard = {}
end

---@return gemini.Task?  the first that has failed since `listen` and that nobody has asked for its results
function tasks.unheard()
  local first = unheard and unheard[1]
  unheard = nil
  return first
end

---What a task's function returned; raises what it raised.
---@param self gemini.Task  one that has ended
---@return any ...
function tasks.results(self)
  if unheard then remove(unheard, self) end
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

---@param self gemini.Task
---@return boolean  whether it is the one that runs now, or waits for a coroutine of its own that does
function tasks.isRunning(self)
  return not isSuspended(self) and self.ok == nil
end

return tasks
