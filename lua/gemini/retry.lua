---What may be repeated, and how: decisions alone.

local tables = require "gemini.tables"

-- Seconds added to those that a server asks for: it cuts them to whole ones.
local MARGIN = 1

-- What breaks without being at fault itself.
local BREAKS = { network = true, truncated = true, timeout = true }

-- Statuses of servers that may say something else soon; and those of them which say that nothing was carried out.
local PASSING = { [408] = true, [429] = true, [500] = true, [502] = true, [503] = true, [504] = true }
local REFUSALS = { [429] = true, [503] = true }

local retry = {}

---How a client repeats, where it is not told otherwise.
---@type gemini.Retry
retry.USUAL = { attempts = 5, delay = 1, maxDelay = 60 }

---@param given gemini.Retry|false?
---@param base gemini.Retry  what holds where nothing is given
---@return gemini.Retry
function retry.policy(given, base)
  if given == nil then return base end
  local policy = tables.copy(base)
  for name, value in next, given or { attempts = 1 } do policy[name] = value end
  return policy
end

---@param err gemini.Error
---@return boolean
function retry.mayPass(err)
  return BREAKS[err.kind] or err.kind == "api" and PASSING[err.code] or false
end

---Whether a request may be sent again behind an error.
---@param err gemini.Error
---@param request gemini.Request
---@param sent boolean?  whether all of it may have reached the server; nil where nothing was tried
---@return boolean
function retry.mayRepeat(err, request, sent)
  if sent == nil or not retry.mayPass(err) then return false end
  return not (request.once and sent) or request.retry.creates or err.kind == "api" and REFUSALS[err.code] or false
end

---How long the server wants us to wait.
---@param err gemini.Error
---@param policy gemini.Retry
---@return number? seconds  0 where it did not say; nil where that is longer than we wait
function retry.asked(err, policy)
  local seconds = type(err.retryAfter) == "number" and err.retryAfter + MARGIN or 0
  return seconds <= policy.maxDelay and seconds or nil
end

return retry
