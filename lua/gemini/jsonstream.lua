---Streams whose text is JSON: their chunks have `partial`, the value so far. What comes is kept as the text that it is,
---outside of Lua's heap, and read when somebody asks.

local codec = require "gemini.codec"
local partial = require("gemini.lazy") "gemini.partial"
local reply = require "gemini.reply"
local tables = require "gemini.tables"

local JSON = "application/json"
local SCHEMAS = { "responseJsonSchema", "_responseJsonSchema", "responseSchema" }

-- Callers' tables are read raw, as when they are sent.
local function field(value, name)
  return type(value) == "table" and rawget(value, name) or nil
end

local function isSet(config, names)
  for _, name in ipairs(names) do
    if field(config, name) ~= nil then return true end
  end
  return false
end

local function asksForJson(config)
  if field(config, "responseMimeType") == JSON or isSet(config, SCHEMAS) then return true end
  for _, format in ipairs(tables.objects(field(config, "responseFormat"))) do
    local text = field(format, "text")
    if field(text, "mimeType") == JSON or isSet(text, { "schema" }) then return true end
  end
  return false
end

-- A function that takes the stream's texts, and one that gives the value.
local function reader()
  local decoder, waiting, busy = nil, codec.text(), false
  local function take(text) waiting:add(text) end
  -- A finaliser that asks meanwhile gets what is read so far. Where memory ran out, nobody knows how far that was: the
  -- value stays what it is.
  local function value()
    decoder = decoder or partial.new()
    if not busy then
      busy = true
      local came = waiting
      waiting = codec.text()
      decoder:add(tostring(came))
      busy = false
    end
    return decoder:value()
  end
  return take, value
end

---@param args table  a call's
---@return false|fun(chunk: table): gemini.Reply wrap  gives the chunks of a stream their helpers, one after the other;
---  false where the call asks for no JSON
return function(args)
  if not asksForJson(field(args, "generationConfig")) then return false end
  local take, value = reader()
  local metatable = reply.metatable { partial = value }
  return function(chunk)
    setmetatable(chunk, metatable)
    take(chunk.text)
    return chunk
  end
end
