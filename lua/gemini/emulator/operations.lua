-- Long-running operations: kept as they will end, shown as they are by now.
require("gemini.interpreted")()

local tables = require "gemini.tables"
local errors = require "gemini.emulator.errors"
local location = require "gemini.emulator.location"
local models = require "gemini.emulator.models"
local paging = require "gemini.emulator.paging"

local operations = {}

local PAGES = { default = 50, max = 100 }

---@class gemini.emulator.Outcome
---@field metadata table? with `totalSteps`, it tells how many of them are done by now
---@field response table? a `uri` in it is kept without the host, which is another one after a restart: "v1beta/…"
---@field error table? a google.rpc.Status
---@field early boolean? the response is there before the operation is done
---@field seconds number? that the operation takes; settings.work when absent

-- The part of the work that is done, from 0 to 1.
local function share(hidden, now)
  if now >= hidden.readyAt then return 1 end
  return (now - hidden.startedAt) / (hidden.readyAt - hidden.startedAt)
end

local function progress(metadata, done)
  if not metadata or not metadata.totalSteps then return metadata end
  local shown = tables.copy(metadata)
  shown.completedSteps = math.floor(metadata.totalSteps * done)
  shown.completedPercent = 100 * done
  return shown
end

local function located(context, value)
  if type(value) ~= "table" then return value end
  local shown = {}
  for name, inner in pairs(value) do
    shown[name] = name == "uri" and location(context, inner) or located(context, inner)
  end
  return shown
end

---@param context table
---@param name string
---@return table operation as it is by now; raises NOT_FOUND
function operations.show(context, name)
  local value, hidden = context.store:get(name)
  local part = share(hidden, context.store:now())
  local shown = { name = name, metadata = progress(value.metadata, part), done = part == 1 or nil }
  if shown.done or hidden.early then
    shown.response, shown.error = located(context, hidden.response), hidden.error
  end
  return shown
end

---Begins an operation, whose outcome is known already.
---@param context table
---@param name string "models/x/operations/y"
---@param outcome gemini.emulator.Outcome
---@return table operation as the API shows it
function operations.start(context, name, outcome)
  local now = context.store:now()
  context.store:insert(name, { name = name, metadata = outcome.metadata }, {
    startedAt = now,
    readyAt = now + (outcome.seconds or context.settings.work),
    response = outcome.response,
    error = outcome.error,
    early = outcome.early,
  })
  return operations.show(context, name)
end

---Raises where a list of operations is to be filtered: an unfiltered one would pass for the answer.
---@param context table
function operations.refuseFilter(context)
  if not context.query.filter or context.query.filter == "" then return end
  errors.raise("INVALID_ARGUMENT", "The emulator does not filter operations: leave the filter out.")
end

local function list(context)
  operations.refuseFilter(context)
  local values = context.store:list(context.params.name .. "/operations")
  local page, nextPageToken = paging.page(values, context.query, PAGES)
  for i, value in ipairs(page) do page[i] = operations.show(context, value.name) end
  return { json = { operations = page[1] and page, nextPageToken = nextPageToken } }
end

local function get(context) return { json = operations.show(context, context.params.name) } end

operations.methods = {
  ["models.operations.list"] = function(context)
    models.get(context, context.params.name)
    return list(context)
  end,
  ["tunedModels.operations.list"] = function(context)
    context.store:get(context.params.name)
    return list(context)
  end,
}

local HOMES = {
  "models", "tunedModels", "corpora", "fileSearchStores", "fileSearchStores.upload", "generatedFiles",
}
for _, home in ipairs(HOMES) do operations.methods[home .. ".operations.get"] = get end

return operations
