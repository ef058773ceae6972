---Holds a request against the facts about the API's messages, for callers who want to hear of a slip from here and in
---the names that they wrote. What the server alone can know is left to it.

require("gemini.interpreted")()

local kinds = require "gemini.kinds"
local lacked = require "gemini.lacked"
local messages = require "gemini.messages"
local nearest = require "gemini.nearest"
local scalars = require "gemini.scalars"
local tables = require "gemini.tables"

local check = {}

-- As deep as the codec goes.
local DEEPEST = 1000

-- How much a problem repeats: levels of a path, bytes of a caller's text, bytes of an enum's values.
local LEVELS, SHOWN, LISTED = 40, 60, 250

local VALUE = "google.protobuf.Value"

local number, text = { number = true }, { string = true }

-- What a scalar is in Lua, and how it is called: one, and several where the API has lists of them. The hint is for a
-- text that does not fit.
local KINDS = {
  string = { lua = text, one = "a string", many = "strings" },
  bool = { lua = { boolean = true }, one = "true or false" },
  bytes = { lua = text, one = "base64 text", hint = " (gemini.base64.encode makes it)" },
  int32 = { lua = number, one = "an integer of 32 bits", many = "integers of 32 bits" },
  int64 = {
    lua = { number = true, string = true },
    one = "an integer of 64 bits (a number or decimal text)",
    many = "integers of 64 bits",
  },
  float = { lua = number, one = "a number (float)", many = "numbers" },
  double = { lua = number, one = "a number (double)" },
  ["google.protobuf.FieldMask"] = { lua = text, one = 'field names such as "displayName,ttl"' },
  ["google.protobuf.Duration"] = { lua = text, one = 'a duration such as "3.5s"' },
  ["google.protobuf.Timestamp"] = { lua = text, one = 'an RFC 3339 timestamp such as "2026-01-31T12:00:00Z"' },
}

---@class gemini.Check
---@field path (string|integer)[]  keys from the request down to what is looked at
---@field given table<string, true>
---@field partial? boolean

local function escape(char)
  return char:find("%c") and ("\\%03d"):format(char:byte()) or "\\" .. char
end

-- A caller's text on one line, and not too much of it.
local function quoted(given)
  -- Not in the middle of a UTF-8 sequence.
  if #given > SHOWN then given = given:sub(1, SHOWN):gsub("[\192-\255]?[\128-\191]*$", "") .. "…" end
  return '"' .. given:gsub('[%c"\\]', escape) .. '"'
end

local function shown(value)
  if type(value) == "string" then return quoted(value) end
  return value == value and ("%.14g"):format(value) or "nan"
end

local function segment(key)
  if type(key) == "number" then return ("[%d]"):format(key) end
  return key:find("^[%a_][%w_]*$") and #key <= SHOWN and "." .. key or "[" .. quoted(key) .. "]"
end

-- The path as a Lua user writes it, to what is looked at or to a field of it.
local function pathOf(run, field)
  local out, keys = {}, run.path
  for i = 1, math.min(#keys, LEVELS) do out[i] = segment(keys[i]) end
  if #keys > LEVELS then out[LEVELS + 1] = "…" end
  if field then out[#out + 1] = segment(field) end
  return (table.concat(out):gsub("^%.", ""))
end

local function refuse(run, expected, rest)
  local where = pathOf(run)
  return ("%s must be %s%s"):format(where == "" and "the request" or where, expected, rest)
end

local function refuseType(run, expected, value)
  return refuse(run, expected, ", got " .. kinds.got(value))
end

-- What keeps a value from being a list, or a table with names; an empty table is either.
local function misfit(run, value, wanted, expected)
  if type(value) ~= "table" then return refuseType(run, expected, value) end
  if #run.path >= DEEPEST then return ("%s is nested more than %d deep (a cycle?)"):format(pathOf(run), DEEPEST) end
  local kind = kinds.of(value)
  if kind ~= wanted and kind ~= kinds.EMPTY then return refuse(run, expected, ", got " .. kind) end
end

-- Checks what a table holds under these keys, up to the first problem.
local function checkEach(run, value, keys, checkOne, of)
  local path = run.path
  local depth = #path + 1
  for i = 1, #keys do
    path[depth] = keys[i]
    local problem = checkOne(run, value[keys[i]], of)
    if problem then return problem end
  end
  path[depth] = nil
end

local function indexes(list)
  local out = {}
  while rawget(list, #out + 1) ~= nil do out[#out + 1] = #out + 1 end
  return out
end

local function checkScalar(run, value, typeName)
  local kind = KINDS[typeName]
  if not kind.lua[type(value)] then return refuseType(run, kind.one, value) end
  if scalars[typeName](value) ~= nil then return nil end
  return refuse(run, kind.one, kind.hint or ", got " .. shown(value))
end

-- An enum's values where they are few; else the nearest of them, and how to see all.
local function wrongEnum(run, value, name)
  local values, known = messages.enum(name), {}
  local given = type(value) == "string" and quoted(value) or kinds.got(value)
  local all = '"' .. table.concat(values, '", "') .. '"'
  if #all <= LISTED then return refuse(run, "one of " .. all, ", got " .. given) end
  for _, word in ipairs(values) do known[word] = true end
  local hint = type(value) == "string" and #value <= SHOWN and nearest(value, known) or ""
  local more = ('require("gemini.messages").enum("%s") lists all %d'):format(name, #values)
  return refuse(run, "a " .. name, (", got %s%s (%s)"):format(given, hint, more))
end

local function checkEnum(run, value, name)
  if type(value) ~= "string" or not messages.enum(name)[value] then return wrongEnum(run, value, name) end
end

-- A value of free form, and all that is in it.
local function checkJson(run, value)
  local kind = type(value)
  if kind == "string" or kind == "boolean" or kinds.isNull(value) or kinds.isEmptyArray(value) then return nil end
  if kind == "number" and value - value == 0 then return nil end
  local expected = "a value that JSON can hold"
  if kind == "number" then return refuse(run, expected, ", got " .. shown(value)) end
  local isList = kind == "table" and kinds.of(value) == kinds.LIST
  local problem = misfit(run, value, isList and kinds.LIST or kinds.NAMED, expected)
  if problem then return problem end
  return checkEach(run, value, isList and indexes(value) or tables.sortedKeys(value), checkJson)
end

local function checkStruct(run, value)
  return misfit(run, value, kinds.NAMED, kinds.NAMED) or checkEach(run, value, tables.sortedKeys(value), checkJson)
end

local FREE_FORMS = {
  [VALUE] = checkJson,
  ["google.protobuf.Struct"] = checkStruct,
  ["google.protobuf.Any"] = checkStruct,
}

local function unknownField(run, name, fields)
  local hint = #name <= SHOWN and nearest(name, fields) or ""
  return ("unknown field '%s'%s"):format(pathOf(run), hint)
end

-- Whether null, or nothing, is what a field has been given.
local function isAbsent(field, value)
  if field.type == VALUE and not field.list then return value == nil end
  return value == nil or kinds.isNull(value)
end

local checkMessage

local function checkSingle(run, value, typeName, outer)
  if KINDS[typeName] then return checkScalar(run, value, typeName) end
  if FREE_FORMS[typeName] then return FREE_FORMS[typeName](run, value) end
  if messages.enum(typeName) then return checkEnum(run, value, typeName) end
  if messages.get(typeName) then return checkMessage(run, value, typeName, outer) end
end

local function several(typeName)
  local kind = KINDS[typeName]
  return kind and kind.many or typeName:match("^google%.protobuf%.(.+)") or typeName
end

local function checkList(run, value, typeName)
  if kinds.isEmptyArray(value) then return nil end
  local problem = misfit(run, value, kinds.LIST, "a list of " .. several(typeName))
  return problem or checkEach(run, value, indexes(value), checkSingle, typeName)
end

local function checkMap(run, value, typeName)
  local problem = misfit(run, value, kinds.NAMED, ("%s and %s as its values"):format(kinds.NAMED, several(typeName)))
  return problem or checkEach(run, value, tables.sortedKeys(value), checkSingle, typeName)
end

-- A field that only the server sets comes back with a resource that was read and changed: the server drops it.
local function checkField(run, value, message)
  local name, fields = run.path[#run.path], messages.get(message)
  local field = fields[name]
  if not field then return unknownField(run, name, fields) end
  if field.outputOnly or isAbsent(field, value) then return nil end
  if field.list then return checkList(run, value, field.type) end
  if field.map then return checkMap(run, value, field.type) end
  return checkSingle(run, value, field.type, message)
end

-- Two fields of which only one may be set.
local function clash(run, value, names, fields)
  local set = {}
  for _, name in ipairs(names) do
    local field = fields[name]
    if field.oneof and not field.outputOnly and not isAbsent(field, rawget(value, name)) then
      local other = set[field.oneof]
      if other then return ("%s must not be set together with '%s'"):format(pathOf(run, name), other) end
      set[field.oneof] = name
    end
  end
end

-- On the wire, an empty text or list is the same as none.
local function isUnset(field, value)
  if isAbsent(field, value) or value == "" then return true end
  return field.list and (kinds.isEmptyArray(value) or next(value) == nil)
end

local function mayLack(run, name, outer)
  if #run.path == 0 and run.partial then return true end
  return outer ~= nil and lacked[outer] == name or run.given[pathOf(run, name)]
end

local function missing(run, value, fields, outer)
  local first
  for name, field in next, fields do
    local unset = field.required and isUnset(field, rawget(value, name))
    if unset and not mayLack(run, name, outer) and (not first or name < first) then first = name end
  end
  if not first then return nil end
  local empty = not isAbsent(fields[first], rawget(value, first))
  return ("%s %s"):format(pathOf(run, first), empty and "must not be empty" or "is missing")
end

function checkMessage(run, value, name, outer)
  local problem = misfit(run, value, kinds.NAMED, ("one %s (%s)"):format(name, kinds.NAMED))
  if problem then return problem end
  -- What a model said goes back as it came, with fields that are newer than the facts.
  if name == "Content" and rawget(value, "role") == "model" then return nil end
  local names, fields = tables.sortedKeys(value), messages.get(name)
  return checkEach(run, value, names, checkField, name)
    or clash(run, value, names, fields)
    or missing(run, value, fields, outer)
end

---Holds a request's fields against the facts about the API's messages.
---@param message string  the body's message; one that the facts do not know is not checked
---@param fields table  in the API's form
---@param given table<string, true>  what the path has given, and so is not missing: "model", "batch.model"
---@param partial? boolean  a patch, which may lack required fields of its own, though not of what is in it
---@return string? problem  the first one: what is there in the order of names, then what is not; nil when all fits
function check.body(message, fields, given, partial)
  if not messages.get(message) then return nil end
  return checkMessage({ path = {}, given = given, partial = partial }, fields, message)
end

---Holds a query parameter against its type.
---@param name string
---@param value any  as the caller gave it
---@param typeName string  "int32", "bool", "google.protobuf.FieldMask"…; one that nothing is known of is not checked
---@return string? problem
function check.parameter(name, value, typeName)
  return checkSingle({ path = { name }, given = {} }, value, typeName)
end

return check
