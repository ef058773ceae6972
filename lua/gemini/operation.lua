---Long-running operations: what a reply that is one can do beside holding its REST fields.

require("gemini.interpreted")()

local api = require "gemini.api"
local errors = require "gemini.errors"
local loop = require "gemini.loop"
local nearest = require "gemini.nearest"
local path = require "gemini.path"
local request = require "gemini.request"
local tables = require "gemini.tables"

local operation = {}

local OPERATION = "google.longrunning.Operation"

-- Seconds between two looks where the caller does not say: more and more.
local FIRST_INTERVAL, GROWTH, LONGEST_INTERVAL = 1, 1.5, 30

-- A batch's states behind which nothing comes, and how each ended.
local ENDED = {
  BATCH_STATE_SUCCEEDED = "succeeded",
  BATCH_STATE_FAILED = "failed",
  BATCH_STATE_CANCELLED = "cancelled",
  BATCH_STATE_EXPIRED = "expired",
}

---@class gemini.WaitOptions
---@field interval? number  seconds between two looks; when absent 1, growing to 30
---@field timeout? number  seconds to wait at most; when absent without end
---@field onProgress? fun(operation: gemini.Operation)  called at each look at an operation that is not done

---@class gemini.Operation: gemini.longrunning.Operation  beside its REST fields it has:
---@field state? string  of a batch: "BATCH_STATE_RUNNING"
---@field wait fun(self, options?: gemini.WaitOptions): gemini.Operation?, gemini.Error?
---@field cancel fun(self): true?, gemini.Error?
---@field results? fun(self, options?: gemini.ResultsOptions): fun(): gemini.BatchResult?  of a batch

-- The method of this name that takes the resource: its full name and row.
local function rowFor(method, name)
  for resource, rows in next, api do
    local row = rows[method]
    if row and (method ~= "get" or row.reply == OPERATION) and path.takes(row.path, name) then
      return ("%s.%s"):format(resource, method), row
    end
  end
end

local function label(client, self, method)
  local url = ("%s/%s/%s"):format(client.baseUrl, client.version, tostring(self.name))
  return { method = method, url = url, attempts = 0 }
end

-- Carries out a method that takes the operation's name.
local function call(client, self, method, options)
  local full, row = rowFor(method, tostring(self.name))
  if not full then
    local problem = ("the API has no method to %s %s"):format(method, tostring(self.name))
    return nil, errors.new("api", problem, label(client, self, "operation." .. method), { status = "UNIMPLEMENTED" })
  end
  local built, problem = request.build(client, full, row, { name = self.name }, options)
  if not built then return nil, errors.protocol(problem, "", label(client, self, full)) end
  return require("gemini.rest").call(client, row, built)
end

local function stateOf(self)
  local metadata = rawget(self, "metadata")
  return type(metadata) == "table" and metadata.state or nil
end

local function isDone(self)
  return self.done == true or ENDED[stateOf(self)] ~= nil
end

-- The error in which an operation ended, nil where it did not.
local function failure(client, self)
  local about = label(client, self, rowFor("get", tostring(self.name)) or "operation.get")
  if type(self.error) == "table" then return errors.status(self.error, about) end
  local how = ENDED[stateOf(self)]
  if how and how ~= "succeeded" then
    return errors.new("api", ("%s has %s"):format(self.name, how), about, { status = stateOf(self) })
  end
end

-- The table that the caller holds becomes what the server says now.
local function replace(self, fresh)
  for name in next, tables.copy(self) do self[name] = nil end
  for name, value in next, fresh do self[name] = value end
end

local RULES = {
  interval = { "number", "a positive number of seconds" },
  timeout = { "number", "a positive number of seconds" },
  onProgress = { "function", "a function" },
}

local function problemOf(given)
  if type(given) ~= "table" then return "options must be a table, got " .. type(given) end
  for name, value in next, given do
    local rule = RULES[name]
    if not rule then return ("unknown option '%s'%s"):format(tostring(name), nearest(tostring(name), RULES)) end
    if type(value) ~= rule[1] or rule[1] == "number" and (value <= 0 or value ~= value) then
      return ("%s must be %s, got %s"):format(name, rule[2], tostring(value))
    end
  end
end

local function clock()
  return require("gemini.transport").now()
end

local function late(client, self, given)
  local problem = ("%s has not finished within %g seconds"):format(tostring(self.name), given.timeout)
  return errors.new("timeout", problem, label(client, self, rowFor("get", tostring(self.name)) or "operation.get"))
end

-- Waits between two looks; false where the time is up.
local function pause(seconds, deadline)
  local left = deadline and deadline - clock() or seconds
  if left <= 0 then return false end
  loop.sleep(math.min(seconds, left))
  return not deadline or clock() < deadline
end

local function look(client, self, deadline)
  local left = deadline and math.max(deadline - clock(), 0.001)
  local fresh, err = call(client, self, "get", left and { timeout = left })
  if not fresh then return nil, err end
  replace(self, fresh)
  return self
end

-- Looks at an operation until it is done.
local function poll(client, self, given)
  local deadline = given.timeout and clock() + given.timeout
  local interval = given.interval or FIRST_INTERVAL
  while not isDone(self) do
    if given.onProgress then given.onProgress(self) end
    if not pause(interval, deadline) then return nil, late(client, self, given) end
    local fresh, err = look(client, self, deadline)
    if not fresh then return nil, err end
    if not given.interval then interval = math.min(interval * GROWTH, LONGEST_INTERVAL) end
  end
  return self
end

local function wait(client, self, given)
  local problem = given ~= nil and problemOf(given)
  if problem then error("operation:wait: " .. problem, 3) end
  local done, err = poll(client, self, given or {})
  if not done then return nil, err end
  err = failure(client, self)
  if err then return nil, err end
  return self
end

local function cancel(client, self)
  local reply, err = call(client, self, "cancel")
  if not reply then return nil, err end
  return true
end

local function results(client, self, given)
  local problem = require("gemini.batch").problem(given)
  if problem then error("batch:results: " .. problem, 3) end
  if not isDone(self) then
    error(("batch:results: %s is not done (%s): call batch:wait() first"):format(self.name, tostring(stateOf(self))), 3)
  end
  return require("gemini.batch").results(client, self, given, label(client, self, "batches.get"), failure(client, self))
end

local METHODS = { wait = wait, cancel = cancel }

local function isBatch(self)
  local name = rawget(self, "name")
  return type(name) == "string" and path.takes(api.batches.get.path, name)
end

local function metatable(client)
  local bound = {}
  for name, method in next, METHODS do
    bound[name] = function(self, given) return method(client, self, given) end
  end
  local function batchResults(self, given) return results(client, self, given) end
  return {
    __name = "gemini.operation",
    __index = function(self, name)
      if name == "state" then return stateOf(self) end
      if name == "results" then return isBatch(self) and batchResults or nil end
      return bound[name]
    end,
  }
end

---Gives an operation its methods.
---@param client gemini.State
---@param value table
---@return gemini.Operation operation  the same table
function operation.wrap(client, value)
  client.operationMeta = rawget(client, "operationMeta") or metatable(client)
  return setmetatable(value, client.operationMeta)
end

return operation
