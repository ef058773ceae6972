---Attempts to go on with what broke, as long as they get it further.

local deadline = require "gemini.deadline"
local loop = require "gemini.loop"

-- Seconds to wait before each attempt in a row that brings nothing.
local DELAYS = { 0, 1, 2, 4, 8 }

-- Servers cut the seconds that they ask for to whole ones; nobody waits here for longer than the second.
local MARGIN, LONGEST = 1, 60

-- What breaks without being at fault itself.
local BREAKS = { network = true, truncated = true, timeout = true }

-- What servers say that may say something else soon.
local PASSING = { [408] = true, [429] = true }

local attempts = {}

---@param err gemini.Error
---@return boolean
function attempts.mayPass(err)
  if BREAKS[err.kind] then return true end
  local code = err.kind == "api" and err.code
  return type(code) == "number" and (PASSING[code] or code >= 500 and code ~= 501) or false
end

---@class gemini.Attempts
---@field private ends number?
---@field private tried integer
---@field private reached any
local Attempts = {}
Attempts.__index = Attempts

---How long the server wants us to wait.
---@param err gemini.Error
---@return number? seconds  0 where it did not say; nil where that is longer than anybody waits here
function attempts.asked(err)
  local seconds = type(err.retryAfter) == "number" and err.retryAfter + MARGIN or 0
  return seconds <= LONGEST and seconds or nil
end

local function delayFor(err, tried)
  local asked = attempts.asked(err)
  return asked and math.max(DELAYS[tried], asked)
end

---Waits before one more attempt.
---@param err gemini.Error  what broke
---@param reached any  how far it got: another value than the last time says that it gets on
---@return boolean  false when it is time to give up
function Attempts:again(err, reached)
  self.tried = self.reached == reached and self.tried + 1 or 1
  self.reached = reached
  local seconds = DELAYS[self.tried] and delayFor(err, self.tried)
  if not seconds or deadline.isOver(self.ends, seconds) then return false end
  loop.sleep(seconds)
  return true
end

---@param ends? number  a deadline
---@return gemini.Attempts
function attempts.new(ends)
  return setmetatable({ ends = ends, tried = 0 }, Attempts)
end

return attempts
