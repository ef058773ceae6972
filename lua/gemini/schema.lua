---Schemas of JSON, written briefly: of what a function takes, and of what a model is to answer.

require("gemini.interpreted")()

local json = require "gemini.json"
local nearest = require "gemini.nearest"
local tables = require "gemini.tables"

---@class gemini.JsonSchema: table  a JSON Schema, as a plain table

-- Marks, by their metatables, what this module has made: where the API has a Schema of its own, it goes to the field
-- beside that one which takes a JSON Schema. A property that is marked as optional may be absent.
local MADE, OPTIONAL = { __name = "gemini.schema" }, { __name = "gemini.schema (optional)" }

local function words(text)
  local out = {}
  for word in text:gmatch "%S+" do out[word] = true end
  return out
end

local KEYWORDS = words [[
  $anchor $defs $id $ref additionalProperties anyOf const default description enum examples exclusiveMaximum
  exclusiveMinimum format items maxItems maxLength maxProperties maximum minItems minLength minProperties minimum
  multipleOf oneOf pattern prefixItems properties propertyOrdering required title type
]]

local TYPES = { string = true, number = true, integer = true, boolean = true, null = true, object = true, array = true }

local function refuse(format, ...)
  error(format:format(...), 0)
end

-- A function for users: what is wrong is raised at their place.
local function public(name, make)
  return function(...)
    local ok, made = pcall(make, ...)
    if not ok then error(("gemini.schema.%s: %s"):format(name, made), 2) end
    return made
  end
end

-- Maker → the words that it says itself.
local OWN = {
  object = words "type properties required", array = words "type items", enum = words "type enum",
  anyOf = words "anyOf", type = words "type",
}

-- A schema's further words: a text is its description.
local function keywords(given, own)
  if given == nil then return {} end
  if type(given) == "string" then return { description = given } end
  if type(given) ~= "table" then refuse("expected a table or a description, got %s", type(given)) end
  for word in next, given do
    if not KEYWORDS[word] then
      refuse("unknown keyword '%s'%s", tostring(word), nearest(tostring(word), KEYWORDS))
    end
    if own[word] then refuse("'%s' can't be given: it follows from the rest", word) end
  end
  return tables.copy(given)
end

local function mustBeList(value, of)
  if type(value) ~= "table" or value[1] == nil then refuse("expected a list of %s", of) end
end

local function enum(values, more)
  mustBeList(values, "strings")
  for i, value in ipairs(values) do
    if type(value) ~= "string" then refuse("[%d] must be a string, got %s", i, type(value)) end
  end
  local out = keywords(more, OWN.enum)
  out.type, out.enum = "string", json.array(tables.copy(values))
  return setmetatable(out, MADE)
end

local function named(what, text)
  local word, mark = text:match "^(%a+)(%??)$"
  if not TYPES[word] then refuse("%s: there is no type %q%s", what, text, nearest(word or text, TYPES)) end
  return setmetatable({ type = word }, mark == "?" and OPTIONAL or MADE)
end

-- A type's name, with a "?" for what may be absent; a list of texts, of which it is one; a schema of any origin.
local function read(what, value)
  if type(value) == "string" then return named(what, value) end
  if type(value) ~= "table" then refuse("%s must be a schema or a type's name, got %s", what, type(value)) end
  return value[1] ~= nil and enum(value) or value
end

local function addProperty(out, key, value)
  if type(key) ~= "string" then refuse("a property's name must be a string, got %s", type(key)) end
  if out.properties[key] then refuse("two properties are called '%s'", key) end
  local property = read(key, value)
  if getmetatable(property) == OPTIONAL then
    property = setmetatable(tables.copy(property), MADE)
  else
    out.required[#out.required + 1] = key
  end
  out.properties[key] = property
end

-- A list of pairs of a name and a schema says their order.
local function addInOrder(out, list)
  out.propertyOrdering = json.array()
  for i, pair in ipairs(list) do
    if type(pair) ~= "table" or #pair ~= 2 then refuse("[%d] must be a pair { name, schema }", i) end
    addProperty(out, pair[1], pair[2])
    out.propertyOrdering[i] = pair[1]
  end
end

local function addNamed(out, properties)
  for key, value in next, properties do addProperty(out, key, value) end
  table.sort(out.required)
end

local function object(properties, more)
  if type(properties) ~= "table" then refuse("expected a table of properties, got %s", type(properties)) end
  local out = keywords(more, OWN.object)
  out.type, out.properties, out.required = "object", {}, json.array()
  local add = properties[1] ~= nil and addInOrder or addNamed
  add(out, properties)
  if #out.required == 0 then out.required = nil end
  return setmetatable(out, MADE)
end

local function array(items, more)
  local out = keywords(more, OWN.array)
  out.type, out.items = "array", read("items", items)
  return setmetatable(out, MADE)
end

local function anyOf(list, more)
  mustBeList(list, "schemas")
  local out = keywords(more, OWN.anyOf)
  out.anyOf = json.array()
  for i, each in ipairs(list) do out.anyOf[i] = read(("[%d]"):format(i), each) end
  return setmetatable(out, MADE)
end

local function optional(value)
  return setmetatable(tables.copy(read("what is optional", value)), OPTIONAL)
end

local function ofType(name)
  return function(more)
    local out = keywords(more, OWN.type)
    out.type = name
    return setmetatable(out, MADE)
  end
end

---@alias gemini.SchemaLike gemini.JsonSchema|string|string[]  a schema; a type's name, as "string", with a "?" where it
---  may be absent, as "string?"; or a list of texts, of which it is one

---Each function but the last takes further words of JSON Schema in a table, or a text that is the description. What is
---wrong is raised.
---@class gemini.schema
---@field object fun(properties: table<string, gemini.SchemaLike>|table[], more?: table|string): gemini.JsonSchema  with
---  these properties, which have to be there unless they are optional: by name; or a list of pairs of a name and a
---  schema, in whose order they are then answered
---@field array fun(items: gemini.SchemaLike, more?: table|string): gemini.JsonSchema  a list of such items
---@field enum fun(values: string[], more?: table|string): gemini.JsonSchema  one of these texts
---@field anyOf fun(list: gemini.SchemaLike[], more?: table|string): gemini.JsonSchema  what fits one of these
---@field string fun(more?: table|string): gemini.JsonSchema
---@field number fun(more?: table|string): gemini.JsonSchema
---@field integer fun(more?: table|string): gemini.JsonSchema
---@field boolean fun(more?: table|string): gemini.JsonSchema
---@field null fun(more?: table|string): gemini.JsonSchema
---@field optional fun(value: gemini.SchemaLike): gemini.JsonSchema  a property that may be absent
local schema = {
  object = public("object", object),
  array = public("array", array),
  enum = public("enum", enum),
  anyOf = public("anyOf", anyOf),
  optional = public("optional", optional),
}

for _, name in ipairs { "string", "number", "integer", "boolean", "null" } do
  schema[name] = public(name, ofType(name))
end

---@param value any
---@return boolean  whether it was made here
function schema.isSchema(value)
  local meta = type(value) == "table" and getmetatable(value)
  return meta == MADE or meta == OPTIONAL
end

return schema
