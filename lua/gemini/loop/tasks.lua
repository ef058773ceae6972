---Lets tasks go on: which one runs, which wait, which are to run next. Knows nothing of transfers.

local chain = require "gemini.loop.chain"
local deadline = require "gemini.deadline"
local task = require "gemini.loop.task"
local timers = require "gemini.loop.timers"

local tasks = {}

local unpack = table.unpack or unpack -- luacheck: ignore 113 143

-- Coroutine → its task, as long as it has not ended.
local owners = setmetatable({}, { __mode = "k" })

-- Those that have not ended; of adopted coroutines, which may end unseen, those that wait here.
local live, begun = chain("nextLive", "lastLive"), 0

local runnable = chain("nextQueued", "lastQueued")

local function failureChain() return chain("nextFailed", "lastFailed") end

-- The task that was last let go on, and how many resumes are within each other: a task may have coroutines of its own,
-- in which calls block.
local innermost, depth = nil, 0

-- Deeper, tasks wait for those that are there already: the C stack has an end.
local DEEPEST = 25

-- Seconds that a task may go on while others wait, where it does not have to wait itself.
local TURN = 0.001
local turnEnds, limit

-- Those that have failed, and that nobody can wait for any more: the first of them.
local failures, MOST_FAILURES = failureChain(), 100
local gathering = false

---Called when something is to be done that nobody may be waiting for: set by the host's side.
---@type fun()?
tasks.alarm = nil

local function alarm()
  if tasks.alarm then tasks.alarm() end
end

-- A call may fail for want of memory, but not on its way back.
local function enter(self)
  if self.live then return end
  live:push(self)
  self.live = true
end

local function leave(self)
  if not self.live then return end
  live:remove(self)
  self.live = false
end

local function enqueue(self)
  if self.queued then return end
  runnable:push(self)
  self.queued = true
end

local function dequeue(self)
  if not self.queued then return end
  runnable:remove(self)
  self.queued = false
end

-- What the interpreters make of a Ctrl-C, in whatever coroutine it meets them (LuaJIT), is for the whole program.
local function isInterrupt(raised)
  return type(raised) == "string" and raised:find("interrupted!$") ~= nil
end

-- Adds to a list of failures, and drops those at its end that have been heard of.
local function append(list, failed, most)
  local last = list:newest()
  while last and last.heard do
    list:remove(last)
    last = list:newest()
  end
  if list:count() < most then list:push(failed) end
end

-- A failure that nobody waits for is its parent's to ask for, as long as that one lives.
local function report(self)
  local parent = self.parent
  if parent and not task.hasEnded(parent) then
    append(parent.failures, self, math.huge)
  elseif not self.heard then
    append(failures, self, MOST_FAILURES)
  end
end

local function nobody() end

local function closeOwned(self)
  if not self.owned then return end
  for each in pairs(self.owned) do each:close() end
end

-- What is to be done when a task has ended.
local function finish(self)
  leave(self)
  dequeue(self)
  if not self.ok then closeOwned(self) end
  local watchers, failed = self.watchers, self.failures
  if task.hasFailed(self) and not (watchers and next(watchers)) then report(self) end
  for each in failed and failed.pop or nobody, failed do report(each) end
  self.parent, self.failures, self.watchers, self.owned = nil, nil, nil, nil
  if not watchers then return end
  for watcher in pairs(watchers) do watcher() end
end

local function put(self, level)
  innermost, depth, turnEnds = self, level, nil
end

-- The results of a resume.
local function settle(self, before, level, ok, ...)
  put(before, level)
  if coroutine.status(self.co) == "dead" then
    owners[self.co] = nil
    task.finish(self, ok, ...)
  elseif not ok then
    error((...), 0)
  end
end

-- Somebody else lets it go on, and takes what it gives.
local function resumeForeign(self)
  local ok, raised = pcall(self.foreign, self.co)
  if not ok then report { values = { raised }, trace = "in the function given to gemini.adopt" } end
  return true
end

local function go(self, before, level)
  local start = self.start
  owners[self.co] = self
  if not self.foreign then enter(self) end
  put(self, level + 1)
  dequeue(self)
  self.parked, self.gone = false, true
  if self.foreign then return settle(self, before, level, resumeForeign(self)) end
  if not start then return settle(self, before, level, coroutine.resume(self.co)) end
  self.start = nil
  settle(self, before, level, coroutine.resume(self.co, unpack(start, 1, start.n)))
end

-- Whether a task, let go on, has come to a place from where it goes on again.
local function stands(self)
  return coroutine.status(self.co) ~= "dead" and (self.parked or self.foreign)
end

-- Lets a task go on until it waits, has ended, or has let others go on by a yield of its own. Memory that runs out on
-- the way there, or back from where it has ended, ends it.
local function resume(self)
  local before, level = innermost, depth
  self.gone = false
  local ok, raised = pcall(go, self, before, level)
  -- Once more, for where it was raised before; by no call, which might want memory.
  innermost, depth, turnEnds = before, level, nil
  if not ok and not task.hasEnded(self) and not (self.gone and stands(self)) then
    owners[self.co] = nil
    task.lose(self, raised)
  end
  if task.hasEnded(self) then
    finish(self)
    if not self.ok then raised = self.values[1] end
  elseif not stands(self) then
    enqueue(self)
  end
  if isInterrupt(raised) then error(raised, 0) end
end

local function running()
  return owners[coroutine.running() or false]
end

-- PUC Lua 5.1 has no such function: there, what can't yield raises.
local mayYield = rawget(coroutine, "isyieldable") or function() return true end

---@return gemini.Task?  the task that runs now and may wait; nil outside of all, in coroutines that a task has of its
---  own, and in callbacks that no yield can leave
function tasks.current()
  return mayYield() and running() or nil
end

---@return gemini.Task?  the task in which this runs, be it in a coroutine of its own
function tasks.innermost()
  return running() or innermost
end

local function new(co)
  local parent = tasks.innermost()
  if parent then parent.failures = parent.failures or failureChain() end
  begun = begun + 1
  return task.new(co, begun, parent)
end

---Begins a task, which runs until it first waits.
---@param fn function
---@param ... any  its arguments
---@return gemini.Task
function tasks.spawn(fn, ...)
  local self = new(coroutine.create(fn))
  self.start = { n = select("#", ...), ... }
  if depth < DEEPEST then
    resume(self)
  else
    enqueue(self)
    enter(self)
  end
  alarm()
  return self
end

-- Where tables are no ephemerons (Lua 5.1, LuaJIT), a task keeps its coroutine, and so itself. Adopted ones end unseen.
local adopted, MANY = 0, 100

local function forgetDead()
  adopted = adopted + 1
  if adopted < MANY then return end
  adopted = 0
  for co in pairs(owners) do
    if coroutine.status(co) == "dead" then owners[co] = nil else adopted = adopted - 1 end
  end
end

---Makes a task of somebody's coroutine.
---@param co thread
---@param foreign? fun(co: thread)  lets it go on
---@return gemini.Task?  nil where it is one
function tasks.adopt(co, foreign)
  if owners[co] then return nil end
  forgetDead()
  local self = new(co)
  self.foreign = foreign
  self.parked = not foreign and coroutine.status(co) == "suspended"
  owners[co] = self
  if self.parked then
    enter(self)
    tasks.wake(self)
  end
  return self
end

-- Somebody else may resume it, too: nobody here looks then at what it waits for, once it has yielded.
local function suspend(self)
  self.parked = true
  if innermost ~= self then alarm() end
  repeat coroutine.yield() until not self.parked
end

---Lets the current task wait until it is woken. To be called in a task alone.
---@param timer? gemini.Timer  from tasks.timer
---@return gemini.Error? cancelled  what is to be raised, once what it waited for is given up
function tasks.park(timer)
  local self = tasks.current()
  if not self.cancelled then
    enter(self)
    if timer then alarm() end
    suspend(self)
    if self.foreign then leave(self) end
  end
  if timer then timers.remove(timer) end
  return self.cancelled or nil
end

---@param seconds? number
---@return gemini.Timer?  lets the current task go on after that
function tasks.timer(seconds)
  return seconds and timers.add(deadline.after(seconds), tasks.current())
end

---Lets a waiting task go on at the next occasion.
---@param self gemini.Task
function tasks.wake(self)
  if not self.parked then return end
  enqueue(self)
  alarm()
end

---@return boolean  whether the current task has gone on long enough for now; false outside of tasks
function tasks.hadTurn()
  if not (mayYield() and owners[coroutine.running() or false]) then return false end
  if turnEnds then return deadline.now() >= turnEnds end
  turnEnds = deadline.after(TURN)
  if limit and limit < turnEnds then turnEnds = limit end
  return false
end

---Lets others go on before the current task does.
---@return gemini.Error? cancelled
function tasks.pass()
  local self = tasks.current()
  enqueue(self)
  if not self.cancelled then suspend(self) end
  return self.cancelled or nil
end

local function wakeDue()
  if not timers.next() then return end
  local now = deadline.now()
  for self in timers.due, now do tasks.wake(self) end
end

---Lets every task go on that may.
---@param ends? number  a time when it is enough
---@return boolean  whether one did
function tasks.pump(ends)
  if depth >= DEEPEST then return false end
  wakeDue()
  local moved, before = false, limit
  limit = ends
  for _ = 1, runnable:count() do
    -- One before may have let others go on already.
    local self = runnable:next()
    local status = self and coroutine.status(self.co)
    if status == "dead" and not task.hasEnded(self) then
      owners[self.co] = nil
      task.finish(self, true)
      finish(self)
    elseif status == "suspended" then
      moved = true
      resume(self)
      if ends and deadline.left(ends) <= 0 then break end
    elseif self then
      dequeue(self)
    end
  end
  limit = before
  return moved
end

---Ends a task: what it waits for raises the error in it, now and from now on.
---@param self gemini.Task
---@param err gemini.Error
---@return boolean  false where it has ended or was cancelled before
function tasks.cancel(self, err)
  if task.hasEnded(self) or self.cancelled then return false end
  self.cancelled = err
  if running() == self then error(err, 0) end
  if coroutine.status(self.co) ~= "suspended" then return true end
  if self.parked and not self.start then
    if depth < DEEPEST then resume(self) else tasks.wake(self) end
  elseif not self.foreign then
    owners[self.co] = nil
    task.finish(self, false, err)
    finish(self)
  end
  alarm()
  return true
end

---Ends all tasks.
---@param err gemini.Error
function tasks.cancelAll(err)
  local current, last = running(), begun
  local self = live:next()
  while self do
    if self.cancelled or task.hasEnded(self) or self == current or self.number > last then
      self = live:next(self)
    else
      tasks.cancel(self, err)
      -- Any number of them may have ended by that.
      self = live:next()
    end
  end
end

---@return number? seconds  until a task goes on by the clock
function tasks.patience()
  local first = timers.next()
  if runnable:count() > 0 then return 0 end
  return first and math.max(deadline.left(first), 0)
end

---@return integer  how many have not ended
function tasks.count()
  return live:count()
end

---Takes the first failure that nobody has heard of.
---@return gemini.Task?
function tasks.failure()
  repeat
    local first = failures:pop()
    if not first or not first.heard then return first end
  until false
end

-- Takes out those that have ended, and that there was no memory to take out when they did.
local function clear()
  local self = live:next()
  while self do
    local behind = live:next(self)
    if task.hasEnded(self) then leave(self) end
    self = behind
  end
end

---Failures are gathered from now on, until somebody asks for them; or they are told to the host again. Those that
---nobody has asked for are forgotten.
---@param gathers boolean
function tasks.gather(gathers)
  if gathers then clear() end
  failures:clear()
  gathering = gathers
end

---@return boolean
function tasks.isGathering()
  return gathering
end

---@return boolean  whether something is to be done now: a task is to run, or a failure to be told
function tasks.isBusy()
  return tasks.patience() == 0 or not gathering and failures:count() > 0
end

return tasks
