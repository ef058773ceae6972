-- Holds bodies of the agents family against the fields that they may have: no facts describe its messages.
require("gemini.interpreted")()

local tables = require "gemini.tables"
local errors = require "gemini.emulator.errors"
local json = require "gemini.emulator.json"

local fields = {}

---@class gemini.emulator.Fields
---@field message string the name that errors give the body, "Webhook"
---@field rules table<string, string|table<string, true>> by name: the types it may have, "string|object", or its words
---@field required string[]?
---@field output table<string, true>? fields that only the server sets, which a request may repeat in vain

local TESTS = {
  string = function(value) return type(value) == "string" end,
  boolean = function(value) return type(value) == "boolean" end,
  integer = function(value) return type(value) == "number" and value % 1 == 0 end,
  -- An empty table is an object, unless it came as `[]`.
  object = json.isObject,
  list = json.isArray,
}

local function expected(rule)
  if type(rule) == "table" then return "one of " .. table.concat(tables.sortedKeys(rule), ", ") end
  return (rule:gsub("|", " or "))
end

local function fits(rule, value)
  if type(rule) == "table" then return rule[value] == true end
  for word in rule:gmatch("%l+") do
    if TESTS[word](value) then return true end
  end
  return false
end

local function violation(rule, name, value)
  if not rule then
    return ('Invalid JSON payload received. Unknown name "%s": Cannot find field.'):format(name)
  end
  if not fits(rule, value) then return ("Invalid value at '%s', expected %s."):format(name, expected(rule)) end
end

local function isEmpty(value)
  return value == nil or value == "" or json.isArray(value) and #value == 0
end

---Raises an error object where a required field is not there.
---@param kind gemini.emulator.Fields
---@param value table
function fields.complete(kind, value)
  local missing = {}
  for _, name in ipairs(kind.required or {}) do
    if isEmpty(value[name]) then
      missing[#missing + 1] = ("* %s.%s: %s is not specified\n"):format(kind.message, name, name)
    end
  end
  if missing[1] then errors.raise("INVALID_ARGUMENT", table.concat(missing)) end
end

---Checks a body; raises an error object for unknown fields and for values that do not fit.
---@param kind gemini.emulator.Fields
---@param body table a decoded JSON object
---@param partial boolean? a patch, which may lack what is required
---@return table body a copy without nulls and without what only the server sets
function fields.check(kind, body, partial)
  local out, violations = {}, {}
  for _, name in ipairs(tables.sortedKeys(body)) do
    local value = body[name]
    if value ~= json.null and not (kind.output and kind.output[name]) then
      local description = violation(kind.rules[name], name, value)
      if description then violations[#violations + 1] = { field = name, description = description } end
      out[name] = value
    end
  end
  if violations[1] then error(errors.badRequest(violations), 0) end
  if not partial then fields.complete(kind, out) end
  return out
end

return fields
