-- The resource `tunedModels`. Nothing is tuned: a model is ready after settings.work, and its losses are made up.
require("gemini.interpreted")()

local tables = require "gemini.tables"
local collection = require "gemini.emulator.collection"
local errors = require "gemini.emulator.errors"
local models = require "gemini.emulator.models"
local operations = require "gemini.emulator.operations"
local paging = require "gemini.emulator.paging"
local permissions = require "gemini.emulator.permissions"
local ranges = require "gemini.emulator.ranges"
local resourcename = require "gemini.emulator.resourcename"
local typeUrl = require "gemini.emulator.typeurl"

local TUNABLE = { generateContent = true, createTunedTextModel = true, createTunedModel = true }
local DEFAULTS = { epochCount = 5, batchSize = 4 }
local RANGES = { { "temperature", 0, 2 }, { "topP", 0, 1 }, { "topK", 1, 2147483647 } }
local MOST_SNAPSHOTS = 100
local MOST_STEPS = 2147483647

local function refuse(text, ...) errors.raise("INVALID_ARGUMENT", text:format(...)) end

local function catalogModel(context, name)
  local model = models.get(context, name)
  for _, method in ipairs(model.supportedGenerationMethods) do
    if TUNABLE[method] then return model end
  end
  return refuse("%s cannot be tuned.", name)
end

-- The model of the catalog that a new one goes back to.
local function baseOf(context, value)
  if value.baseModel then return catalogModel(context, value.baseModel) end
  local source = (value.tunedModelSource or {}).tunedModel
  if not source then refuse "* TunedModel.source_model: base_model or tuned_model_source is not specified\n" end
  resourcename.check(source, "tunedModels/*")
  models.named(context, source, "createTunedModel")
  local tuned = context.store:get(source)
  value.tunedModelSource.baseModel = tuned.baseModel or tuned.tunedModelSource.baseModel
  return catalogModel(context, value.tunedModelSource.baseModel)
end

local function checkExamples(data)
  local examples = (data.examples or {}).examples
  if not examples then refuse "* TunedModel.tuning_task.training_data.examples: examples is not specified\n" end
  for i, example in ipairs(examples) do
    if not example.textInput then refuse("The example %d has no text_input.", i - 1) end
  end
  return examples
end

local function complete(value, defaults)
  for name, default in pairs(defaults) do
    if value[name] == nil then value[name] = default end
  end
end

local function stepsOf(examples, settings)
  if settings.epochCount < 1 or settings.batchSize < 1 then refuse "epoch_count and batch_size must be 1 or more." end
  local steps = math.ceil(#examples / settings.batchSize) * settings.epochCount
  if steps > MOST_STEPS then refuse("The tuning would take more than %d steps.", MOST_STEPS) end
  return steps
end

local function begin(context, value)
  local base, task, now = baseOf(context, value), value.tuningTask, context.store:now()
  local examples = checkExamples(task.trainingData)
  complete(value, { temperature = base.temperature, topP = base.topP, topK = base.topK })
  task.hyperparameters = task.hyperparameters or {}
  complete(task.hyperparameters, DEFAULTS)
  local steps = stepsOf(examples, task.hyperparameters)
  task.startTime, task.trainingData = context.store:time(now), nil
  return {
    startedAt = now,
    readyAt = now + context.settings.work,
    totalSteps = steps,
  }
end

-- What is shown of the training data is nothing: it is input only.
local function prepare(context, value)
  ranges(value, RANGES, "TunedModel")
  if not value.tuningTask.startTime then return begin(context, value) end
end

local function snapshot(context, value, hidden, step)
  local part = step / hidden.totalSteps
  return {
    step = step,
    epoch = math.ceil(part * value.tuningTask.hyperparameters.epochCount),
    meanLoss = 0.25 + 4 * (1 - part) ^ 2,
    computeTime = context.store:time(hidden.startedAt + part * (hidden.readyAt - hidden.startedAt)),
  }
end

local function snapshots(context, value, hidden, now)
  local count, list = math.min(hidden.totalSteps, MOST_SNAPSHOTS), {}
  for i = 1, count do
    local step = math.ceil(hidden.totalSteps * i / count)
    local at = hidden.startedAt + (hidden.readyAt - hidden.startedAt) * step / hidden.totalSteps
    if at > now and now < hidden.readyAt then break end
    list[i] = snapshot(context, value, hidden, step)
  end
  return list[1] and list
end

-- A model as it is at a time.
local function view(context, value, hidden, now)
  local shown, ready = tables.deepCopy(value), now >= hidden.readyAt
  shown.state = ready and "ACTIVE" or "CREATING"
  shown.tuningTask.completeTime = ready and context.store:time(hidden.readyAt) or nil
  shown.tuningTask.snapshots = snapshots(context, value, hidden, now)
  return shown
end

local KIND = {
  resource = "tunedModels",
  segment = "tunedModels",
  message = "TunedModel",
  mutable = {
    displayName = true, description = true, temperature = true, topP = true, topK = true, readerProjectNumbers = true,
  },
  pages = { default = 10, max = 1000 },
  prepare = prepare,
  show = function(context, value, hidden) return view(context, value, hidden, context.store:now()) end,
}

local methods = collection.methods(KIND)

methods["tunedModels.create"] = function(context)
  local body, id = tables.copy(context.body), context.query.tunedModelId
  if id and id ~= "" then body.name = "tunedModels/" .. id end
  local value = collection.create(context, KIND, nil, body)
  local _, hidden = context.store:get(value.name)
  local response = view(context, value, hidden, hidden.readyAt)
  response["@type"] = typeUrl "TunedModel"
  return { json = operations.start(context, ("%s/operations/%s"):format(value.name, context.store:id()), {
    metadata = {
      ["@type"] = typeUrl "CreateTunedModelMetadata",
      tunedModel = value.name,
      totalSteps = hidden.totalSteps,
    },
    response = response,
  }) }
end

local function sharedWithEveryone(context, value)
  for _, permission in ipairs(context.store:list(value.name .. "/permissions")) do
    if permission.granteeType == "EVERYONE" then return true end
  end
  return false
end

-- The emulator has one user, who owns every model: none is there by someone's grant.
local OPERATORS = {
  ["owner:me"] = function() return true end,
  ["writers:me"] = function() return false end,
  ["readers:me"] = function() return false end,
  ["readers:everyone"] = sharedWithEveryone,
}

-- Whether a model has all words of a filter in its names.
local function matches(context, value, filter)
  local text = ((value.displayName or "") .. " " .. (value.description or "")):lower()
  for word in filter:lower():gmatch("%S+") do
    local operator = OPERATORS[word]
    local met = operator and operator(context, value) or not operator and text:find(word, 1, true)
    if not met then return false end
  end
  return true
end

methods["tunedModels.list"] = function(context)
  local matching = {}
  for _, value in ipairs(context.store:list("tunedModels")) do
    if matches(context, value, context.query.filter or "") then table.insert(matching, value) end
  end
  local page, nextPageToken = paging.page(matching, context.query, KIND.pages)
  for i, value in ipairs(page) do page[i] = collection.show(context, KIND, value.name) end
  return { json = { tunedModels = page[1] and page, nextPageToken = nextPageToken } }
end

methods["tunedModels.transferOwnership"] = function(context)
  context.store:get(context.params.name)
  permissions.transfer(context, context.params.name, context.body.emailAddress)
  return { json = {} }
end

return { methods = methods }
