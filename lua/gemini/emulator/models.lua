-- The resource `models`: list, get, and the lookup for the methods that need a model.
local catalog = require "gemini.emulator.catalog"
local errors = require "gemini.emulator.errors"
local paging = require "gemini.emulator.paging"

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

---Finds the model of a call; raises an error object where it does not exist or does not have the method.
---@param context table the handler's context; its path has `model`
---@param method string as in `supportedGenerationMethods`
---@return table model
function models.find(context, method)
  local name, model = context.params.model, byName[context.params.model]
  if model and supports(model, method) then return model end
  local text = "%s is not found for API version %s, or is not supported for %s. "
    .. "Call ListModels to see which models there are and what each supports."
  return errors.raise("NOT_FOUND", text:format(name, context.params.version, method))
end

local function list(context)
  local page, nextPageToken = paging.page(catalog, context.query, PAGES)
  return { json = { models = page[1] and page, nextPageToken = nextPageToken } }
end

local function get(context)
  local name = context.params.name
  local model = byName[name]
  if model then return { json = model } end
  local text = "Model is not found: %s for api version %s"
  return errors.raise("NOT_FOUND", text:format(name, context.params.version))
end

models.routes = {
  { "GET", "/{version}/models", list, query = { pageSize = "int32", pageToken = "string" } },
  { "GET", "/{version}/{name=models/*}", get },
}

return models
