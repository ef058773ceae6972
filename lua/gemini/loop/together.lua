---Several functions at once, and what becomes of them together.

local chain = require "gemini.loop.chain"
local deadline = require "gemini.deadline"
local loop = require "gemini.loop"
local options = require "gemini.options"
local task = require "gemini.loop.task"
local tasks = require "gemini.loop.tasks"
local wait = require "gemini.loop.wait"

local together = {}

local CONCURRENCY = 8

---@class gemini.Group  tasks that one call waits for
---@field tasks table<integer, gemini.Task>  by their places
---@field own table<integer, gemini.Task|false>  those that it has begun; false for one that is just beginning
---@field last integer  the last place of these
---@field watchers table<integer, fun()>  of those that have not ended
---@field ended gemini.Chain  those that have ended, in that order
---@field changed fun()?
---@field some fun(): boolean  whether some have ended that were not noted
---@field watch fun(changed: fun()?)
---@field ending gemini.Error  what those meet that it has begun, when it is left: made before it may have to be

local function newGroup()
  local group = { tasks = {}, own = {}, last = 0, watchers = {}, changed = false }
  group.ended = chain("nextEnded", "lastEnded")
  group.ending = task.cancellation "what waits for it was ended"
  group.some = function() return group.ended:count() > 0 end
  group.watch = function(changed) group.changed = changed end
  return group
end

-- What is called when a task has ended takes no memory: it can't fail.
local function add(group, place, each)
  local entry = { place = place, nextEnded = false, lastEnded = false }
  local function ended()
    group.watchers[place] = nil
    group.ended:push(entry)
    if group.changed then group.changed() end
  end
  group.tasks[place] = each
  if task.hasEnded(each) then return ended() end
  group.watchers[place] = ended
  task.watch(each, ended)
end

local function begin(group, place, fn, ...)
  group.own[place], group.last = false, place
  local each = tasks.spawn(fn, ...)
  each.heard = true
  group.own[place] = each
  add(group, place, each)
end

-- Ends what the group has begun, and waits for nothing more.
local function leave(group, reason)
  local ending = group.ending
  if reason then ending.message, ending.reason = reason, reason end
  for place, watcher in pairs(group.watchers) do task.unwatch(group.tasks[place], watcher) end
  for place = 1, group.last do
    local each = group.own[place]
    if each then tasks.cancel(each, ending) end
  end
end

-- Does something with a group; what is raised meanwhile ends the group.
local function with(group, fn, ...)
  local ok, first, second = loop.try(fn, group, ...)
  if ok then return first, second end
  leave(group)
  error(first, 0)
end

-- The place of the next one that ends; nil where the time is up before. A task that is cancelled meanwhile ends the
-- group.
local function take(group, ends)
  local cancelled = wait.till(group.some, group.watch, ends)
  if cancelled then
    leave(group)
    error(cancelled, 0)
  end
  local first = group.ended:pop()
  return first and first.place
end

-- What a task has come to, in the task that waits.
local function results(each)
  local own = tasks.current()
  if own then own.cause = task.hasFailed(each) and each or nil end
  return task.results(each)
end

local function isOfTheWorld(raised)
  return type(raised) == "table" and type(raised.kind) == "string"
end

-- Puts what became of a task into its place, and forgets the task. What a program did wrong in it is raised, and ends
-- the others.
local function note(group, place, values, failures)
  local each = group.tasks[place]
  group.tasks[place], group.own[place] = nil, nil
  local value = each.values[1]
  if each.ok then
    values[place] = value
    if value == nil then failures[place] = each.values[2] end
  elseif isOfTheWorld(value) then
    failures[place] = value
  else
    leave(group, "another one failed")
    results(each)
  end
end

-- Begins them in order, so many at once, and does something with each that ends.
local function conduct(group, count, most, start, finish)
  local started, running = 0, 0
  while started < count or running > 0 do
    while started < count and running < most do
      started, running = started + 1, running + 1
      start(group, started)
    end
    finish(take(group))
    running = running - 1
  end
end

-- Gathers what they give.
local function gather(group, count, most, start)
  local values, failures = { n = count }, {}
  conduct(group, count, most, start, function(place) note(group, place, values, failures) end)
  return values, failures
end

local function mustBeSeconds(seconds, name)
  local fits = type(seconds) == "number" and seconds >= 0 -- and no NaN
  if not fits then error(("%s: expected a number of seconds, got %s"):format(name, tostring(seconds)), 3) end
end

local function mustBeList(list, name)
  if type(list) ~= "table" then error(("%s: expected a list, got %s"):format(name, type(list)), 3) end
end

---Calls a function for each item of a list, several at once.
---@generic T, R
---@param list T[]
---@param fn fun(item: T, place: integer): R?, gemini.Error?
---@param given? gemini.MapOptions
---@return R[] results  in the order of the list; `n` is its length
---@return table<integer, gemini.Error> errors  by place: where the function returned nil and an error, or raised one of
---  the world's; raises anything else that it raises, and ends the calls under way
function together.map(list, fn, given)
  mustBeList(list, "gemini.map")
  loop.mustBe(fn, "function", "gemini.map: fn")
  local problem = options.check(given, options.map)
  if problem then error("gemini.map: " .. problem, 2) end
  local most = given and given.concurrency or CONCURRENCY
  return with(newGroup(), gather, #list, most, function(group, place) begin(group, place, fn, list[place], place) end)
end

-- Begins, or joins, each of a list of functions and tasks.
local function starter(list, name)
  mustBeList(list, name)
  for i, each in ipairs(list) do
    if type(each) ~= "function" and getmetatable(each) ~= task.Task then
      error(("%s: expected functions and tasks, got a %s at [%d]"):format(name, type(each), i), 3)
    end
  end
  return function(group, place)
    local each = list[place]
    if type(each) == "function" then begin(group, place, each) else add(group, place, each) end
  end
end

---Runs functions at once, and waits for all of them, and for tasks.
---@param list (function|gemini.Task)[]
---@return any[] results  and errors, as those of gemini.map
---@return table<integer, gemini.Error> errors
function together.all(list)
  local start = starter(list, "gemini.all")
  return with(newGroup(), gather, #list, math.huge, start)
end

-- Puts what became of each into its place, whatever that is.
local function outcomes(group, count, start)
  local all = {}
  conduct(group, count, math.huge, start, function(place)
    local each = group.tasks[place]
    group.tasks[place], group.own[place] = nil, nil
    all[place] = { ok = each.ok, values = each.values }
  end)
  return all
end

---Runs functions at once, and waits until each has ended, in an error or not: for functions that are somebody else's.
---@param list function[]
---@return { ok: boolean, values: table }[] outcomes  in the order of the list: what each returned, or raised
function together.settle(list)
  return with(newGroup(), outcomes, #list, function(group, place) begin(group, place, list[place]) end)
end

-- The first one that ends.
local function race(group, count, start)
  for place = 1, count do start(group, place) end
  local first = group.tasks[take(group)]
  leave(group, "another one was first")
  return first
end

---Runs functions at once, and waits until the first of them has ended, or of tasks. The other functions are ended then.
---@param list (function|gemini.Task)[]
---@return any ...  what the first one returned; raises what it raised
function together.race(list)
  local start = starter(list, "gemini.race")
  if #list == 0 then error("gemini.race: the list is empty", 2) end
  return results(with(newGroup(), race, #list, start))
end

-- Whether the one that it begins has ended in time; else it ends by the error.
local function inTime(group, ends, overdue, fn, ...)
  begin(group, 1, fn, ...)
  if take(group, ends) then return true end
  group.ending = overdue
  leave(group)
  return task.hasEnded(group.tasks[1])
end

---Runs a function, for so many seconds at most.
---@param seconds number
---@param fn function
---@param ... any  its arguments
---@return any ...  what it returned; nil and an error of kind "timeout" where it was ended; raises what it raised
function together.timeout(seconds, fn, ...)
  mustBeSeconds(seconds, "gemini.timeout")
  loop.mustBe(fn, "function", "gemini.timeout: fn")
  local group, overdue = newGroup(), task.overdue(seconds)
  if with(group, inTime, deadline.after(seconds), overdue, fn, ...) then return results(group.tasks[1]) end
  return nil, overdue
end

---Waits, while others go on.
---@param seconds number
function together.sleep(seconds)
  mustBeSeconds(seconds, "gemini.sleep")
  loop.sleep(seconds)
end

return together
