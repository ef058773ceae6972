---Lets tasks go on: which one runs, which wait, which are to run next. Knows nothing of transfers.

local deadline = require "gemini.deadline"
local queue = require "gemini.loop.queue"
local task = require "gemini.loop.task"
local timers = require "gemini.loop.timers"

local tasks = {}

local unpack = table.unpack or unpack -- luacheck: ignore 113 143

-- Coroutine → its task, as long as it has not ended.
local owners = setmetatable({}, { __mode = "k" })

-- Those that have not ended; of adopted coroutines, which may end unseen, those that wait here.
local live, count, begun = {}, 0, 0

local runnable = queue()

-- The task that was last let go on, and how many resumes are within each other: a task may have coroutines of its own,
-- in which calls block.
local innermost, depth = nil, 0

-- Deeper, tasks wait for those that are there already: the C stack has an end.
local DEEPEST = 25

-- Seconds that a task may go on while others wait, where it does not have to wait itself.
local TURN = 0.001
local turnEnds, limit

-- Those that have failed, and that nobody can wait for any more: the first of them.
local failures, MOST_FAILURES = {}, 100
local gathering = false

---Called when something is to be done that nobody may be waiting for: set by the host's side.
---@type fun()?
tasks.alarm = nil

local function alarm()
  if tasks.alarm then tasks.alarm() end
end

local function enter(self)
  if live[self] then return end
  live[self], count = true, count + 1
end

local function leave(self)
  if not live[self] then return end
  live[self], count = nil, count - 1
end

local function enqueue(self)
  if self.queued then return end
  self.queued = true
  runnable:push(self)
end

-- What the interpreters make of a Ctrl-C, in whatever coroutine it meets them (LuaJIT), is for the whole program.
local function isInterrupt(raised)
  return type(raised) == "string" and raised:find("interrupted!$") ~= nil
end

-- Adds to a list of failures, and drops those at its end that have been heard of.
local function append(list, failed, most)
  while list[#list] and list[#list].heard do list[#list] = nil end
  if #list < most then list[#list + 1] = failed end
end

-- A failure that nobody waits for is its parent's to ask for, as long as that one lives.
local function report(self)
  local parent = self.parent
  if parent and not task.hasEnded(parent) then
    parent.failures = parent.failures or {}
    append(parent.failures, self, math.huge)
  elseif not self.heard then
    append(failures, self, MOST_FAILURES)
  end
end

local function closeOwned(self)
  for each in pairs(self.owned or {}) do each:close() end
end

local function finish(self, ok, ...)
  owners[self.co] = nil
  leave(self)
  task.finish(self, ok, ...)
  if not self.ok then closeOwned(self) end
  if task.hasFailed(self) and not (self.watchers and next(self.watchers)) then report(self) end
  for _, failed in ipairs(self.failures or {}) do report(failed) end
  local watchers = self.watchers or {}
  self.parent, self.failures, self.watchers, self.owned = nil, nil, nil, nil
  for watcher in pairs(watchers) do watcher() end
end

-- The results of a resume: the task has ended, waits, or has let others go on by a yield of its own.
local function settle(self, before, ok, ...)
  innermost, depth, turnEnds = before, depth - 1, nil
  if coroutine.status(self.co) == "dead" then
    finish(self, ok, ...)
    if not ok and isInterrupt((...)) then error((...), 0) end
  elseif not self.parked and not self.foreign then
    enqueue(self)
  end
end

-- Somebody else lets it go on, and takes what it gives.
local function resumeForeign(self)
  local ok, raised = pcall(self.foreign, self.co)
  if not ok then report { values = { raised }, trace = "in the function given to gemini.adopt" } end
  return true
end

local function resume(self)
  local before, start = innermost, self.start
  self.parked, self.queued, self.start = false, false, nil
  innermost, depth, turnEnds = self, depth + 1, nil
  if self.foreign then
    settle(self, before, resumeForeign(self))
  elseif start then
    settle(self, before, coroutine.resume(self.co, unpack(start, 1, start.n)))
  else
    settle(self, before, coroutine.resume(self.co))
  end
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
  begun = begun + 1
  local self = setmetatable({ co = co, number = begun, parent = tasks.innermost() }, task.Task)
  owners[co] = self
  return self
end

---Begins a task, which runs until it first waits.
---@param fn function
---@param ... any  its arguments
---@return gemini.Task
function tasks.spawn(fn, ...)
  local self = new(coroutine.create(fn))
  self.start = { n = select("#", ...), ... }
  enter(self)
  if depth < DEEPEST then resume(self) else enqueue(self) end
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
  self.parked = not foreign and coroutine.status(co) == "suspended" or nil
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
---@param seconds? number  after which it goes on in any case
---@return gemini.Error? cancelled  what is to be raised, once what it waited for is given up
function tasks.park(seconds)
  local self = tasks.current()
  if self.cancelled then return self.cancelled end
  local timer = seconds and timers.add(deadline.after(seconds), self)
  enter(self)
  if timer then alarm() end
  suspend(self)
  if self.foreign then leave(self) end
  if timer then timers.remove(timer) end
  return self.cancelled
end

---Lets a waiting task go on at the next occasion.
---@param self gemini.Task
function tasks.wake(self)
  if not self.parked then return end
  enqueue(self)
  alarm()
end

---@return boolean  whether the current task has gone on long enough for now
function tasks.hadTurn()
  if turnEnds then return deadline.left(turnEnds) <= 0 end
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
  return self.cancelled
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
    local self = runnable:pop()
    -- One before may have let it go on already.
    local status = self and self.queued and not task.hasEnded(self) and coroutine.status(self.co)
    if status == "dead" then
      finish(self, true)
    elseif status == "suspended" then
      moved = true
      resume(self)
      if ends and deadline.left(ends) <= 0 then break end
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
    finish(self, false, err)
  end
  alarm()
  return true
end

---Ends all tasks.
---@param err gemini.Error
function tasks.cancelAll(err)
  local all = {}
  for self in pairs(live) do all[#all + 1] = self end
  table.sort(all, function(a, b) return a.number < b.number end)
  for _, self in ipairs(all) do
    if running() ~= self then tasks.cancel(self, err) end
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
  return count
end

---Takes the first failure that nobody has heard of.
---@return gemini.Task?
function tasks.failure()
  repeat
    local first = table.remove(failures, 1)
    if not first or not first.heard then return first end
  until false
end

---Failures are gathered from now on, until somebody asks for them; or they are told to the host again. Those that
---nobody has asked for are forgotten.
---@param gathers boolean
function tasks.gather(gathers)
  failures, gathering = {}, gathers
end

---@return boolean
function tasks.isGathering()
  return gathering
end

---@return boolean  whether something is to be done now: a task is to run, or a failure to be told
function tasks.isBusy()
  return tasks.patience() == 0 or not gathering and failures[1] ~= nil
end

return tasks
