-- Holds a decoded body against the facts about the API's messages: one engine for every method. Google accepts both
-- spellings of a field's name and enum values in any case, takes null for absent, and refuses what it does not know.
require("gemini.interpreted")()

local lacked = require "gemini.lacked"
local messages = require "gemini.messages"
local scalars = require "gemini.scalars"
local tables = require "gemini.tables"
local errors = require "gemini.emulator.errors"
local json = require "gemini.emulator.json"
local names = require "gemini.emulator.names"
local typeUrlOf = require "gemini.emulator.typeurl"

local check = {}

local LISTS_ALLOWED = { ["google.protobuf.Value"] = true }
local SHOWN = 100 -- bytes of a refused string that the message repeats

local camelCase, snakeCase = names.camelCase, names.snakeCase

local checkMessage

local function join(path, name)
  name = snakeCase(name)
  return path == "" and name or path .. "." .. name
end

local function typeUrl(name)
  if not name:find("^%u") and not name:find(".", 1, true) then return "TYPE_" .. name:upper() end
  return name:find("^google%.") and "type.googleapis.com/" .. name or typeUrlOf(name)
end

local function refuse(run, path, description)
  table.insert(run.violations, { field = path ~= "" and path or nil, description = description })
end

local function refuseName(run, path, name, why)
  local at = path ~= "" and (" at '%s'"):format(path) or ""
  refuse(run, path, ('Invalid JSON payload received. Unknown name "%s"%s: %s'):format(name, at, why))
end

local function show(value)
  if json.isArray(value) then return "Proto field is not repeating, cannot start list." end
  if type(value) == "table" then return "Starting an object on a scalar field." end
  if type(value) == "string" and #value > SHOWN then value = value:sub(1, SHOWN) .. "…" end
  return (json.encode(value):gsub("\\/", "/"))
end

local function refuseValue(run, path, typeName, value, complaint)
  local shown = show(value)
  if complaint then shown = complaint .. ": " .. shown end
  refuse(run, path, ("Invalid value at '%s' (%s), %s"):format(path, typeUrl(typeName), shown))
end

local function object(value)
  if json.isObject(value) then return value end
end

-- The types without a form of their own.
local freeForms = {
  ["google.protobuf.Value"] = function(value) return value end,
  ["google.protobuf.Struct"] = object,
  ["google.protobuf.Any"] = object,
}

local function scalarRule(typeName) return scalars[typeName] or freeForms[typeName] end

local function checkScalar(run, typeName, value, path)
  local checked, complaint = scalarRule(typeName)(value)
  if checked == nil then refuseValue(run, path, typeName, value, complaint) end
  return checked
end

local foldedEnums = {}

-- The values of an enum by their lower-case form.
local function folded(name)
  if not foldedEnums[name] then
    local byLower = {}
    for _, value in ipairs(messages.enum(name)) do byLower[value:lower()] = value end
    foldedEnums[name] = byLower
  end
  return foldedEnums[name]
end

local function checkEnum(run, typeName, value, path)
  -- The facts do not have the numbers of enum values, so that none can be taken for a value.
  local known = type(value) == "string" and folded(typeName)[value:lower()]
  if not known then refuseValue(run, path, typeName, value) end
  return known or nil
end

local function checkSingle(run, typeName, value, path, outer)
  if scalarRule(typeName) then return checkScalar(run, typeName, value, path) end
  if messages.get(typeName) then return checkMessage(run, typeName, value, path, outer) end
  return checkEnum(run, typeName, value, path)
end

local function checkList(run, field, value, path, name)
  if not json.isArray(value) then
    return refuseName(run, path, name, "Proto field is repeating, expected a list.")
  end
  local checked = {}
  for i, item in ipairs(value) do
    checked[i] = checkSingle(run, field.type, item, ("%s[%d]"):format(join(path, name), i - 1))
  end
  return #value > 0 and checked or nil
end

local function checkMap(run, field, value, path, name)
  local at, checked = join(path, name), {}
  if not json.isObject(value) then return refuseValue(run, at, field.type, value, "expected an object") end
  for key, item in pairs(value) do checked[key] = checkSingle(run, field.type, item, ('%s["%s"]'):format(at, key)) end
  return checked
end

local function checkField(run, field, value, path, name, outer)
  if value == json.null and field.type ~= "google.protobuf.Value" then return nil end
  if field.list then return checkList(run, field, value, path, name) end
  if field.map then return checkMap(run, field, value, path, name) end
  if json.isArray(value) and not LISTS_ALLOWED[field.type] then
    return refuseName(run, path, name, "Proto field is not repeating, cannot start list.")
  end
  return checkSingle(run, field.type, value, join(path, name), outer)
end

-- A field of a request that only the server sets is looked at and then dropped.
local function keep(run, out, field, name, value)
  if not (field.outputOnly and run.request) then out[name] = value end
end

local function checkOneof(run, out, field, name, path, set)
  if not field.oneof or out[name] == nil then return end
  if set[field.oneof] then
    local text = "Invalid value at '%s' (oneof), oneof field '%s' is already set. Cannot set '%s'"
    refuse(run, path, text:format(path, field.oneof, name))
  end
  set[field.oneof] = true
end

local function mayLack(run, name, path, outer)
  if path == "" and run.partial or lacked[outer] == name then return true end
  return run.given[path == "" and name or join(path, name)]
end

local function checkRequired(run, fields, out, path, outer)
  for name, field in pairs(fields) do
    if field.required and (out[name] == nil or out[name] == "") and not mayLack(run, name, path, outer) then
      local full = run.root .. "." .. join(path, name)
      table.insert(run.missing, ("* %s: %s is not specified"):format(full, snakeCase(name)))
    end
  end
end

function checkMessage(run, typeName, value, path, outer)
  if not json.isObject(value) then return refuseValue(run, path, typeName, value) end
  local fields, out, set = messages.get(typeName), {}, {}
  for _, key in ipairs(tables.sortedKeys(value)) do
    local name = fields[key] and key or camelCase(key)
    if fields[name] then
      keep(run, out, fields[name], name, checkField(run, fields[name], value[key], path, name, typeName))
      checkOneof(run, out, fields[name], name, path, set)
    else
      refuseName(run, path, key, "Cannot find field.")
    end
  end
  checkRequired(run, fields, out, path, outer)
  return out
end

local function problemOf(run)
  if #run.violations > 0 then return errors.badRequest(run.violations) end
  if #run.missing == 0 then return nil end
  table.sort(run.missing)
  return errors.new("INVALID_ARGUMENT", table.concat(run.missing, "\n") .. "\n")
end

local function checkRoot(name, value, run)
  run.violations, run.missing, run.root = {}, {}, name
  local out = checkMessage(run, name, value, "")
  local problem = problemOf(run)
  if problem then return nil, problem end
  return out
end

---Checks the body of a request.
---@param name string the message's name; of one without facts no more is known than that it is an object
---@param value any a decoded JSON value
---@param given table<string, any>? required fields that the path has already given: "name", "batch.model"
---@param partial boolean? a patch, which may lack required fields of its own
---@return table? body a copy with lowerCamelCase names, without nulls, empty lists and what only the server sets
---@return table? problem an error object (see gemini.emulator.errors); then the body is nil
function check.request(name, value, given, partial)
  if not messages.get(name) then
    if json.isObject(value) then return value end
    return nil, errors.badRequest { { description = "Invalid JSON payload received. Expected an object." } }
  end
  return checkRoot(name, value, { given = given or {}, partial = partial, request = true })
end

---Checks a message that the server sends: as a request, but fields that only the server sets stay.
---@param name string
---@param value any
---@return table? message
---@return table? problem
function check.reply(name, value) return checkRoot(name, value, { given = {} }) end

---Checks one value of a query string, whose numbers and booleans are text.
---@param typeName string a scalar's or a well-known type's name
---@param text string
---@param name string the parameter's name
---@return any value nil and a violation where the text does not fit
---@return table? violation
function check.parameter(typeName, text, name)
  local run = { violations = {} }
  local value = text
  if typeName == "bool" then value = ({ ["true"] = true, ["false"] = false })[text] end
  if value == nil then value = text end
  local checked = checkScalar(run, typeName, value, snakeCase(name))
  return checked, run.violations[1]
end

return check
