---What users may write in requests beside the API's fields: schemas of gemini.schema, and functions in declarations.

require("gemini.interpreted")()

local schema = require("gemini.lazy") "gemini.schema"
local tables = require "gemini.tables"

-- Message → the fields that take a Schema, each with the one beside it that takes a JSON Schema.
local BESIDE = {
  FunctionDeclaration = { parameters = "parametersJsonSchema", response = "responseJsonSchema" },
  GenerationConfig = { responseSchema = "responseJsonSchema" },
}

-- Message → what is for the client alone.
local OWN = { FunctionDeclaration = { "call", "timeout" } }

-- A schema that says nothing of the form it is answered in means JSON.
local function completeType(out)
  if out.responseMimeType ~= nil then return out end
  if out.responseJsonSchema == nil and out.responseSchema == nil and out._responseJsonSchema == nil then return out end
  out = tables.copy(out)
  out.responseMimeType = "application/json"
  return out
end

local COMPLETE = { GenerationConfig = completeType }

local function moved(out, names)
  for name, other in next, names do
    local value = rawget(out, name)
    if type(value) == "table" and out[other] == nil and schema.isSchema(value) then
      out = tables.copy(out)
      out[name], out[other] = nil, value
    end
  end
  return out
end

local function without(out, names)
  for _, name in ipairs(names) do
    if rawget(out, name) ~= nil then
      out = tables.copy(out)
      out[name] = nil
    end
  end
  return out
end

local NONE = {}

---@param message string
---@param fields table
---@return table fields  in the API's form; the same table where it needs no change
return function(message, fields)
  if not BESIDE[message] then return fields end
  local out = moved(without(fields, OWN[message] or NONE), BESIDE[message])
  local complete = COMPLETE[message]
  return complete and complete(out) or out
end
