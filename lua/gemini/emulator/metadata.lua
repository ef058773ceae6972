-- What corpora, documents and chunks say of themselves: display names, metadata of the user's own, and the filters of a
-- search over it.
local errors = require "gemini.emulator.errors"

local metadata = {}

local LONGEST_NAME = 512
local MOST = 20

local function refuse(text, ...) errors.raise("INVALID_ARGUMENT", text:format(...)) end

-- A character of UTF-8 is counted by its first byte.
local function length(text) return select(2, text:gsub("[^\128-\191]", "")) end

---Raises where a display name is too long.
---@param value table a resource
---@param most integer? characters
function metadata.checkDisplayName(value, most)
  most = most or LONGEST_NAME
  if value.displayName and length(value.displayName) > most then
    refuse("display_name must be no more than %d characters in length.", most)
  end
end

local function hasValue(item)
  return item.stringValue ~= nil or item.numericValue ~= nil or item.stringListValue ~= nil
end

---Raises where a list of CustomMetadata is too long, names a key twice, or has one without a value.
---@param list table[]?
function metadata.check(list)
  if list and #list > MOST then refuse("At most %d custom_metadata are allowed, got %d.", MOST, #list) end
  local seen = {}
  for i, item in ipairs(list or {}) do
    if seen[item.key] then refuse('The key "%s" of custom_metadata is not unique.', item.key) end
    if not hasValue(item) then refuse("custom_metadata[%d] must have a value.", i - 1) end
    seen[item.key] = true
  end
end

local COMPARE = {
  LESS = function(a, b) return a < b end,
  LESS_EQUAL = function(a, b) return a <= b end,
  EQUAL = function(a, b) return a == b end,
  GREATER_EQUAL = function(a, b) return a >= b end,
  GREATER = function(a, b) return a > b end,
  NOT_EQUAL = function(a, b) return a ~= b end,
}

local function includes(list, wanted)
  for _, value in ipairs(list.values or {}) do
    if value == wanted then return true end
  end
  return false
end

local CONTAIN = {
  INCLUDES = includes,
  EXCLUDES = function(list, wanted) return not includes(list, wanted) end,
}

local NUMERIC = { LESS = true, LESS_EQUAL = true, EQUAL = true, GREATER_EQUAL = true, GREATER = true, NOT_EQUAL = true }
local TEXTUAL = { EQUAL = true, NOT_EQUAL = true, INCLUDES = true, EXCLUDES = true }

local function checkCondition(condition)
  local operation = condition.operation
  if condition.numericValue == nil and condition.stringValue == nil then refuse("A condition must have a value.") end
  local allowed = condition.numericValue and NUMERIC or TEXTUAL
  if allowed[operation] then return end
  refuse("The operation %s is not supported for a %s.", operation, condition.numericValue and "number" or "string")
end

-- Metadata of another type than the condition's value does not meet it, whatever the operation.
local function meets(item, condition)
  local operation = condition.operation
  if CONTAIN[operation] then
    return item.stringListValue ~= nil and CONTAIN[operation](item.stringListValue, condition.stringValue)
  end
  for _, name in ipairs { "numericValue", "stringValue" } do
    if condition[name] ~= nil then return item[name] ~= nil and COMPARE[operation](item[name], condition[name]) end
  end
end

local function meetsAny(item, conditions)
  for _, condition in ipairs(conditions) do
    if meets(item, condition) then return true end
  end
  return false
end

local function find(resource, key)
  for _, item in ipairs(resource.customMetadata or {}) do
    if item.key == key then return item end
  end
end

local function isNumeric(conditions)
  for _, condition in ipairs(conditions) do
    if condition.numericValue == nil then return false end
  end
  return true
end

-- Strings of one key can be alternatives, in one filter, but not be wanted together.
local function checkRepeated(seen, filter)
  local textual = not isNumeric(filter.conditions)
  local before = seen[filter.key]
  if before and (textual or before.textual) then
    refuse("Several filters for the key '%s' are supported for numeric values only.", filter.key)
  end
  seen[filter.key] = { textual = textual }
end

local function parse(filter, scopes)
  local scope, key = filter.key:match("^(%a+)%.custom_?[mM]etadata%.(.+)$")
  if not scopes[scope] then
    refuse("Invalid metadata filter key '%s': it must be %s.custom_metadata.<key>.", filter.key, scopes.described)
  end
  for _, condition in ipairs(filter.conditions) do checkCondition(condition) end
  return { scope = scope, key = key, conditions = filter.conditions }
end

metadata.EVERYWHERE = { document = true, chunk = true, described = "document or chunk" }
metadata.IN_CHUNKS = { chunk = true, described = "chunk" }

---Reads the filters of a search; raises where they make no sense. All of them must be met, each by any of its
---conditions. What has no such key does not meet a condition.
---@param filters table[]? a list of MetadataFilter
---@param scopes table one of the tables above: what there is to be filtered
---@return fun(scope: "document"|"chunk", resource: table): boolean admits
function metadata.filter(filters, scopes)
  local parsed, seen = {}, {}
  for i, filter in ipairs(filters or {}) do
    parsed[i] = parse(filter, scopes)
    checkRepeated(seen, filter)
  end
  return function(scope, resource)
    for _, filter in ipairs(parsed) do
      local item = filter.scope == scope and find(resource, filter.key)
      if filter.scope == scope and not (item and meetsAny(item, filter.conditions)) then return false end
    end
    return true
  end
end

return metadata
