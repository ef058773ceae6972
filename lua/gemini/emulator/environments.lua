-- The resource `environments`: places where agents work. Here they hold files and do nothing.
local mime = require "mime"
local tables = require "gemini.tables"
local errors = require "gemini.emulator.errors"
local files = require "gemini.emulator.environmentfiles"
local identified = require "gemini.emulator.identified"
local json = require "gemini.emulator.json"

local SOURCES = { gcs = true, inline = true, repository = true, skill_registry = true }

local function checkSource(source, path)
  if not json.isObject(source) or not SOURCES[source.type] then
    local text = "Invalid value at '%s.type', expected one of %s."
    errors.raise("INVALID_ARGUMENT", text:format(path, table.concat(tables.sortedKeys(SOURCES), ", ")))
  end
  local inline = source.type == "inline"
  if inline and not (type(source.target) == "string" and type(source.content) == "string") then
    errors.raise("INVALID_ARGUMENT", ("Invalid value at '%s': an inline source has a target and content."):format(path))
  end
end

local environments = {}

---The id of an environment; raises NOT_FOUND where there is none.
---@param context table
---@param text string with or without "environments/"
---@return string id
---@return table value as it is stored
function environments.find(context, text)
  local id = text:gsub("^environments/", "")
  -- With a slash it would be a file's name.
  if id:find("/", 1, true) then errors.raise("NOT_FOUND", "Requested entity was not found: " .. text) end
  return id, context.store:get("environments/" .. id)
end

local function checkFork(context, value)
  value.from_environment = environments.find(context, value.from_environment)
  if value.sources or value.env then
    errors.raise("INVALID_ARGUMENT", "An environment from another one has neither sources nor env of its own.")
  end
end

local function prepare(context, value)
  if type(value.network) == "string" and value.network ~= "disabled" then
    errors.raise("INVALID_ARGUMENT", "Invalid value at 'network', expected \"disabled\" or an object.")
  end
  for i, source in ipairs(value.sources or {}) do checkSource(source, ("sources[%d]"):format(i - 1)) end
  if value.from_environment then checkFork(context, value) end
  local from = value.from_environment
  value.status, value.last_accessed = "active", value.created
  value.from_environment, value.env = nil, nil
  return { from = from }
end

local function show(context, value)
  local shown, count, size = tables.copy(value), 0, 0
  for _, file in ipairs((files.all(context, value.id))) do
    if file.type == "FILE" then count, size = count + 1, size + tonumber(file.size_bytes) end
  end
  shown.file_count, shown.size_bytes = ("%d"):format(count), ("%d"):format(size)
  return shown
end

local KIND = {
  segment = "environments",
  message = "Environment",
  rules = { network = "string|object", sources = "list", from_environment = "string", env = "object" },
  output = {
    id = true, status = true, created = true, updated = true, last_accessed = true, file_count = true,
    size_bytes = true,
  },
  created = "created",
  updated = "updated",
  prepare = prepare,
  show = show,
}

environments.methods = identified.methods(KIND)

-- What the other sources name is somewhere else, and not fetched.
local function writeInline(context, id, source)
  if source.type ~= "inline" then return end
  local bytes = source.encoding == "base64" and mime.unb64(source.content) or source.content
  files.write(context, id, source.target, {
    blob = context.store.blobs:of(bytes), mimeType = "text/plain", overwrite = true,
  })
end

local function fill(context, id, sources, from)
  if from then files.copy(context, from, id) end
  for _, source in ipairs(sources or {}) do writeInline(context, id, source) end
end

---Creates an environment and fills it.
---@param context table
---@param body table
---@return table value as clients see it
function environments.create(context, body)
  local value, hidden = identified.create(context, KIND, body)
  local ok, problem = pcall(fill, context, value.id, value.sources, hidden.from)
  if not ok then
    context.store:remove(identified.name(KIND, value.id))
    error(problem, 0)
  end
  return show(context, value)
end

environments.methods["environments.create"] = function(context)
  return { json = environments.create(context, context.body) }
end

---The environment that an interaction or an agent asks for: by its id, or made for it.
---@param context table
---@param wanted string|table?
---@return string? id
function environments.resolve(context, wanted)
  if wanted == nil then return nil end
  if type(wanted) == "string" and wanted ~= "remote" then
    local id, value = environments.find(context, wanted)
    value.last_accessed = context.store:time()
    context.store:changed()
    return id
  end
  local body = type(wanted) == "table" and tables.copy(wanted) or {}
  body.type = nil
  return environments.create(context, body).id
end

return environments
