---Makes batches: small ones hold their requests, others name a file of them.

local api = require "gemini.api"
local errors = require "gemini.errors"
local items = require "gemini.batch.items"
local lazy = require "gemini.lazy"
local request = require "gemini.request"
local rest = require "gemini.rest"

local upload = lazy "gemini.upload"

local sending = {}

---@class gemini.BatchPlan  what is sent, and how
---@field client gemini.State
---@field options fun(): gemini.CallOptions?  of each request; a function, for nobody who looks at a run shall see them
---@field kind? gemini.BatchKind  nil where nothing is sent
---@field model? string
---@field displayName? string
---@field maxInlineSize? integer
---@field wait gemini.WaitOptions  and `stallTimeout`
---@field retryFailed? integer
---@field names? string[]  of batches that are there already
---@field entries? gemini.BatchEntry[]

-- Google takes 20 MB.
local MOST_INLINE = 16 * 1024 * 1024

local function displayName(plan, count)
  return plan.displayName or ("%d requests"):format(count)
end

-- The method that makes a batch, and its row.
local function creating(plan)
  local home = type(plan.model) == "string" and plan.model:match("^tunedModels/") and "tunedModels" or "models"
  return home .. "." .. plan.kind.creates, api[home][plan.kind.creates]
end

---The request that makes a batch of a file.
---@param plan gemini.BatchPlan
---@param name string  of the file
---@param count integer  of its requests
---@return gemini.Request?
---@return string? problem  what is wrong with the model, or the call's options
function sending.build(plan, name, count)
  local method, row = creating(plan)
  local fields = { displayName = displayName(plan, count), inputConfig = { fileName = name } }
  return request.build(plan.client, method, row, { model = plan.model, batch = fields }, plan.options())
end

-- Gives one line after the other.
local function reader(plan, entries)
  local place = 0
  return function()
    place = place + 1
    local entry = entries[place]
    if not entry then return nil end
    return items.line(plan.client, plan.kind, entry)
  end
end

local function total(entries, name)
  local size = 0
  for _, entry in ipairs(entries) do size = size + entry[name] end
  return size
end

-- The name of the file; or nil and the error.
local function uploaded(plan, entries)
  local row = api.media.upload
  local args = {
    read = reader(plan, entries), size = total(entries, "size"), protocol = "resumable",
    mimeType = "application/jsonl", displayName = displayName(plan, #entries),
  }
  local built, problem = upload.build(plan.client, "media.upload", row, args, plan.options())
  if not built then error(problem, 0) end
  local file, err = upload.send(plan.client, row, built, args, plan.options())
  if not file then return nil, err end
  if type(file.name) == "string" then return file.name end
  return nil, errors.protocol("the file that was uploaded has no name", "", built.label)
end

-- The requests are JSON already: the batch is joined of texts.
local function body(plan, entries)
  local texts = {}
  for i, entry in ipairs(entries) do texts[i] = assert(items.inlined(plan.client, plan.kind, entry)) end
  return ('{"batch":{"displayName":%s,"inputConfig":{"requests":{"requests":[%s]}}}}'):format(
    plan.client.wire.encode(displayName(plan, #entries)), table.concat(texts, ","))
end

---Makes a batch.
---@param plan gemini.BatchPlan
---@param entries gemini.BatchEntry[]
---@return gemini.Operation?
---@return gemini.Error?
function sending.create(plan, entries)
  local isInline, name = total(entries, "inlineSize") < (plan.maxInlineSize or MOST_INLINE), nil
  if not isInline then
    local err
    name, err = uploaded(plan, entries)
    if not name then return nil, err end
  end
  local built, problem = sending.build(plan, name or "files/none", #entries)
  -- The file's name is the server's.
  if not built then return nil, errors.protocol(problem, "", errors.label(plan.client, (creating(plan)), name)) end
  if isInline then built.body = body(plan, entries) end
  return rest.call(plan.client, select(2, creating(plan)), built)
end

return sending
