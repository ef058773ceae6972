-- The resource `models`: list, get, and the lookup for the methods that need a model.
local catalog = require "gemini.emulator.catalog"
local errors = require "gemini.emulator.errors"
local paging = require "gemini.emulator.paging"
local resourcename = require "gemini.emulator.resourcename"

local models = {}

local PAGES = { default = 50, max = 1000 }

local byName = {}
for _, model in ipairs(catalog) do byName[model.name] = model end

local function supports(model, method)
  for _, name in ipairs(model.supportedGenerationMethods) do
    if name == method then return true end
  end
  return false
end

-- A model that was tuned here. What the catalog says of its base does not matter.
local function tuned(context, name)
  local value, hidden = context.store:find(name)
  if not value or not resourcename.is(name, "tunedModels/*") then return nil end
  if hidden.readyAt > context.store:now() then
    errors.raise("FAILED_PRECONDITION", name .. " is still being tuned: it answers when its state is ACTIVE.")
  end
  return { name = name, baseModelId = name }
end

-- Any name is one of a dynamic model.
local function dynamic(name)
  return name:find("^dynamic/") and { name = name, baseModelId = name }
end

---Finds a model; raises an error object where it does not exist or does not have the method.
---@param context table
---@param name string
---@param method string as in `supportedGenerationMethods`
---@return table model
function models.named(context, name, method)
  local model = byName[name]
  if model and supports(model, method) then return model end
  model = not model and (tuned(context, name) or dynamic(name))
  if model then return model end
  local text = "%s is not found for API version %s, or is not supported for %s. "
    .. "Call ListModels to see which models there are and what each supports."
  return errors.raise("NOT_FOUND", text:format(name, context.params.version, method))
end

---Finds the model of a call, as models.named does.
---@param context table the handler's context; its path has `model` or `batch.model`
---@param method string
---@return table model
function models.find(context, method)
  return models.named(context, context.params.model or context.params["batch.model"], method)
end

---@param context table
---@param name string
---@return table model of the catalog; raises NOT_FOUND
function models.get(context, name)
  local model = byName[name]
  if model then return model end
  local text = "Model is not found: %s for api version %s"
  return errors.raise("NOT_FOUND", text:format(name, context.params.version))
end

local function list(context)
  local page, nextPageToken = paging.page(catalog, context.query, PAGES)
  return { json = { models = page[1] and page, nextPageToken = nextPageToken } }
end

local function get(context) return { json = models.get(context, context.params.name) } end

models.methods = { ["models.list"] = list, ["models.get"] = get }

return models
