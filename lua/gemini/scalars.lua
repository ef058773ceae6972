---What the JSON form of protocol buffers allows for each scalar and each well-known type that is written as one. A rule
---gets a value that is not null and returns what it stands for, or nil and perhaps a word on what is wrong with it.

local days = require "gemini.days"

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

-- The texts "NaN" and "Infinity" are numbers in this form too, but no field of the API has a sense for them.
local function floating(limit)
  return function(value)
    local number = decimal(value)
    if number and math.abs(number) <= limit then return number end
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

local paths = matching("^[%w_.,]*$", "a field mask is a comma-separated list of paths")

-- All fields are named by a star alone.
local function fieldMask(value)
  if value == "*" then return value end
  return paths(value)
end

local function base64(value)
  if type(value) ~= "string" then return nil end
  local _, last = value:find("^[%w+/_-]*")
  local padding = value:sub(last + 1)
  if padding == "" and last % 4 ~= 1 then return value end
  if padding:find("^==?$") and #value % 4 == 0 then return value end
  return nil, "Base64 decoding failed"
end

local MOMENT = "^(%d%d%d%d)%-(%d%d)%-(%d%d)T(%d%d):(%d%d):(%d%d)%.?(%d*)(.+)$"
-- The years 1 to 9999, in seconds from 1970.
local FIRST, LAST = -62135596800, 253402300799

local function within(number, least, most) return number >= least and number <= most end

-- Seconds that a zone is ahead of UTC; nil for what is none.
local function ahead(zone)
  if zone == "Z" then return 0 end
  local sign, hours, minutes = zone:match("^([+-])(%d%d):(%d%d)$")
  if not sign or not (within(tonumber(hours), 0, 23) and within(tonumber(minutes), 0, 59)) then return nil end
  return (sign == "-" and -1 or 1) * (hours * 3600 + minutes * 60)
end

local function isDate(year, month, day)
  return within(month, 1, 12) and within(day, 1, days.inMonth(year, month))
end

local function isClock(hour, minute, second)
  return within(hour, 0, 23) and within(minute, 0, 59) and within(second, 0, 59)
end

local function isTimestamp(text)
  local parts = { text:match(MOMENT) }
  local zone = ahead(parts[8] or "")
  if not zone or (text:sub(20, 20) == ".") ~= (parts[7] ~= "") then return false end
  for i = 1, 6 do parts[i] = tonumber(parts[i]) end
  local year, month, day, hour, minute, second = parts[1], parts[2], parts[3], parts[4], parts[5], parts[6]
  if not (isDate(year, month, day) and isClock(hour, minute, second)) then return false end
  return within(days.since1970(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - zone, FIRST, LAST)
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
scalars["google.protobuf.FieldMask"] = fieldMask
scalars["google.protobuf.Duration"] = matching("^-?%d+%.?%d*s$", "a duration is a number of seconds and ends with 's'")
scalars["google.protobuf.Timestamp"] = timestamp

return scalars
