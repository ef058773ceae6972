---Long-running operations: what a reply that is one can do beside holding its REST fields.

require("gemini.interpreted")()

local api = require "gemini.api"
local deadline = require "gemini.deadline"
local errors = require "gemini.errors"
local options = require "gemini.options"
local path = require "gemini.path"
local poll = require "gemini.poll"
local request = require "gemini.request"
local tables = require "gemini.tables"

local operation = {}

local OPERATION = "google.longrunning.Operation"

-- A batch's states behind which nothing comes, and how each ended.
local ENDED = {
  BATCH_STATE_SUCCEEDED = "has succeeded",
  BATCH_STATE_FAILED = "has failed",
  BATCH_STATE_CANCELLED = "was cancelled",
  BATCH_STATE_EXPIRED = "has expired",
}

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
  return errors.label(client, method, tostring(self.name))
end

local function labelOfGet(client, self)
  return label(client, self, (rowFor("get", tostring(self.name))) or "operation.get")
end

-- Carries out a method that takes the operation's name.
local function call(client, self, method, callOptions)
  local full, row = rowFor(method, tostring(self.name))
  if not full then
    local problem = ("the API has no method to %s %s"):format(method, tostring(self.name))
    return nil, errors.new("api", problem, label(client, self, "operation." .. method), { status = "UNIMPLEMENTED" })
  end
  local built, problem = request.build(client, full, row, { name = self.name }, callOptions)
  if not built then return nil, errors.protocol(problem, "", label(client, self, full)) end
  return require("gemini.rest").call(client, row, built)
end

local function stateOf(self)
  local metadata = rawget(self, "metadata")
  return type(metadata) == "table" and metadata.state or nil
end

-- The google.rpc.Status that an operation ended with.
local function statusOf(self)
  local status = rawget(self, "error")
  return errors.isStatus(status) and status or nil
end

local function isDone(self)
  return self.done == true or ENDED[stateOf(self)] ~= nil or statusOf(self) ~= nil
end

-- The error in which an operation ended, nil where it did not.
local function failure(client, self)
  local status, about = statusOf(self), labelOfGet(client, self)
  if status then return errors.status(status, about) end
  local how = ENDED[stateOf(self)]
  if how and how ~= ENDED.BATCH_STATE_SUCCEEDED then
    return errors.new("api", ("%s %s"):format(tostring(self.name), how), about, { status = stateOf(self) })
  end
end

-- The table that the caller holds becomes what the server says now.
local function replace(self, fresh)
  for name in next, tables.copy(self) do self[name] = nil end
  for name, value in next, fresh do self[name] = value end
end

-- What changes while a batch is worked on, as a text.
local function mark(self)
  local metadata = rawget(self, "metadata")
  local stats = type(metadata) == "table" and metadata.batchStats or nil
  return require "gemini.canonical" { state = stateOf(self), stats = stats }
end

local function late(client, self, given, ends)
  local problem, seconds = "%s has not finished within %g seconds", given.timeout
  if given.stallTimeout and not deadline.isOver(ends) then
    problem, seconds = "%s has not changed for %g seconds", given.stallTimeout
  end
  return errors.new("timeout", problem:format(tostring(self.name), seconds), labelOfGet(client, self))
end

-- Asks how an operation stands; what is no answer to that leaves it as it is.
local function look(client, self, callOptions)
  local fresh, err = call(client, self, "get", callOptions)
  if not fresh then return nil, err end
  if fresh.name ~= self.name then
    local text = client.wire.encode(fresh) or ""
    return nil, errors.protocol("the answer is not this operation", text, labelOfGet(client, self))
  end
  replace(self, fresh)
  return self
end

---Waits until an operation is done, however it ends.
---@param client gemini.State
---@param self gemini.Operation
---@param given gemini.WaitOptions  of a batch also `stallTimeout`: seconds in which neither its state nor its counts
---  change
---@param each? gemini.CallOptions  of each look
---@return true?  nil and the error of a look, or one of kind "timeout"
---@return gemini.Error?
function operation.finish(client, self, given, each)
  local ends = deadline.after(given.timeout)
  local done, err = poll.run(client, given, {
    value = function() return self end,
    done = function() return isDone(self) end,
    mark = function() return mark(self) end,
    look = function(callOptions) return look(client, self, callOptions) end,
  }, each)
  if not done then return nil, err or late(client, self, given, ends) end
  return true
end

local function wait(client, self, given)
  local done, err = operation.finish(client, self, given)
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

---Reads the results of a batch that is done.
---@param client gemini.State
---@param self gemini.Operation
---@param requests table<string, table>  by their keys
---@param each? gemini.CallOptions  of what is sent for them
---@return fun(): gemini.BatchResult?, gemini.Error?  the next one; nil at the end; nil and the error
---@return gemini.Error? failure  in which the batch ended, though there may be results
function operation.read(client, self, requests, each)
  local batch, about, failed = require "gemini.batch", label(client, self, "batches.get"), failure(client, self)
  return batch.read(client, self, requests, about, failed, each), failed
end

local function results(client, self, requests)
  local read = operation.read(client, self, requests)
  return function()
    local result, err = read()
    if err then error(err, 0) end
    return result
  end
end

-- What keeps results from being read, and the requests by key.
local function resultsProblem(self, given)
  local problem = options.check(given, options.results)
  if problem then return problem end
  if not isDone(self) then
    return ("%s is not done (%s): call batch:wait() first"):format(tostring(self.name), tostring(stateOf(self)))
  end
  local index, wrong = require("gemini.batch").index(given and given.requests or {})
  return wrong, index
end

local function isBatch(self)
  local name = rawget(self, "name")
  return type(name) == "string" and path.takes(api.batches.get.path, name)
end

local function misused(client, self)
  if type(self) ~= "table" or getmetatable(self) ~= client.operationMeta then return "call it with a colon" end
end

-- Misuse is raised from here, where the caller is one level up.
local function methodsFor(client)
  local methods = {}

  function methods.wait(self, given)
    local problem = misused(client, self) or options.check(given, options.wait)
    if problem then error("operation:wait: " .. problem, 2) end
    return wait(client, self, given or {})
  end

  function methods.cancel(self)
    local problem = misused(client, self)
    if problem then error("operation:cancel: " .. problem, 2) end
    return cancel(client, self)
  end

  function methods.results(self, given)
    local problem, requests = misused(client, self), nil
    if not problem then
      problem, requests = resultsProblem(self, given)
    end
    if problem then error("batch:results: " .. problem, 2) end
    return results(client, self, requests)
  end

  return methods
end

local function metatable(client)
  local methods = methodsFor(client)
  return {
    __name = "gemini.operation",
    __tostring = function(self)
      local how = stateOf(self) or isDone(self) and "done" or "under way"
      return ("gemini.operation %s: %s"):format(tostring(self.name), tostring(how))
    end,
    __index = function(self, name)
      if name == "state" then return stateOf(self) end
      if name == "results" and not isBatch(self) then return nil end
      return methods[name]
    end,
  }
end

---Gives an operation its methods.
---@param client gemini.State
---@param value table
---@return gemini.Operation operation  the same table
function operation.wrap(client, value)
  client.operationMeta = client.operationMeta or metatable(client)
  return setmetatable(value, client.operationMeta)
end

return operation
