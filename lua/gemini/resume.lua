---Takes an interaction's stream up again behind the last event that came, when its connection breaks.

local api = require "gemini.api"
local loop = require "gemini.loop"
local request = require "gemini.request"
local tables = require "gemini.tables"

-- What a stream breaks of without being at fault itself.
local BREAKS = { network = true, truncated = true, timeout = true }

-- Seconds to wait before each attempt in a row that brings no event.
local DELAYS = { 0, 1, 2, 4, 8 }

local function isBreak(err)
  return BREAKS[err.kind] or err.kind == "api" and type(err.code) == "number" and err.code >= 500
end

-- Seconds that are left; nil where there is no end to them.
local function left(deadline)
  return deadline and deadline - require("gemini.transport").now()
end

-- The call's options for what is left of its time; nil when none is.
local function remaining(call, deadline)
  local seconds = left(deadline)
  if not seconds then return call or {} end
  if seconds <= 0 then return nil end
  local options = tables.copy(call or {})
  options.timeout = seconds
  return options
end

---@param steps gemini.Steps  what has come so far
---@param client gemini.State
---@param first gemini.Request  the stream's own
---@param call? gemini.CallOptions
---@return fun(err: gemini.Error): gemini.Request?  the request that goes on; nil where the stream can't be taken up
return function(steps, client, first, call)
  local deadline = first.timeout and require("gemini.transport").now() + first.timeout
  local tried, at = 0, nil
  return function(err)
    if not (isBreak(err) and steps.id and steps.lastEventId) then return nil end
    tried = at == steps.lastEventId and tried + 1 or 1
    at = steps.lastEventId
    if not DELAYS[tried] then return nil end
    loop.sleep(math.min(DELAYS[tried], left(deadline) or math.huge))
    local options = remaining(call, deadline)
    if not options then return nil end
    local args = { id = steps.id, stream = true, last_event_id = steps.lastEventId }
    local built = request.build(client, "interactions.get", api.interactions.get, args, options)
    if not built then return nil end
    built.label = first.label
    steps:rewind()
    return built
  end
end
