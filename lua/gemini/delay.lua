---How long a server asks to wait, in seconds. What makes no sense counts as not said.

local days = require "gemini.days"

local delay = {}

-- Nobody waits for longer.
local MOST = 365 * 86400

local MONTHS = {
  Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6, Jul = 7, Aug = 8, Sep = 9, Oct = 10, Nov = 11, Dec = 12,
}

-- By hand, for tonumber wants the locale's decimal point. Two patterns: in one, with the point optional, the digits
-- could be shared out in as many ways as there are digits.
local function number(text)
  local whole, fraction = text:match("^(%d+)%.(%d*)$")
  whole = whole or text:match("^%d+$")
  if not whole then return nil end
  if not fraction or fraction == "" then return tonumber(whole) end
  fraction = fraction:sub(1, 9)
  return tonumber(whole) + tonumber(fraction) / 10 ^ #fraction
end

local function sane(seconds)
  return seconds and seconds <= MOST and seconds or nil
end

-- Of two digits those count that are not more than 50 years ahead.
local function fullYear(digits, now)
  local year = tonumber(digits)
  if #digits ~= 2 then return year end
  year = year + 2000
  return year > tonumber(os.date("!%Y", now)) + 50 and year - 100 or year
end

-- A date's parts in any of HTTP's three forms.
local function dateParts(text)
  local day, month, year, clock = text:match("^%a+, (%d%d)[ -](%a%a%a)[ -](%d%d%d?%d?) (%d%d:%d%d:%d%d) GMT$")
  if not day then
    month, day, clock, year = text:match("^%a%a%a (%a%a%a) +(%d%d?) (%d%d:%d%d:%d%d) (%d%d%d%d)$")
  end
  return tonumber(day or ""), MONTHS[month or ""], year, clock
end

local function secondOfDay(clock)
  local hour, minute, second = clock:match("(%d+):(%d+):(%d+)")
  hour, minute, second = tonumber(hour), tonumber(minute), tonumber(second)
  return hour < 24 and minute < 60 and second <= 60 and hour * 3600 + minute * 60 + second
end

local function untilDate(text)
  local day, month, year, clock = dateParts(text)
  if not month or day < 1 or day > 31 then return nil end
  local second, now = secondOfDay(clock), os.time()
  return second and math.max(0, days.since1970(fullYear(year, now), month, day) * 86400 + second - now)
end

---@param text any  a Retry-After header: seconds, or a date
---@return number? seconds  from now; 0 for a date in the past
function delay.header(text)
  if type(text) ~= "string" then return nil end
  return sane(number(text) or untilDate(text))
end

---@param text any  a google.protobuf.Duration, "34.4s"
---@return number? seconds  however many
function delay.seconds(text)
  local digits = type(text) == "string" and text:match("^(.*)s$")
  return digits and number(digits) or nil
end

---@param text any  the same, from a server that asks for patience
---@return number? seconds
function delay.duration(text)
  return sane(delay.seconds(text))
end

return delay
