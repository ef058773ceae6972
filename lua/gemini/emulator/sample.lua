-- Makes values that fit a schema from the words and the numbers of a text: arguments of functions, structured answers.
require("gemini.interpreted")()

local tables = require "gemini.tables"
local json = require "gemini.emulator.json"

local sample = {}

local DEEPEST = 20 -- levels, where a schema holds itself
local ITEMS = 2 -- of a list that may have any number
local MOST = 1000 -- values in all, whatever the schema wants

-- Schemas are free JSON: what is no table where one belongs says nothing.
local function tableOf(value)
  return type(value) == "table" and value or {}
end

-- The words that a text is about: names within a sentence before others, long ones before short ones.
local function wordsOf(text)
  local names, others = {}, {}
  for before, word in (" " .. text):gmatch("(.)%f[%w\128-\255]([%w\128-\255'-]+)") do
    local list = before ~= "" and word:find("^%u") and #names + #others > 0 and names or others
    if not word:find("^%d+$") then list[#list + 1] = word end
  end
  table.sort(others, function(a, b) return #a > #b end)
  for _, word in ipairs(others) do names[#names + 1] = word end
  return names
end

local function numbersOf(text)
  local numbers = {}
  for number in text:gmatch("%f[%d]%d+%.?%d*") do numbers[#numbers + 1] = tonumber(number) end
  return numbers
end

-- The next of a list, over and over.
local function following(list, at, default)
  if #list == 0 then return default, at end
  return list[at % #list + 1], at + 1
end

local make

local kinds = {}

function kinds.string(run)
  local word
  word, run.word = following(run.words, run.word, "text")
  return word
end

function kinds.number(run, schema)
  local number
  number, run.number = following(run.numbers, run.number, 1)
  return math.max(math.min(number, tonumber(schema.maximum) or number), tonumber(schema.minimum) or -math.huge)
end

function kinds.integer(run, schema)
  return math.ceil(kinds.number(run, schema))
end

function kinds.boolean()
  return true
end

function kinds.null()
  return json.null
end

function kinds.array(run, schema, depth)
  local count = math.max(tonumber(schema.minItems) or 0, math.min(ITEMS, tonumber(schema.maxItems) or ITEMS))
  local list = json.array()
  for i = 1, math.min(count, MOST) do list[i] = make(run, schema.items or {}, depth) end
  return list
end

function kinds.object(run, schema, depth)
  local value, properties = {}, tableOf(schema.properties)
  for _, name in ipairs(tableOf(schema.propertyOrdering or tables.sortedKeys(properties))) do
    value[name] = make(run, properties[name] or {}, depth)
  end
  return value
end

local FORMATS = { date = "2026-01-31", ["date-time"] = "2026-01-31T12:00:00Z", time = "12:00:00Z" }

-- The value that the text names, or the first.
local function oneOf(run, values)
  for _, value in ipairs(values) do
    local pattern = tostring(value):lower():gsub("%p", "%%%0")
    if run.text:find("%f[%w]" .. pattern .. "%f[%W]") then return value end
  end
  return values[1]
end

local function resolved(run, schema)
  local name = type(schema["$ref"]) == "string" and schema["$ref"]:match("([^/]+)$")
  return name and (run.definitions[name] or {}) or schema
end

local function kindOf(schema)
  local kind = type(schema.type) == "table" and schema.type[1] or schema.type
  return type(kind) == "string" and kinds[kind:lower()] or schema.properties and kinds.object or kinds.string
end

function make(run, schema, depth)
  run.count = run.count + 1
  if type(schema) ~= "table" or depth > DEEPEST or run.count > MOST then return json.null end
  schema = resolved(run, schema)
  if schema.const ~= nil then return schema.const end
  if tableOf(schema.enum)[1] ~= nil then return oneOf(run, schema.enum) end
  local alternatives = tableOf(schema.anyOf or schema.oneOf)
  if alternatives[1] then return make(run, alternatives[1], depth + 1) end
  return FORMATS[schema.format] or kindOf(schema)(run, schema, depth + 1)
end

---@param schema table a JSON Schema, or a Schema of the API's
---@param text string
---@return any value that fits its types; the emulator knows nothing of what it means
function sample.value(schema, text)
  local run = {
    text = text:lower(), words = wordsOf(text), numbers = numbersOf(text), word = 0, number = 0, count = 0,
    definitions = tableOf(schema["$defs"]),
  }
  return make(run, schema, 1)
end

return sample
