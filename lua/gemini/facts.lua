-- Reads the compact tables of gemini.messages. Each message is parsed when it is first asked for, since a program
-- meets a dozen of the three hundred.

require("gemini.interpreted")()

local memo = require "gemini.memo"
local tables = require "gemini.tables"

---@class gemini.Field
---@field type string a scalar ("int32", "bytes", …), "google.protobuf.…", a message's or an enum's name
---@field list boolean? the field is repeated
---@field map boolean? the field is an object whose values have the type
---@field required boolean?
---@field outputOnly boolean? set by the server, ignored in requests
---@field oneof string? at most one field of a message with the same word may be set

---@class gemini.Messages
---@field get fun(name: string): table<string, gemini.Field>?
---@field enum fun(name: string): table?
---@field names fun(): string[], string[]

local function parseField(line)
  local words = line:gmatch("%S+")
  local name, field = words(), { type = words() }
  for flag in words do
    local oneof = flag:match("^oneof=(.+)")
    if oneof then field.oneof = oneof else field[flag] = true end
  end
  return name, field
end

local function parseMessage(text)
  local fields = {}
  for line in text:gmatch("[^\n]+") do
    local name, field = parseField(line)
    fields[name] = field
  end
  return fields
end

local function parseEnum(text)
  local values = {}
  for value in text:gmatch("%S+") do
    values[#values + 1] = value
    values[value] = #values
  end
  return values
end

-- Returns the lookup that parses an entry once; an unknown name gives nil.
local function lazily(texts, parse)
  return memo(function(name) return texts[name] and parse(texts[name]) end)
end

---Builds the lookups over the generated tables. Nothing here fails: what is not known is nil.
---@param messages table<string, string>
---@param enums table<string, string>
---@return gemini.Messages # `get(name)`: the fields by name; `enum(name)`: the values, a list that also maps each
---value to its place; `names()`: the sorted names of all messages and of all enums. All of it is read-only.
return function(messages, enums)
  return {
    get = lazily(messages, parseMessage),
    enum = lazily(enums, parseEnum),
    names = function() return tables.sortedKeys(messages), tables.sortedKeys(enums) end,
  }
end
