---Many requests by Google's batch service: `client.batches:run`. Makes a batch, waits for it, gives its results, and
---sends again what failed.

local api = require "gemini.api"
local batch = require "gemini.batch"
local deadline = require "gemini.deadline"
local errors = require "gemini.errors"
local items = require "gemini.batch.items"
local loop = require "gemini.loop"
local operation = require "gemini.operation"
local options = require "gemini.options"
local request = require "gemini.request"
local rest = require "gemini.rest"
local retry = require "gemini.retry"
local sending = require "gemini.batch.sending"
local tables = require "gemini.tables"
local task = require "gemini.loop.task"
local tasks = require "gemini.loop.tasks"

local run = {}

---@class gemini.BatchRun  the results of many requests, each with its key; nothing is sent before the first one is
---  asked for. What failed comes behind all else
---@field name? string  of the batch under way, once there is one
---@field names string[]  of all its batches, as `name` takes them to go on
---@field operation? gemini.Operation  the batch under way
---@field private isUnderWay boolean  there is one whose results are not all taken
---@field private taken integer  how many of these were
---@field private at integer  how many of these were read: less, where the reading was broken off
---@field private plan gemini.BatchPlan
---@field private items table<string, table>  the caller's requests by their keys
---@field private begun integer  how many batches were begun
---@field private again integer  how many more may be made of what failed
---@field private ends number?
---@field private todo gemini.BatchEntry[]?  what the batch under way has; nil where nobody knows
---@field private missing table<string, gemini.BatchEntry>  of these, what has no result
---@field private broken table<string, gemini.BatchResult>  what has failed in this batch
---@field private read? fun(): gemini.BatchResult?, gemini.Error?
---@field private failure gemini.Error?  in which the batch ended, though it has results
---@field private failed gemini.BatchResult[]  what has failed for good
---@field private given integer  how many of these were given
---@field private isOver boolean
---@field private err gemini.Error?
---@field private reader gemini.Task|true|nil  who waits for the next result; true for no task
---@operator call: string?, gemini.BatchResult?
---@overload fun(): string?, gemini.BatchResult?
local Run = { __name = "gemini.batchRun" }
Run.__index = Run

function Run:__tostring()
  return ("gemini.batchRun %s: %s"):format(self.name or "not begun", self.isOver and "ended" or "open")
end

local METHOD, ROW = "batches.get", api.batches.get

local function existing(plan, name)
  local built, problem = request.build(plan.client, METHOD, ROW, { name = name }, plan.options())
  if not built then return nil, problem end
  return rest.call(plan.client, ROW, built)
end

local function label(self)
  return errors.label(self.plan.client, METHOD, tostring(self.name))
end

-- The name of the next batch, where that is there already.
local function following(self)
  return (self.plan.names or {})[self.begun + 1]
end

-- The next batch: one that is there already, or a new one.
local function obtain(self)
  local name = following(self)
  if name then return existing(self.plan, name) end
  return sending.create(self.plan, self.todo)
end

local function note(self, begun)
  self.operation, self.name, self.begun = begun, begun.name, self.begun + 1
  self.names[self.begun] = begun.name
  self.isUnderWay, self.taken, self.missing, self.broken = true, 0, {}, {}
  for _, entry in ipairs(self.todo or {}) do self.missing[entry.key] = entry end
end

-- Whoever gets the error can go on with the batch.
local function failing(self, err)
  err.partial = self.operation
  return err
end

-- Begins a batch; or gives the error.
local function open(self)
  local begun, err = obtain(self)
  if not begun then return failing(self, err) end
  if type(begun.name) == "string" then return note(self, begun) end
  return errors.protocol("the batch has no name", self.plan.client.wire.encode(begun) or "", label(self))
end

-- Waits for a batch until its results can be read; or gives the error. What was broken off goes on with its batch.
local function begin(self)
  local failed = not self.isUnderWay and open(self)
  if failed then return failed end
  local given = tables.copy(self.plan.wait)
  given.timeout = deadline.limit(self.ends)
  local done, err = operation.finish(self.plan.client, self.operation, given, self.plan.options())
  if not done then return failing(self, err) end
  self.read, self.failure = operation.read(self.plan.client, self.operation, self.items, self.plan.options())
  self.at = 0
end

-- The caller's own metadata travel in the batch alone, and not in files.
local function complete(self, result, key, entry)
  result.key = key
  if entry and result.metadata == nil then result.metadata = entry.metadata end
  if result.response or result.error then return end
  result.error = errors.protocol("a result has neither a response nor an error", "", label(self))
end

-- A result to be given now, with its key; nothing for one that is kept; or nil and the error. What nobody asked for,
-- and what comes twice, is passed over.
local function take(self, result)
  local key, entry = result.key and batch.key(result), nil
  if self.todo then
    entry = self.missing[key or false]
    if not entry then return nil end
    self.missing[key] = nil
  elseif not key then
    return nil, errors.protocol("a result has no key", "", label(self))
  end
  complete(self, result, key, entry)
  if not result.error then return key, result end
  if entry then self.broken[key] = result else self.failed[#self.failed + 1] = result end
end

local function lost(self, entry)
  local problem = ("%s has no result for %q"):format(tostring(self.name), entry.key)
  local err = self.failure or errors.new("protocol", problem, label(self))
  return { key = entry.key, request = entry.item, metadata = entry.metadata, error = err }
end

-- Parts what may be sent again from what has failed for good.
local function sorted(self)
  local again, final = {}, {}
  for _, entry in ipairs(self.todo or {}) do
    local result = self.broken[entry.key]
    if self.missing[entry.key] then
      again[#again + 1], final[#final + 1] = entry, lost(self, entry)
    elseif result then
      if retry.mayPass(result.error) then again[#again + 1] = entry end
      final[#final + 1] = result
    end
  end
  return again, final
end

-- Whether another batch may follow. What somebody has cancelled is not made once more.
local function mayFollow(self)
  return self.again > 0 and (following(self) ~= nil or self.operation.state ~= "BATCH_STATE_CANCELLED")
end

-- What is done when a batch has no more results: another one follows, or that was all.
local function turn(self)
  local again, final = sorted(self)
  local continues = again[1] ~= nil and mayFollow(self)
  local further = {}
  for _, entry in ipairs(continues and again or {}) do further[entry.key] = true end
  for _, result in ipairs(final) do
    if not further[result.key] then self.failed[#self.failed + 1] = result end
  end
  self.read, self.todo, self.isOver, self.again = nil, again, not continues, self.again - 1
  self.isUnderWay = false
end

-- Whether the last result that was read was not taken before.
local function isNew(self)
  self.at = self.at + 1
  if self.at <= self.taken then return false end
  self.taken = self.at
  return true
end

-- The next result of the batches; nil where there is none left, or the error.
local function advance(self)
  while not self.isOver do
    local err = not self.read and begin(self) or nil
    if err then return nil, err end
    local result
    result, err = self.read()
    if err then return nil, failing(self, err) end
    if not result then
      turn(self)
    elseif isNew(self) then
      local key, given = take(self, result)
      if given then return key, key and given or failing(self, given) end
    end
  end
end

-- Two that wait for a batch at once would make two of them.
local function mustBeFree(self, level)
  local reader = self.reader
  if not reader then return end
  if reader == true or not task.hasEnded(reader) then
    error("run:next: another task waits for the next result", level + 1)
  end
  -- A task of PUC Lua 5.1, which could not say that it broke off.
  self.read = nil
end

---The next result, or the error in which the whole ended; waits for it.
---@return string? key  nil at the end
---@return gemini.BatchResult|gemini.Error|nil result  an error behind nil: its `partial` is the batch, if there is one
function Run:next()
  if getmetatable(self) ~= Run then error("run:next: call it with a colon", 2) end
  if self.err then return nil, self.err end
  mustBeFree(self, 2)
  self.ends = self.ends or deadline.after(self.plan.wait.timeout)
  self.reader = tasks.innermost() or true
  local ok, key, result = loop.try(advance, self)
  self.reader = nil
  if not ok then
    self.read = nil
    error(key, 0)
  end
  if key then return key, result end
  self.err = result
  if result then return nil, result end
  self.given = self.given + 1
  local last = self.failed[self.given]
  if last then return last.key, last end
end

---All results that are left, by their keys.
---@return table<string, gemini.BatchResult>?
---@return gemini.Error?
function Run:collect()
  if getmetatable(self) ~= Run then error("run:collect: call it with a colon", 2) end
  local all = {}
  while true do
    local key, result = self:next()
    if key then all[key] = result elseif result then return nil, result else return all end
  end
end

function Run:__call()
  local key, result = self:next()
  if not key and result then error(result, 0) end
  return key, result
end

---@param plan gemini.BatchPlan
---@return gemini.BatchRun
function run.open(plan)
  local known = {}
  for _, entry in ipairs(plan.entries or {}) do known[entry.key] = entry.item end
  return setmetatable({
    plan = plan, items = known, todo = plan.entries, names = {}, begun = 0, given = 0, failed = {},
    isUnderWay = false, taken = 0, at = 0,
    again = math.max(plan.retryFailed or 0, plan.names and #plan.names - 1 or 0),
    isOver = plan.entries ~= nil and #plan.entries == 0,
  }, Run)
end

local WAITING = { "interval", "onProgress", "stallTimeout", "timeout" }

---The plan of a batch, by what its caller wants of all of them.
---@param client gemini.State
---@param given table  what options.batchRun and options.batchMap have in common
---@param call? gemini.CallOptions
---@return gemini.BatchPlan
function run.plan(client, given, call)
  local plan = {
    client = client, options = function() return call end, wait = {}, displayName = given.displayName,
    maxInlineSize = given.maxInlineSize, retryFailed = given.retryFailed,
  }
  for _, name in ipairs(WAITING) do plan.wait[name] = given[name] end
  return plan
end

-- Names of batches, and what is wrong with one of them.
local function named(client, given, call)
  if given.name == nil then return nil end
  local names = type(given.name) == "table" and tables.copy(given.name) or { given.name }
  for _, name in ipairs(names) do
    local _, problem = request.build(client, METHOD, ROW, { name = name }, call)
    if problem then return nil, problem end
  end
  return names
end

-- What is missing where new batches may have to be made.
local function problemOf(plan)
  local repeats = plan.retryFailed and plan.retryFailed > 0
  if not plan.entries and plan.names and not (repeats or plan.names[2]) then return nil end
  if not plan.entries then return "requests is missing" end
  if not plan.kind or plan.names and not repeats then return nil end
  local built, problem = sending.build(plan, "files/none", 0)
  return not built and problem or nil
end

---`client.batches:run`.
---@param client gemini.State
---@param args table
---@param call? gemini.CallOptions
---@return gemini.BatchRun?
---@return string? problem  what is wrong with the arguments
function run.call(client, args, call)
  local problem = options.check(args, options.batchRun) or options.check(call, options.call)
  if problem then return nil, problem end
  local plan = run.plan(client, args, request.keep(call))
  plan.model = args.model
  plan.names, problem = named(client, args, call)
  if problem then return nil, problem end
  if args.requests then
    plan.entries, plan.kind = items.read(client, args)
    if not plan.entries then return nil, plan.kind end
  end
  problem = problemOf(plan)
  if problem then return nil, problem end
  return run.open(plan)
end

return run
