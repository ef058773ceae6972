---Takes an interaction's stream up again behind the last event that came, when its connection breaks.

local api = require "gemini.api"
local attempts = require "gemini.attempts"
local deadline = require "gemini.deadline"
local request = require "gemini.request"
local retry = require "gemini.retry"
local tables = require "gemini.tables"

-- The call's options for what is left of its time; nil when none is.
local function remaining(call, ends)
  local seconds = deadline.left(ends)
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
  local ends = deadline.after(first.timeout)
  local attempt = attempts.new(first, 1, ends)
  return function(err)
    if not (retry.mayPass(err) and steps.id and steps.lastEventId) then return nil end
    if not attempt:again(err, steps.lastEventId) then return nil end
    local options = remaining(call, ends)
    if not options then return nil end
    local args = { id = steps.id, stream = true, last_event_id = steps.lastEventId }
    local built = request.build(client, "interactions.get", api.interactions.get, args, options)
    if not built then return nil end
    built.label = first.label
    steps:rewind()
    return built
  end
end
