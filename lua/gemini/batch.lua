---The results of a batch: inline or in a file, each with the request of the same key, never by their order.

require("gemini.interpreted")()

local api = require "gemini.api"
local errors = require "gemini.errors"
local tables = require "gemini.tables"
local wrap = require "gemini.wrap"

local batch = {}

---@class gemini.BatchResult
---@field key? string  of the request it answers
---@field request? table  the item of `requests` with this key
---@field response? gemini.Reply|table  a GenerateContentResponse or an EmbedContentResponse
---@field error? gemini.Error  why there is no response
---@field metadata? table  as it was sent with the request

-- What may be a key: no null, and no NaN.
local function usable(key)
  local kind = type(key)
  return (kind == "string" or kind == "number" and key == key) and key or nil
end

local function keyOf(item)
  local metadata = item.metadata
  return type(metadata) == "table" and usable(metadata.key) or usable(item.key)
end

local mathType = rawget(math, "type") or function() return "float" end

-- A number may come back as text, and an integer as 1.0.
local function asText(key)
  if type(key) == "string" or mathType(key) == "integer" then return tostring(key) end
  return (key % 1 == 0 and "%.0f" or "%.17g"):format(key)
end

---@param item table  a request of a batch, or a result
---@return string? key  as text; nil where it has none
function batch.key(item)
  local key = keyOf(item)
  return key ~= nil and asText(key) or nil
end

---@param requests table[]  of a batch
---@return table<string, table>? index  the requests by their keys as text
---@return string? problem
function batch.index(requests)
  local index = {}
  for i, item in ipairs(requests) do
    local text = type(item) == "table" and batch.key(item) or nil
    if text == nil then
      return nil, ("requests[%d] has no key: results are joined to requests by metadata.key or key"):format(i)
    end
    if index[text] then return nil, ("requests: two have the key %q"):format(text) end
    index[text] = item
  end
  return index
end

local function child(value, name)
  return type(value) == "table" and type(value[name]) == "table" and value[name] or nil
end

local function listIn(value)
  local inlined = child(value, "inlinedResponses")
  return tables.objects(inlined and inlined.inlinedResponses)
end

-- A GenerateContentBatchOutput or its like that has results.
local function output(value)
  if type(value) ~= "table" then return nil end
  local file = value.responsesFile
  return (type(file) == "string" and file ~= "" or #listIn(value) > 0) and value or nil
end

local function failing(err)
  return function() return nil, err end
end

-- A time for each request is none for results, which take as long as they are read.
local function withoutTimeout(call)
  local given = tables.copy(call or {})
  given.timeout = nil
  return given
end

-- The lines of a batch's file; where it can't be asked for, its error.
local function open(client, name, about, call)
  local download = require "gemini.download"
  local args, row = { name = name }, api.files.download
  local built, problem = download.build(client, "files.download", row, args, withoutTimeout(call))
  if not built then return failing(errors.protocol("the results can't be downloaded: " .. problem, "", about)) end
  return require("gemini.download.lines")(client, built)
end

-- The items of a file, asked for at the first one.
local function fromFile(client, name, about, call)
  local nextLine
  return function()
    nextLine = nextLine or open(client, name, about, call)
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

-- The items as the server has them; nil where there are none.
local function items(client, operation, about, call)
  local found = output(child(operation, "metadata") and operation.metadata.output) or output(operation.response)
  if not found then return nil end
  local list = listIn(found)
  return #list > 0 and fromList(list) or fromFile(client, found.responsesFile, about, call)
end

local function response(client, value)
  if type(value) ~= "table" then return nil end
  return value.embedding and value or wrap(client, "GenerateContentResponse", value)
end

---@param client gemini.State
---@param operation gemini.Operation  one that is done
---@param requests table<string, table>  from batch.index
---@param about gemini.Label
---@param failure? gemini.Error  in which the batch ended: that of the first result where there are none
---@param call? gemini.CallOptions  of the download of a file, but for its `timeout`
---@return fun(): gemini.BatchResult?, gemini.Error?  the next result; nil at the end; nil and the error
function batch.read(client, operation, requests, about, failure, call)
  local none = failure or errors.new("protocol", "the batch is done and has no results", about)
  local nextItem = items(client, operation, about, call) or failing(none)
  return function()
    local item, err = nextItem()
    if not item then return nil, err end
    local key = keyOf(item)
    return {
      key = key,
      request = key ~= nil and requests[asText(key)] or nil,
      response = response(client, item.response),
      error = errors.isStatus(item.error) and errors.status(item.error, about) or nil,
      metadata = type(item.metadata) == "table" and item.metadata or nil,
    }
  end
end

return batch
