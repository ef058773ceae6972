---Brings the fields of a request into the API's form, as the facts about its messages say: contents from strings and
---parts, full resource names from bare ones, `[]` for empty lists, and what each request of several has to repeat. The
---caller's tables are never changed; one that needs no change is used as it is.

require("gemini.interpreted")()

local content = require "gemini.content"
local kinds = require "gemini.kinds"
local memo = require "gemini.memo"
local messages = require "gemini.messages"
local path = require "gemini.path"
local structured = require "gemini.structured"
local tables = require "gemini.tables"

local shape = {}

-- Deeper than JSON may be nested, there is a cycle, which the encoder refuses.
local DEEPEST = 1000

-- Fields that name a resource of one collection, whatever message they are in.
local COLLECTIONS = {
  baseModel = "models/*",
  cachedContent = "cachedContents/*",
  embeddingModel = "models/*",
  fileName = "files/*",
  fileSearchStoreNames = "fileSearchStores/*",
  model = "models/*",
  tunedModel = "tunedModels/*",
}

-- Fields that only the server sets, where no facts tell.
local SET_BY_SERVER = {
  created = true,
  create_time = true,
  id = true,
  object = true,
  signing_secrets = true,
  updated = true,
  update_time = true,
}

-- Messages of which a patch may change these fields alone.
local CHANGEABLE = { CachedContent = { expireTime = true, ttl = true } }

-- Whether a patch may change a field: not what only the server sets, nor the name that says which resource is meant.
local function mayChange(message, name)
  local fields = messages.get(message)
  if not fields then return not SET_BY_SERVER[name] end
  if CHANGEABLE[message] then return CHANGEABLE[message][name] end
  local field = fields[name]
  return not (field and (field.outputOnly or name == "name"))
end

---The field mask of a patch: the top-level fields given that it may change.
---@param message string
---@param given table<string, any>
---@return string? mask  nil for none
function shape.mask(message, given)
  local names = {}
  for name in next, given do
    if mayChange(message, name) then names[#names + 1] = tostring(name) end
  end
  table.sort(names)
  return names[1] and table.concat(names, ",")
end

local walk

-- What is wrong, told from one level further up; the path is put together where there is a problem, and only there.
local function at(key, problem)
  local own = type(key) == "number" and "[" .. tostring(key) .. "]" or tostring(key)
  return own .. (problem:find("^[%[: ]") and "" or ".") .. problem
end

local function single(field, name, value, depth)
  if field.type == "string" then
    local pattern = type(value) == "string" and COLLECTIONS[name]
    return pattern and path.complete(value, pattern) or value
  end
  if field.type == "Content" and not field.list and not kinds.isNull(value) then
    local problem
    value, problem = content.instruction(value)
    if problem then return nil, problem end
  end
  if type(value) ~= "table" then return value end
  return walk(field.type, value, depth)
end

-- The table of a list's or a map's values, each in its form; the same one if none needed a change.
local function each(field, name, values, depth)
  local out
  for key, value in next, values do
    local shaped, problem = single(field, name, value, depth)
    if problem then return nil, at(key, problem) end
    if not rawequal(shaped, value) then
      out = out or tables.copy(values)
      out[key] = shaped
    end
  end
  return out or values
end

local function list(field, name, value, depth)
  if field.type == "Content" and not kinds.isNull(value) then
    -- What is made of a text needs no change.
    if type(value) == "string" then return content.contents(value) end
    local problem
    value, problem = content.contents(value)
    if problem then return nil, problem end
  end
  if type(value) ~= "table" then return value end
  if next(value) == nil then return require("gemini.json").array({}) end
  return each(field, name, value, depth)
end

local function shapeField(field, name, value, depth)
  if field.list then return list(field, name, value, depth) end
  if field.map and type(value) == "table" then return each(field, name, value, depth) end
  return single(field, name, value, depth)
end

function walk(message, given, depth)
  local fields, out = messages.get(message), nil
  if not fields or depth > DEEPEST then return given end
  given = structured(message, given)
  for name, value in next, given do
    if fields[name] then
      local shaped, problem = shapeField(fields[name], name, value, depth + 1)
      if problem then return nil, at(name, problem) end
      if not rawequal(shaped, value) then
        out = out or tables.copy(given)
        out[name] = shaped
      end
    end
  end
  return out or given
end

-- The mask that an update among several needs as well as the one of a patch.
local function maskIn(fields, request)
  for name, field in next, fields do
    local resource = messages.get(field.type) and rawget(request, name)
    if type(resource) == "table" then return shape.mask(field.type, resource) end
  end
end

local function ownValue(fields, request, name, args)
  local field = fields[name]
  if not field.required or rawget(request, name) ~= nil then return nil end
  if field.type == "google.protobuf.FieldMask" then return maskIn(fields, request) end
  return field.type == "string" and args[name] or nil
end

-- The requests in a request that need a name of the call's own: `requests` in a batch, `generateContentRequest`.
local function repeatIn(fields, request, args)
  if type(request) ~= "table" then return request end
  local out
  for name in next, fields do
    local value = ownValue(fields, request, name, args)
    if value ~= nil then
      out = out or tables.copy(request)
      out[name] = value
    end
  end
  return out or request
end

local function repeatInAll(field, value, args)
  local fields = messages.get(field.type)
  if not field.list then return repeatIn(fields, value, args) end
  local out = {}
  for key, request in next, value do out[key] = repeatIn(fields, request, args) end
  return out
end

-- A message's fields that are requests.
local requestFields = memo(function(message)
  local found = {}
  for name, field in next, messages.get(message) or {} do
    if field.type:find("Request$") then found[name] = field end
  end
  return found
end)

---@param message? string
---@return boolean  whether it holds requests, which may need the path's arguments
function shape.repeats(message)
  return message ~= nil and next(requestFields(message)) ~= nil
end

-- Gives the requests in a request the path's arguments that each of them is required to have.
local function repeated(message, given, args)
  local out = given
  for name, field in next, requestFields(message) do
    local value = given[name]
    if type(value) == "table" and next(value) ~= nil then
      out = out == given and tables.copy(given) or out
      out[name] = repeatInAll(field, value, args)
    end
  end
  return out
end

---@param message string  what the facts do not know is left as it is
---@param given table<string, any>
---@param inPath table<string, any>  the path's arguments
---@return table? fields  may be the same table
---@return string? problem
function shape.request(message, given, inPath)
  return walk(message, repeated(message, given, inPath), 1)
end

return shape
