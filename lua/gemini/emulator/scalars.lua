-- What the JSON form of protocol buffers allows for each scalar and each well-known type. A check gets a decoded value
-- that is not null and returns what it stands for, or nil and perhaps a word on what is wrong with it.
local json = require "gemini.emulator.json"

local scalars = {}

local function decimal(value)
  if type(value) == "number" then return value end
  if type(value) == "string" and value:find("^-?%d[%d.eE+-]*$") then return tonumber(value) end
end

local function integer(bits)
  local limit = 2 ^ (bits - 1)
  return function(value)
    local number = decimal(value)
    if number and number % 1 == 0 and number >= -limit and number < limit then return number end
  end
end

local NOT_FINITE = { NaN = 0 / 0, Infinity = math.huge, ["-Infinity"] = -math.huge }

local function floating(limit)
  return function(value)
    local number = NOT_FINITE[value] or decimal(value)
    if number and (NOT_FINITE[value] or math.abs(number) <= limit) then return number end
  end
end

local function ofType(name)
  return function(value)
    if type(value) == name then return value end
  end
end

local function matching(pattern, complaint)
  return function(value)
    if type(value) == "string" and value:find(pattern) then return value end
    return nil, complaint
  end
end

local function base64(value)
  if type(value) ~= "string" then return nil end
  local _, last = value:find("^[%w+/_-]*")
  local padding = value:sub(last + 1)
  if padding == "" and last % 4 ~= 1 then return value end
  if padding:find("^==?$") and #value % 4 == 0 then return value end
  return nil, "Base64 decoding failed"
end

local function object(value)
  if json.isObject(value) then return value end
end

scalars.string = ofType("string")
scalars.bool = ofType("boolean")
scalars.bytes = base64
scalars.int32 = integer(32)
-- An int64 stays as it came: a number of Lua 5.1 cannot hold every digit of it.
scalars.int64 = function(value) return integer(64)(value) and value end
scalars.float = floating(3.4028235e38)
scalars.double = floating(1.7976931348623157e308)
scalars["google.protobuf.Value"] = function(value) return value end
scalars["google.protobuf.Struct"] = object
scalars["google.protobuf.Any"] = object
scalars["google.protobuf.FieldMask"] = matching("^[%w_.,]*$", "a field mask is a comma-separated list of paths")
scalars["google.protobuf.Duration"] = matching("^-?%d+%.?%d*s$", "a duration is a number of seconds and ends with 's'")
scalars["google.protobuf.Timestamp"] = matching(
  "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d[.%d]*[Z+-][%d:]*$", "a timestamp has the form of RFC 3339 with an offset")

return scalars
