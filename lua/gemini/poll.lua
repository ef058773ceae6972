---Looks at something again and again, until it is done.

local deadline = require "gemini.deadline"
local loop = require "gemini.loop"
local tables = require "gemini.tables"

local poll = {}

-- Seconds between two looks where the caller does not say: from the first, growing.
local FIRST, GROWTH, LONGEST = 1, 1.5, 30

-- Seconds for a look where the client has no say: those of any call.
local LONGEST_LOOK = 600

---The options of a look: those of its caller, and no more time than is left.
---@param client gemini.State
---@param call? gemini.CallOptions
---@param ends? number
---@return gemini.CallOptions?
function poll.options(client, call, ends)
  local left = deadline.limit(ends)
  if not left or left >= (call and call.timeout or client.timeout or LONGEST_LOOK) then return call end
  local options = tables.copy(call or {})
  options.timeout = left
  return options
end

-- Waits between two looks; false where the time is up. What a cassette plays is not waited for.
local function pause(client, seconds, ends)
  local left = deadline.left(ends) or seconds
  if left <= 0 then return false end
  loop.sleep(client.played and 0 or math.min(seconds, left))
  return not ends or deadline.left(ends) > 0
end

-- When a wait is given up because nothing changes any more; nil where that may take any time.
local function stalling(given, subject)
  local seconds, mark, stalls = given.stallTimeout, nil, nil
  if not seconds then return function() return nil end end
  return function()
    local now = subject.mark()
    if now ~= mark then
      mark, stalls = now, deadline.after(seconds)
    end
    return stalls
  end
end

---@class gemini.Polled
---@field value fun(): any  what `onProgress` is given
---@field done fun(): boolean
---@field mark? fun(): string  another text where something has changed: where that is the same for `stallTimeout`
---  seconds, the time is up too
---@field look fun(call: gemini.CallOptions?): any, gemini.Error?  looks again, by a call with these options; nil and
---  the error where that failed

---@param client gemini.State
---@param given gemini.WaitOptions
---@param subject gemini.Polled
---@param call? gemini.CallOptions  of each look
---@return boolean? done  nil and the error of a look, or nil alone where the time was up
---@return gemini.Error?
function poll.run(client, given, subject, call)
  local ends, interval = deadline.after(given.timeout), given.interval or FIRST
  local stalls = stalling(given, subject)
  while not subject.done() do
    local still = stalls()
    if deadline.isOver(still) then return nil end
    if given.onProgress then given.onProgress(subject.value()) end
    if not pause(client, math.min(interval, deadline.left(still) or interval), ends) then return nil end
    local looked, err = subject.look(poll.options(client, call, ends))
    if not looked then
      local over = err.kind == "timeout" and deadline.isOver(ends)
      return nil, not over and err or nil
    end
    if not given.interval then interval = math.min(interval * GROWTH, LONGEST) end
  end
  return true
end

return poll
