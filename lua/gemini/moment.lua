---Moments as the API writes them.

local days = require "gemini.days"

-- Seconds that a zone is ahead of UTC: "Z", "+01:00".
local function offsetOf(zone)
  local sign, hours, minutes = zone:match("^([+-])(%d+):(%d+)$")
  if not sign then return 0 end
  return (hours * 3600 + minutes * 60) * (sign == "-" and -1 or 1)
end

---@param text string  a timestamp of RFC 3339
---@return number? seconds  since 1970; nil where it is none
return function(text)
  local year, month, day, hour, minute, second, fraction, zone =
    text:match("^(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)%.?(%d*)(.*)$")
  if not year then return nil end
  local day1970 = days.since1970(tonumber(year), tonumber(month), tonumber(day))
  -- Digit by digit: tonumber would look for the locale's decimal point.
  local part = fraction ~= "" and tonumber(fraction) / 10 ^ #fraction or 0
  return day1970 * 86400 + hour * 3600 + minute * 60 + second + part - offsetOf(zone)
end
