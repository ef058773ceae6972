---Tells a caller how far an upload or a download has come: at its beginning, at its end, and some times a second
---between.

local deadline = require "gemini.deadline"

-- Seconds between two calls.
local INTERVAL = 0.1

---@class gemini.Progress
---@field private call fun(done: integer, total: integer?, about: any)?
---@field private total integer?
---@field private about any
---@field private told integer?
---@field private at number?
local Progress = {}
Progress.__index = Progress

---@param done integer  bytes
function Progress:tell(done)
  if not self.call or done == self.told then return end
  self.told, self.at = done, deadline.now()
  self.call(done, self.total, self.about)
end

---The beginning, though it may have been told before.
---@param done integer
function Progress:begin(done)
  self.told = nil
  self:tell(done)
end

---Like tell, but not too often.
---@param done integer
function Progress:tick(done)
  if not self.call or self.at and deadline.now() - self.at < INTERVAL then return end
  self:tell(done)
end

---The end, which may be the first that is known of the total.
---@param total integer
function Progress:finish(total)
  if self.total ~= total then self.told = nil end
  self.total = total
  self:tell(total)
end

---@param total? integer
function Progress:expect(total)
  self.total = total
end

---@param call? fun(done: integer, total: integer?, about: any)
---@param total? integer
---@param about any  what it is called with beside the bytes
---@return gemini.Progress
return function(call, total, about)
  return setmetatable({ call = call, total = total, about = about }, Progress)
end
