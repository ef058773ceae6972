-- Reads moments as the API writes them.

local function daysSince1970(year, month, day)
  -- Years that begin in March have their leap day at the end.
  if month < 3 then year, month = year - 1, month + 12 end
  local leapDays = math.floor(year / 4) - math.floor(year / 100) + math.floor(year / 400)
  return 365 * year + leapDays + math.floor((153 * month - 457) / 5) + day - 719469
end

-- Seconds that a zone is ahead of UTC: "Z", "+01:00".
local function offsetOf(zone)
  local sign, hours, minutes = zone:match("^([+-])(%d+):(%d+)$")
  if not sign then return 0 end
  return (hours * 3600 + minutes * 60) * (sign == "-" and -1 or 1)
end

---@param text string a timestamp that has been checked, of RFC 3339
---@return number seconds since 1970
return function(text)
  local year, month, day, hour, minute, second, fraction, zone =
    text:match("^(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)%.?(%d*)(.*)$")
  local days = daysSince1970(tonumber(year), tonumber(month), tonumber(day))
  -- Digit by digit: tonumber would look for the locale's decimal point.
  local part = fraction ~= "" and tonumber(fraction) / 10 ^ #fraction or 0
  return days * 86400 + hour * 3600 + minute * 60 + second + part - offsetOf(zone)
end
