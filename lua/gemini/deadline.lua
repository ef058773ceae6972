---Points in time by which something has to end, on the core's clock; nil for no end.

local transport = require("gemini.lazy") "gemini.transport"

local deadline = {}

---@return number seconds  of a clock that never goes back
function deadline.now()
  -- Each event asks: from now on the core is asked at once.
  deadline.now = transport.now
  return deadline.now()
end

---@param seconds? number
---@return number? ends
function deadline.after(seconds)
  return seconds and deadline.now() + seconds
end

---@param ends? number
---@return number? seconds  none or less when it is over
function deadline.left(ends)
  return ends and ends - deadline.now()
end

---What is left, as a time limit of a request: one that is over has a short one, and ends by it.
---@param ends? number
---@return number? seconds
function deadline.limit(ends)
  return ends and math.max(deadline.left(ends), 0.001)
end

-- The core counts whole milliseconds: in less nothing is done.
local MOMENT = 0.01

---@param ends? number
---@param seconds? number
---@return boolean  whether nothing is left behind so many seconds more
function deadline.isOver(ends, seconds)
  return ends ~= nil and deadline.left(ends) - (seconds or 0) < MOMENT
end

---Lets the error of a request that had what was left of a call's time tell of all of it.
---@param err? gemini.Error
---@param ends? number  the call's
---@param seconds? number  that it had
---@return gemini.Error? err  the same
function deadline.tell(err, ends, seconds)
  if err and err.kind == "timeout" and deadline.isOver(ends) then
    err.message = ("no complete answer within %g s"):format(seconds)
  end
  return err
end

return deadline
