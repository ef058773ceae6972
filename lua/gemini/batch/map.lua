---A function for each item of a list, whose calls go by Google's batch service: `client.batches:map`.

local gathering = require "gemini.gathering"
local options = require "gemini.options"
local run = require "gemini.batch.run"
local task = require "gemini.loop.task"
local tasks = require "gemini.loop.tasks"
local together = require "gemini.loop.together"
local wave = require "gemini.batch.wave"

local map = {}

---@class gemini.BatchMap  the functions of one call of `map`, and what they wait for
---@field client gemini.State
---@field plan gemini.BatchPlan  of each batch, without what is in it
---@field count integer  how many functions there are
---@field started integer
---@field busy integer  how many of these go on: they have not ended, and wait for no batch
---@field wave gemini.Wave  the calls that are gathered now

---@class gemini.BatchMember: gemini.Gatherer  one of the functions, with the tasks that it begins
---@field map gemini.BatchMap
---@field number integer  its place among them
---@field waiting integer  how many of its calls wait for a batch
---@field ended boolean
local Member = {}
Member.__index = Member

local function isBusy(self)
  return not self.ended and self.waiting == 0
end

-- Counts anew, behind a change of a member.
local function count(self, before)
  local now, all = isBusy(self), self.map
  if before ~= now then all.busy = all.busy + (now and 1 or -1) end
end

---Takes notice that calls of it wait for a batch, or no longer.
---@param change integer
function Member:wait(change)
  local before = isBusy(self)
  self.waiting = self.waiting + change
  count(self, before)
end

local function leave(self)
  local before = isBusy(self)
  self.ended = true
  count(self, before)
  self.map.wave:nudge()
end

Member.takes = wave.takes

---@param built gemini.Request
---@return table? reply
---@return gemini.Error?
function Member:call(built)
  return self.map.wave:call(self, built)
end

-- Whether all functions have come to where they need a batch.
local function isDue(self)
  return self.started == self.count and self.busy == 0
end

-- Begins a wave; when that is sent, the next one.
local function renew(self)
  self.wave = wave.new(self.plan, function() return isDue(self) end, function() renew(self) end)
end

-- The current task is one of the functions from now on.
local function join(self)
  local own = tasks.current()
  self.started, self.busy = self.started + 1, self.busy + 1
  local member = { client = self.client, map = self, number = self.started, waiting = 0, ended = false }
  setmetatable(member, Member)
  gathering.set(own, member)
  task.watch(own, function()
    gathering.set(own, nil)
    leave(member)
  end)
end

local function problemOf(list, fn, given)
  if type(list) ~= "table" then return "expected a list, got " .. type(list) end
  if type(fn) ~= "function" then return "fn: expected a function, got " .. type(fn) end
  return options.check(given, options.batchMap)
end

---`client.batches:map`: calls a function for each item of a list. What the functions ask of models by generateContent
---and embedContent is gathered, and goes in a batch, one a model, when all functions wait for such a call or are done.
---@generic T, R
---@param client gemini.State
---@param list T[]
---@param fn fun(item: T, place: integer): R?, gemini.Error?
---@param given? gemini.BatchMapOptions
---@return R[]? results  and errors, as those of gemini.map; nil where the arguments are wrong
---@return table<integer, gemini.Error>|string errors  or what is wrong
function map.call(client, list, fn, given)
  local problem = problemOf(list, fn, given)
  if problem then return nil, problem end
  local plan = run.plan(client, given or {})
  local self = { client = client, plan = plan, count = #list, started = 0, busy = 0 }
  renew(self)
  local function each(item, place)
    join(self)
    return fn(item, place)
  end
  return together.map(list, each, { concurrency = math.max(#list, 1) })
end

return map
