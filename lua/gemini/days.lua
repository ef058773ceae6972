---Days of the Gregorian calendar, by hand: os.time takes a date for one of the local time zone.

local days = {}

local LENGTHS = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

---@param year integer
---@param month integer  from 1 to 12
---@return integer count  of the month's days
function days.inMonth(year, month)
  local leap = year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
  return month == 2 and leap and 29 or LENGTHS[month]
end

---@param year integer
---@param month integer
---@param day integer
---@return integer days  from the first of 1970
function days.since1970(year, month, day)
  -- Years that begin in March have their leap day at the end.
  if month < 3 then
    year, month = year - 1, month + 12
  end
  local leapDays = math.floor(year / 4) - math.floor(year / 100) + math.floor(year / 400)
  return 365 * year + leapDays + math.floor((153 * month - 457) / 5) + day - 719469
end

return days
