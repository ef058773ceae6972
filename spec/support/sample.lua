---Values for the API's messages, made of the facts about them: full ones, with every field, and short ones, with what is
---needed, as people write it.

local cjson = require "cjson"

-- What neither JSON nor a URL takes as it is.
local TEXT = 'a "b" \\ /é🙂\n'

-- Each scalar and well-known type as it travels.
local VALUES = {
  bool = true,
  bytes = "AP/+",
  double = 0.25,
  float = -0.5,
  int32 = 41,
  int64 = "9007199254740993",
  string = TEXT,
  ["google.protobuf.Duration"] = "3.5s",
  ["google.protobuf.FieldMask"] = "displayName,customMetadata",
  ["google.protobuf.Timestamp"] = "2025-01-02T03:04:05.678901234Z",
}

-- Fields that name a resource of one collection: in requests, bare names are completed.
local COLLECTIONS = {
  baseModel = "models/",
  cachedContent = "cachedContents/",
  embeddingModel = "models/",
  fileName = "files/",
  fileSearchStoreNames = "fileSearchStores/",
  model = "models/",
  tunedModel = "tunedModels/",
}

-- How often a message may be within itself.
local NESTED = 2

---@class spec.Samples
---@field private messages table
---@field private enums table
local Samples = {}
Samples.__index = Samples

-- Any JSON object, with the words of a detail.
local function object()
  local list = { 1, "two", { three = 3 } }
  return { ["@type"] = "type.googleapis.com/a.B", text = TEXT, number = -1.5, flag = false, none = cjson.null, list = list }
end

-- A message that the facts do not list, as the agents' are.
local function unlisted()
  return {
    id = "x-1",
    model = "gemini-2.5-flash",
    display_name = TEXT,
    create_time = "2025-01-02T03:04:05Z",
    priority = 3,
    labels = { a_b = "c" },
    steps = { { type = "text", text = TEXT }, { type = "call", arguments = object() } },
  }
end

local function firstSpecified(values)
  for _, value in ipairs(values) do
    if not value:lower():find("unspecified$") then return value end
  end
end

-- The fields that a full message has: of each oneof one, and none that would be nested too deep; and how many
-- alternatives there are.
local function chosen(fields, settable, choice, open)
  local out, oneofs, most = {}, {}, 1
  for name, field in pairs(fields) do
    local left = settable and field.outputOnly or (open[field.type] or 0) >= NESTED
    local list = not left and field.oneof and (oneofs[field.oneof] or {})
    if list then
      oneofs[field.oneof], list[#list + 1] = list, name
    elseif not left then
      out[name] = field
    end
  end
  for _, names in pairs(oneofs) do
    table.sort(names)
    local name = names[(choice - 1) % #names + 1]
    out[name], most = fields[name], math.max(most, #names)
  end
  return out, most
end

-- A field's one value.
function Samples:single(name, field, settable, choice, open)
  if field.type == "string" and COLLECTIONS[name] then return COLLECTIONS[name] .. "x1" end
  if VALUES[field.type] ~= nil then return VALUES[field.type] end
  if self.enums[field.type] then return firstSpecified(self.enums[field.type]) end
  if self.messages[field.type] then return self:message(field.type, settable, choice, open) end
  return object()
end

-- Lists hold two, or one of each alternative.
function Samples:value(name, field, settable, choice, open)
  local function one(which) return self:single(name, field, settable, which, open) end
  if field.map then return { a = one(1), ["b é"] = one(2) } end
  if not field.list then return one(choice) end
  local _, most = chosen(self.messages[field.type] or {}, settable, 1, open)
  local list = {}
  for i = 1, math.max(2, most) do list[i] = one(i) end
  return list
end

function Samples:message(name, settable, choice, open)
  local out = {}
  open[name] = (open[name] or 0) + 1
  for field, fact in pairs((chosen(self.messages[name], settable, choice, open))) do
    out[field] = self:value(field, fact, settable, choice, open)
  end
  open[name] = open[name] - 1
  return out
end

---@param name string
---@param choice integer  which of each oneof's fields
---@return table message  with every field that a caller may set
function Samples:request(name, choice)
  return self.messages[name] and self:message(name, true, choice, {}) or unlisted()
end

---@param name string
---@param choice integer
---@return table message  with every field
function Samples:reply(name, choice)
  if name == "Empty" then return {} end
  if name == "Operation" then name = "google.longrunning.Operation" end
  return self.messages[name] and self:message(name, false, choice, {}) or unlisted()
end

-- What the server sets in messages that the facts do not list.
local UNLISTED_OUTPUT = { id = { outputOnly = true }, create_time = { outputOnly = true } }

---@param name string
---@param fields table<string, any>
---@return string? mask  of a patch with these fields: what a server sets is not in it, nor the name of what is meant
function Samples:mask(name, fields)
  local facts, names = self.messages[name] or UNLISTED_OUTPUT, {}
  for field in pairs(fields) do
    local fact = facts[field]
    -- wire.md: a cache's patch takes these two alone.
    local may = name ~= "CachedContent" or field == "ttl" or field == "expireTime"
    if may and not (fact and (fact.outputOnly or field == "name")) then names[#names + 1] = field end
  end
  table.sort(names)
  return names[1] and table.concat(names, ",")
end

-- A field's one value in short, and what that is on the wire.
function Samples:shortSingle(name, field, inherited)
  if field.type == "string" and COLLECTIONS[name] then return "x1", COLLECTIONS[name] .. "x1" end
  if field.type == "Content" then return "Hi", { parts = { { text = "Hi" } } } end
  if not self.messages[field.type] then
    local value = self:single(name, field, true, 1, {})
    return value, value
  end
  -- A batch names its model, and its requests need not.
  if field.type:find("^Inlined") then inherited = { model = false } end
  return self:short(field.type, inherited, field.type:find("Request$"))
end

function Samples:shortField(name, field, inherited)
  if field.type == "Content" and field.list then return "Hi", { { role = "user", parts = { { text = "Hi" } } } } end
  local given, wire = self:shortSingle(name, field, inherited)
  if field.list then return { given }, { wire } end
  return given, wire
end

-- What a request in a request need not say. One that updates says what it means.
function Samples:inherit(name, given, wire, inherited)
  for field, value in pairs(inherited) do
    if given[field] then given[field], wire[field] = nil, value or nil end
  end
  if not given.updateMask then return end
  given.updateMask, wire.updateMask = nil, nil
  local resource = next(wire)
  given[resource].name, wire[resource].name = "corpora/a", "corpora/a"
  wire.updateMask = self:mask(self.messages[name][resource].type, wire[resource])
end

---@param name string
---@param inherited table<string, string|false>  what the requests in this one take over; false for nothing
---@param inner? any  whether this is one of them
---@return table given  what has to be there, in its shortest form
---@return table wire  what is sent then
function Samples:short(name, inherited, inner)
  local given, wire = {}, {}
  for field, fact in pairs(self.messages[name] or {}) do
    if fact.required or fact.type:find("Requests?$") then
      given[field], wire[field] = self:shortField(field, fact, inherited)
    end
  end
  if inner then self:inherit(name, given, wire, inherited) end
  return given, wire
end

local sample = { TEXT = TEXT }

---@param known { messages: table, enums: table }  from spec.support.facts
---@return spec.Samples
function sample.new(known)
  return setmetatable({ messages = known.messages, enums = known.enums }, Samples)
end

return sample
