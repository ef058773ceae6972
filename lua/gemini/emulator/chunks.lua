-- The resource `corpora.documents.chunks`: the pieces of text that a search finds, one by one or a hundred at a time.
require("gemini.interpreted")()

local tables = require "gemini.tables"
local collection = require "gemini.emulator.collection"
local errors = require "gemini.emulator.errors"
local metadata = require "gemini.emulator.metadata"
local tokens = require "gemini.emulator.tokens"

local LONGEST = 2043 -- tokens
local MOST_AT_ONCE = 100
local MOST_IN_CORPUS = 1000000

local function prepare(context, value)
  local text = (value.data or {}).stringValue
  if not text or text == "" then
    errors.raise("INVALID_ARGUMENT", "* Chunk.data: a chunk must have data.string_value\n")
  end
  if tokens.ofBytes(#text) > LONGEST then
    errors.raise("INVALID_ARGUMENT", ("A chunk must have no more than %d tokens."):format(LONGEST))
  end
  metadata.check(value.customMetadata)
  return { readyAt = context.store:now() + context.settings.work }
end

local function show(context, value, hidden)
  local shown = tables.copy(value)
  shown.state = context.store:now() < hidden.readyAt and "STATE_PENDING_PROCESSING" or "STATE_ACTIVE"
  return shown
end

local KIND = {
  resource = "corpora.documents.chunks",
  segment = "chunks",
  message = "Chunk",
  mutable = { data = true, customMetadata = true },
  pages = { default = 10, max = 100 },
  prepare = prepare,
  show = show,
}

local chunks = { methods = collection.methods(KIND) }

---The chunks of a document in the order of their creation, as clients see them.
---@param context table
---@param document string
---@return table[]
function chunks.of(context, document)
  local all, hidden = context.store:list(collection.path(KIND, document))
  for i, value in ipairs(all) do all[i] = show(context, value, hidden[i]) end
  return all
end

local function checkRoom(context, document, wanted)
  local corpus, count = document:match("^corpora/[^/]+"), wanted
  for _, each in ipairs(context.store:list(corpus .. "/documents")) do
    count = count + context.store:count(collection.path(KIND, each.name))
  end
  if count <= MOST_IN_CORPUS then return end
  errors.raise("RESOURCE_EXHAUSTED", ("%s may hold at most %d chunks."):format(corpus, MOST_IN_CORPUS))
end

local function create(context, parent, body)
  return collection.show(context, KIND, collection.create(context, KIND, parent, body).name)
end

-- The requests of a batch, which must be for the document in its path, as must be the batch itself.
local function requestsOf(context)
  local parent, requests = context.params.parent, context.body.requests
  context.store:get(parent)
  if #requests > MOST_AT_ONCE then
    errors.raise("INVALID_ARGUMENT", ("A batch may have at most %d requests, got %d."):format(MOST_AT_ONCE, #requests))
  end
  if context.body.parent and context.body.parent ~= parent then
    errors.raise("INVALID_ARGUMENT", ("parent must be '%s', as in the path."):format(parent))
  end
  return requests, parent
end

local function checkNames(names, parent)
  local seen = {}
  for i, name in ipairs(names) do
    if name:sub(1, #parent + 8) ~= parent .. "/chunks/" then
      errors.raise("INVALID_ARGUMENT", ("requests[%d]: '%s' is not a chunk of %s."):format(i - 1, name, parent))
    end
    if seen[name] then
      errors.raise("INVALID_ARGUMENT", ("requests[%d]: '%s' is there twice."):format(i - 1, name))
    end
    seen[name] = true
  end
end

-- Where one of them raises, the service takes back what the others did.
local function each(requests, change)
  local made = {}
  for i, request in ipairs(requests) do made[i] = change(request) end
  return { json = { chunks = made } }
end

local function batchCreate(context)
  local requests, parent = requestsOf(context)
  checkRoom(context, parent, #requests)
  for i, request in ipairs(requests) do
    if request.parent ~= parent then
      errors.raise("INVALID_ARGUMENT", ("requests[%d].parent must be '%s', as in the path."):format(i - 1, parent))
    end
  end
  return each(requests, function(request) return create(context, parent, request.chunk) end)
end

local function batchUpdate(context)
  local requests, parent = requestsOf(context)
  local names = {}
  for i, request in ipairs(requests) do names[i] = request.chunk.name or "" end
  checkNames(names, parent)
  return each(requests, function(request)
    return collection.patch(context, KIND, request.chunk.name, request.chunk, request.updateMask)
  end)
end

local function batchDelete(context)
  local requests, parent = requestsOf(context)
  local names = {}
  for i, request in ipairs(requests) do names[i] = request.name end
  checkNames(names, parent)
  for _, name in ipairs(names) do context.store:remove(name) end
  return { json = {} }
end

chunks.methods["corpora.documents.chunks.create"] = function(context)
  context.store:get(context.params.parent)
  checkRoom(context, context.params.parent, 1)
  return { json = create(context, context.params.parent, context.body) }
end
chunks.methods["corpora.documents.chunks.batchCreate"] = batchCreate
chunks.methods["corpora.documents.chunks.batchUpdate"] = batchUpdate
chunks.methods["corpora.documents.chunks.batchDelete"] = batchDelete

return chunks
