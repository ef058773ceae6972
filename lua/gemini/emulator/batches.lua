-- The resource `batches`, and the methods that begin a batch. The answers are there from the beginning; they are shown
-- when the time that the work takes is over.
local tables = require "gemini.tables"
local batchwork = require "gemini.emulator.batchwork"
local errors = require "gemini.emulator.errors"
local files = require "gemini.emulator.files"
local mask = require "gemini.emulator.mask"
local models = require "gemini.emulator.models"
local operations = require "gemini.emulator.operations"
local paging = require "gemini.emulator.paging"
local typeUrl = require "gemini.emulator.typeurl"

local PAGES = { default = 50, max = 100 }
-- The part of the work's time in which a batch has not begun.
local WAITING = 0.25
local MUTABLE = { displayName = true, priority = true, webhookConfig = true }

local GENERATE = {
  method = "batchGenerateContent",
  type = typeUrl "GenerateContentBatch",
  request = "GenerateContentRequest",
  variable = "generateContentBatch.name",
}
local EMBED = {
  method = "asyncBatchEmbedContent",
  type = typeUrl "EmbedContentBatch",
  request = "EmbedContentRequest",
  variable = "embedContentBatch.name",
}

local function stateOf(hidden, now)
  if hidden.cancelledAt then return "CANCELLED" end
  if now >= hidden.readyAt then return "SUCCEEDED" end
  return now >= hidden.begunAt and "RUNNING" or "PENDING"
end

-- When the state last changed, and whether it will again.
local function lastChange(hidden, state)
  if state == "CANCELLED" then return hidden.cancelledAt, true end
  if state == "SUCCEEDED" then return hidden.readyAt, true end
  return state == "RUNNING" and hidden.begunAt or hidden.createdAt, false
end

local function count(number) return number > 0 and ("%d"):format(number) or nil end

local function statsOf(hidden, state)
  local ready = state == "SUCCEEDED"
  return {
    requestCount = count(hidden.requests),
    pendingRequestCount = not ready and count(hidden.requests) or nil,
    successfulRequestCount = ready and count(hidden.requests - hidden.failed) or nil,
    failedRequestCount = ready and count(hidden.failed) or nil,
  }
end

local function outputOf(hidden)
  if hidden.responsesFile then return { responsesFile = hidden.responsesFile } end
  return { inlinedResponses = { inlinedResponses = hidden.results } }
end

local function metadataOf(context, value, hidden, state)
  local shown, changedAt, ended = tables.copy(value.metadata), lastChange(hidden, state)
  shown.state = "BATCH_STATE_" .. state
  shown.batchStats = statsOf(hidden, state)
  shown.updateTime = context.store:time(math.max(changedAt, hidden.updatedAt))
  shown.endTime = ended and context.store:time(changedAt) or nil
  shown.output = state == "SUCCEEDED" and outputOf(hidden) or nil
  return shown
end

-- A batch is an operation.
local function show(context, name)
  local value, hidden = context.store:get(name)
  local state = stateOf(hidden, context.store:now())
  local shown = { name = name, metadata = metadataOf(context, value, hidden, state) }
  if state == "SUCCEEDED" then
    shown.done, shown.response = true, outputOf(hidden)
    shown.response["@type"] = value.metadata["@type"] .. "Output"
  elseif state == "CANCELLED" then
    shown.done, shown.error = true, { code = 1, message = "The batch was cancelled." }
  end
  return shown
end

-- The file that a batch of a file's requests makes; returns its name.
local function addFile(context, id, results, readyAt)
  local blob = context.store.blobs:of(batchwork.lines(results))
  local media = { blob = blob, mimeType = "application/jsonl", source = "GENERATED", appearsAt = readyAt }
  local name = "files/batch-" .. id
  files.add(context, { name = name }, media)
  return name
end

local function creating(kind)
  return function(context)
    models.find(context, kind.method)
    local batch, id = context.body.batch, context.store:id()
    local items = batchwork.items(context, kind.request, batch.inputConfig)
    local results, failed = batchwork.results(context, kind.request, items)
    local now = context.store:now()
    local name, readyAt = "batches/" .. id, now + context.settings.work
    local file = batch.inputConfig.fileName and addFile(context, id, results, readyAt) or nil
    context.store:insert(name, {
      metadata = {
        ["@type"] = kind.type, name = name, model = context.params["batch.model"], displayName = batch.displayName,
        priority = batch.priority, webhookConfig = batch.webhookConfig, createTime = context.store:time(now),
      },
    }, {
      inputConfig = batch.inputConfig, results = not file and results or nil, responsesFile = file, requests = #items,
      failed = failed, createdAt = now, updatedAt = now, begunAt = now + WAITING * context.settings.work,
      readyAt = readyAt,
    })
    return { json = show(context, name) }
  end
end

local function get(context) return { json = show(context, context.params.name) } end

local function list(context)
  operations.refuseFilter(context)
  local names = {}
  for i, value in ipairs(context.store:list("batches")) do names[i] = value.metadata.name end
  local page, nextPageToken = paging.page(names, context.query, PAGES)
  for i, name in ipairs(page) do page[i] = show(context, name) end
  return { json = { operations = page[1] and page, nextPageToken = nextPageToken } }
end

-- What is under way makes no file any more.
local function dropFile(context, hidden)
  local name = hidden.responsesFile
  if name and context.store:find(name) then context.store:remove(name) end
end

-- What has ended stays as it is.
local function cancel(context)
  local _, hidden = context.store:get(context.params.name)
  local now = context.store:now()
  if hidden.cancelledAt or now >= hidden.readyAt then return { json = {} } end
  hidden.cancelledAt, hidden.results = now, nil
  dropFile(context, hidden)
  context.store:changed()
  return { json = {} }
end

local function delete(context)
  local _, hidden = context.store:get(context.params.name)
  if context.store:now() < hidden.readyAt then dropFile(context, hidden) end
  context.store:remove(context.params.name)
  return { json = {} }
end

local function updating(kind)
  return function(context)
    local name = context.params[kind.variable]
    local value, hidden = context.store:get(name)
    if value.metadata["@type"] ~= kind.type then
      errors.raise("INVALID_ARGUMENT", ("%s is a batch of another kind."):format(name))
    end
    mask.apply(value.metadata, context.body, context.query.updateMask, MUTABLE)
    hidden.updatedAt = context.store:now()
    context.store:changed()
    local batch = show(context, name).metadata
    batch["@type"], batch.inputConfig = nil, hidden.inputConfig
    return { json = batch }
  end
end

return {
  methods = {
    ["models.batchGenerateContent"] = creating(GENERATE),
    ["models.asyncBatchEmbedContent"] = creating(EMBED),
    ["tunedModels.batchGenerateContent"] = creating(GENERATE),
    ["tunedModels.asyncBatchEmbedContent"] = creating(EMBED),
    ["batches.get"] = get,
    ["batches.list"] = list,
    ["batches.cancel"] = cancel,
    ["batches.delete"] = delete,
    ["batches.updateGenerateContentBatch"] = updating(GENERATE),
    ["batches.updateEmbedContentBatch"] = updating(EMBED),
  },
}
