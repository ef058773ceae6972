---What the JSON form of protocol buffers allows for each scalar and each well-known type that is written as one. A rule
---gets a value that is not null and returns what it stands for, or nil and perhaps a word on what is wrong with it.

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

local LONGEST = "9223372036854775807"

-- Whether digits stay within 64 bits. A number of Lua 5.1 would be rounded across the limit.
local function fits(sign, digits)
  if #digits ~= #LONGEST then return #digits < #LONGEST end
  return digits <= LONGEST or sign == "-" and digits == "9223372036854775808"
end

local integer64 = integer(64)

-- An int64 stays as it came: a number of Lua 5.1 cannot hold every digit of it.
local function int64(value)
  local sign, digits
  if type(value) == "string" then sign, digits = value:match("^(-?)0*(%d+)$") end
  if digits then return fits(sign, digits) and value or nil end
  return integer64(value) and value
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

local MOMENT = "^%d%d%d%d%-(%d%d)%-(%d%d)T(%d%d):(%d%d):(%d%d)"

local function within(digits, least, most)
  return tonumber(digits) >= least and tonumber(digits) <= most
end

local function isTimestamp(text)
  local _, last, month, day, hour, minute, second = text:find(MOMENT)
  if not last or not (within(month, 1, 12) and within(day, 1, 31)) then return false end
  if not (within(hour, 0, 23) and within(minute, 0, 59) and within(second, 0, 59)) then return false end
  local zone = text:sub(last + 1):gsub("^%.%d+", "")
  return zone == "Z" or zone:find("^[+-]%d%d:%d%d$") ~= nil
end

local function timestamp(value)
  if type(value) == "string" and isTimestamp(value) then return value end
  return nil, "a timestamp has the form of RFC 3339 with an offset"
end

scalars.string = ofType("string")
scalars.bool = ofType("boolean")
scalars.bytes = base64
scalars.int32 = integer(32)
scalars.int64 = int64
scalars.float = floating(3.4028235e38)
scalars.double = floating(1.7976931348623157e308)
scalars["google.protobuf.FieldMask"] = matching("^[%w_.,]*$", "a field mask is a comma-separated list of paths")
scalars["google.protobuf.Duration"] = matching("^-?%d+%.?%d*s$", "a duration is a number of seconds and ends with 's'")
scalars["google.protobuf.Timestamp"] = timestamp

return scalars
