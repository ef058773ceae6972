---The requests of a batch as its caller gives them: the key of each, what kind they are, and what is sent of them.

local api = require "gemini.api"
local batch = require "gemini.batch"
local canonical = require "gemini.canonical"
local codec = require("gemini.lazy") "gemini.codec"
local options = require "gemini.options"
local path = require "gemini.path"
local request = require "gemini.request"
local tables = require "gemini.tables"

local items = {}

---@class gemini.BatchKind
---@field method string  which one request would be a call of
---@field row gemini.Row
---@field creates string  the method that makes a batch of them

---@type table<string, gemini.BatchKind>
items.KINDS = {
  ["models.generateContent"] = {
    method = "models.generateContent", row = api.models.generateContent, creates = "batchGenerateContent",
  },
  ["models.embedContent"] = {
    method = "models.embedContent", row = api.models.embedContent, creates = "asyncBatchEmbedContent",
  },
}

local GENERATE, EMBED = items.KINDS["models.generateContent"], items.KINDS["models.embedContent"]

---@class gemini.BatchEntry
---@field key string
---@field item table  what results have as their `request`
---@field fields? table  of the request
---@field body? string  the request as JSON, in their place
---@field metadata? table  of the caller's
---@field size integer  bytes of its line in a file
---@field inlineSize integer  bytes that it has in the batch itself

-- The model stands in the path of a call, and not in what is sent of it.
local ANY_MODEL = "models/any"

local function written(client, kind, entry)
  if entry.body then return entry.body end
  local args = tables.copy(entry.fields)
  args.model = ANY_MODEL
  local built, problem = request.build(client, kind.method, kind.row, args)
  if not built then return nil, problem end
  return built.body
end

-- A cassette knows the bytes of a file by their hash, and names in a table have any order.
local function bodyOf(client, kind, entry)
  local body, problem = written(client, kind, entry)
  local value = body and client.cassette and codec.decode(body)
  return value and canonical(value) or body, problem
end

---A request as a line of a file.
---@param client gemini.State
---@param kind gemini.BatchKind
---@param entry gemini.BatchEntry
---@return string? line
---@return string? problem
function items.line(client, kind, entry)
  local body, problem = bodyOf(client, kind, entry)
  if not body then return nil, problem end
  return ('{"key":%s,"request":%s}\n'):format(client.wire.encode(entry.key), body)
end

---A request as one in the batch itself.
---@param client gemini.State
---@param kind gemini.BatchKind
---@param entry gemini.BatchEntry
---@return string? text
---@return string? problem
function items.inlined(client, kind, entry)
  local body, problem = bodyOf(client, kind, entry)
  if not body then return nil, problem end
  local metadata = tables.copy(entry.metadata or {})
  metadata.key = entry.key
  local text
  text, problem = client.wire.encode(metadata)
  return text and ('{"request":%s,"metadata":%s}'):format(body, text), problem
end

---Adds a request that is JSON already.
---@param client gemini.State
---@param kind gemini.BatchKind
---@param key string
---@param body string
---@param item table
---@return gemini.BatchEntry
function items.made(client, kind, key, body, item)
  local entry = { key = key, body = body, item = item }
  entry.size = #items.line(client, kind, entry)
  entry.inlineSize = entry.size
  return entry
end

-- The fields of a request, and the metadata beside it; or nil and what is wrong.
local function parts(item)
  if type(item) ~= "table" then return nil, "must be a table, got " .. type(item) end
  if item.request ~= nil then
    local problem = options.check(item, options.batchItem)
    if problem then return nil, problem end
    return item.request, item.metadata
  end
  if item.key == nil and item.metadata == nil then return item end
  return nil, "key and metadata stand beside the request: { key = …, request = { … } }"
end

local function kindOf(fields)
  return fields.content ~= nil and EMBED or GENERATE
end

-- The key that an item has, else its place.
local function ownKey(item, place)
  local key = batch.key(item)
  if key then return key end
  if item.key == nil and (item.metadata or item).key == nil then return ("%d"):format(place) end
  return nil, "key must be a string or a number"
end

local function givenKey(given, item, place)
  local key = given(item, place)
  if type(key) == "string" then return key end
  return nil, "key must return a string, got " .. type(key)
end

local function keyOf(client, given, item, place)
  local key, wrong
  if given then
    key, wrong = givenKey(given, item, place)
  else
    key, wrong = ownKey(item, place)
  end
  if not key then return nil, wrong end
  local _, problem = client.wire.encode(key)
  return key, problem and "key: " .. problem
end

local function modelProblem(fields, model)
  local own = fields.model
  if own == nil or not model then return nil end
  if type(own) == "string" and path.complete(own, "models/*") == path.complete(model, "models/*") then return nil end
  return ("the model %s is not that of the batch, %q"):format(tostring(own), model)
end

local function entryOf(client, given, kind, item, place)
  local fields, metadata = parts(item)
  if not fields then return nil, metadata end
  local key, problem = keyOf(client, given.key, item, place)
  problem = problem or modelProblem(fields, given.model)
  if problem then return nil, problem end
  kind = kind or kindOf(fields)
  if kind ~= kindOf(fields) then return nil, "requests with content and such with contents don't go in one batch" end
  local entry, line, inlined = { key = key, item = item, fields = fields, metadata = metadata }
  line, problem = items.line(client, kind, entry)
  inlined = line
  if line and metadata then
    inlined, problem = items.inlined(client, kind, entry)
  end
  if problem then return nil, problem end
  entry.size, entry.inlineSize = #line, #inlined
  return entry, kind
end

---Looks through all of them, and keeps of each what tells it from others.
---@param client gemini.State
---@param given { requests: table[], key?: function, model?: string }
---@return gemini.BatchEntry[]?
---@return gemini.BatchKind|string|nil kind  nil where there are none; or what is wrong
function items.read(client, given)
  local entries, kind, seen = {}, nil, {}
  for place, item in ipairs(given.requests) do
    local entry, found = entryOf(client, given, kind, item, place)
    if not entry then return nil, ("requests[%d]: %s"):format(place, found) end
    if seen[entry.key] then
      return nil, ("requests[%d] and requests[%d] have the same key, %q"):format(seen[entry.key], place, entry.key)
    end
    entries[place], kind, seen[entry.key] = entry, found, place
  end
  return entries, kind
end

return items
