---Attempts to repeat what broke: how often it is tried, and how long is waited before.

local deadline = require "gemini.deadline"
local loop = require "gemini.loop"
local random = require "gemini.random"
local retry = require "gemini.retry"
local tables = require "gemini.tables"

local attempts = {}

---@class gemini.Attempts
---@field private first gemini.Request
---@field private policy gemini.Retry
---@field private ends number?
---@field private free integer  repetitions in a row that nothing is waited before
---@field private tried integer
---@field private reached any
---@field private hasRepeated boolean?
local Attempts = {}
Attempts.__index = Attempts

-- Clients that broke together come back apart.
local function spread(seconds)
  return seconds * (0.5 + 0.5 * random.fraction())
end

local function ownDelay(self)
  local nth = self.tried - self.free
  return nth > 0 and spread(math.min(self.policy.delay * 2 ^ (nth - 1), self.policy.maxDelay)) or 0
end

local function delay(self, err)
  local most = self.policy.attempts
  if most == 1 or self.tried - self.free >= most then return nil end
  local asked = retry.asked(err, self.policy)
  return asked and math.max(ownDelay(self), asked)
end

---Waits before one more attempt.
---@param err gemini.Error  what broke
---@param reached? any  how far it got: another value than the last time says that it gets on
---@return boolean  false when it is time to give up: what was waited for would come too late, too
function Attempts:again(err, reached)
  self.tried = self.reached == reached and self.tried + 1 or 1
  self.reached = reached
  local seconds = delay(self, err)
  if not seconds or deadline.isOver(self.ends, seconds) then return false end
  local onRetry = self.first.onRetry
  local label = self.first.label
  if onRetry then onRetry(err, label.attempts, seconds) end
  -- What a cassette plays comes to nothing by waiting.
  loop.sleep(label.played and 0 or seconds)
  self.hasRepeated = true
  return true
end

---The request, for as long as the call may still last.
---@return gemini.Request
function Attempts:request()
  if not self.ends or not self.hasRepeated then return self.first end
  local left = tables.copy(self.first)
  left.timeout = deadline.limit(self.ends)
  return left
end

---@param err gemini.Error
---@return gemini.Error err  the same; one of the deadline's tells of the whole call
function Attempts:tell(err)
  if not self.hasRepeated then return err end
  return deadline.tell(err, self.ends, self.first.timeout)
end

---@param first gemini.Request
---@param free? integer  repetitions in a row that nothing is waited before; none when absent
---@param ends? number  the call's deadline; the request's own when absent
---@return gemini.Attempts
function attempts.new(first, free, ends)
  return setmetatable({
    first = first, policy = first.retry, ends = ends or deadline.after(first.timeout), free = free or 0, tried = 0,
  }, Attempts)
end

return attempts
