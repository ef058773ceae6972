---The results of a batch: inline or in a file, each with the request of the same key, never by their order.

require("gemini.interpreted")()

local api = require "gemini.api"
local errors = require "gemini.errors"
local nearest = require "gemini.nearest"
local request = require "gemini.request"
local tables = require "gemini.tables"
local wrap = require "gemini.wrap"

local batch = {}

---@class gemini.ResultsOptions
---@field requests? table[]  the batch's requests, each with its key in `metadata.key` or `key`, for the results

---@class gemini.BatchResult
---@field key? string  of the request it answers
---@field request? table  the item of `requests` with this key
---@field response? gemini.Reply|table  a GenerateContentResponse or an EmbedContentResponse
---@field error? gemini.Error  why there is no response
---@field metadata? table  as it was sent with the request

local function keyOf(item)
  local metadata = item.metadata
  if type(metadata) == "table" and metadata.key ~= nil then return metadata.key end
  return item.key
end

-- The requests by key; or nil and what is wrong.
local function byKey(requests)
  local index = {}
  for i, item in ipairs(requests) do
    local key = type(item) == "table" and keyOf(item)
    if key == nil or key == false then
      return nil, ("requests[%d] has no key: results are joined to requests by metadata.key or key"):format(i)
    end
    if index[key] then return nil, ("requests: two have the key %q"):format(tostring(key)) end
    index[key] = item
  end
  return index
end

---@param given? gemini.ResultsOptions
---@return string? problem  what is wrong with the options
function batch.problem(given)
  if given == nil then return nil end
  if type(given) ~= "table" then return "options must be a table, got " .. type(given) end
  for name in next, given do
    if name ~= "requests" then
      return ("unknown option '%s'%s"):format(tostring(name), nearest(tostring(name), { requests = true }))
    end
  end
  if given.requests == nil then return nil end
  if type(given.requests) ~= "table" then return "requests must be a list, got " .. type(given.requests) end
  return select(2, byKey(given.requests))
end

local function child(value, name)
  return type(value) == "table" and type(value[name]) == "table" and value[name] or nil
end

-- Where the results are: a GenerateContentBatchOutput or its like.
local function outputOf(operation)
  return child(operation.metadata, "output") or child(operation, "response") or {}
end

-- An iterator over the decoded lines of a file.
local function lines(client, text, label)
  local at = 1
  return function()
    while at <= #text do
      local last = text:find("\n", at, true) or #text + 1
      local line = text:sub(at, last - 1)
      at = last + 1
      if line:find("%S") then
        local value, problem = client.wire.decode(line)
        if type(value) == "table" then return value end
        error(errors.protocol("a line of the results is no JSON: " .. tostring(problem), line, label), 0)
      end
    end
  end
end

-- The items of a file, asked for at the first one.
local function fromFile(client, name)
  local nextLine
  return function()
    if not nextLine then
      local built = assert(request.build(client, "files.download", api.files.download, { name = name }))
      local text, err = require("gemini.download")(client, built)
      if not text then error(err, 0) end
      nextLine = lines(client, text, built.label)
    end
    return nextLine()
  end
end

local function fromList(list)
  local at = 0
  return function()
    at = at + 1
    return list[at]
  end
end

local function raising(err)
  return function() error(err, 0) end
end

-- The items as the server has them; nil where there are none.
local function items(client, operation)
  local output = outputOf(operation)
  if type(output.responsesFile) == "string" then return fromFile(client, output.responsesFile) end
  local inlined = child(output, "inlinedResponses")
  return inlined and fromList(tables.objects(inlined.inlinedResponses))
end

local function response(client, value)
  if type(value) ~= "table" then return nil end
  return value.embedding and value or wrap(client, "GenerateContentResponse", value)
end

---@param client gemini.State
---@param operation gemini.Operation  one that is done
---@param given? gemini.ResultsOptions
---@param label gemini.Label
---@param failure? gemini.Error  in which the batch ended: raised where there are no results
---@return fun(): gemini.BatchResult?
function batch.results(client, operation, given, label, failure)
  local requests = given and given.requests and byKey(given.requests) or {}
  local nextItem = items(client, operation) or failure and raising(failure) or fromList {}
  return function()
    local item = nextItem()
    if not item then return nil end
    local key = keyOf(item)
    return {
      key = key,
      request = key ~= nil and requests[key] or nil,
      response = response(client, item.response),
      error = type(item.error) == "table" and errors.status(item.error, label) or nil,
      metadata = item.metadata,
    }
  end
end

return batch
