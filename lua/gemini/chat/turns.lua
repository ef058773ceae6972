---The turns of one chat, one after the other, whoever takes them.

local deadline = require "gemini.deadline"
local loop = require "gemini.loop"
local queue = require "gemini.loop.queue"
local task = require "gemini.loop.task"
local tasks = require "gemini.loop.tasks"
local wait = require "gemini.loop.wait"

---@class gemini.ChatTurn
---@field by thread|string|nil  the coroutine that takes it; nil once it is a stream
---@field task gemini.Task?  likewise, where it is one
---@field plan gemini.ToolPlan?  whose functions are within it
---@field core gemini.RoundCore?  the stream that it is
---@field held { handle: gemini.RoundStream? }?  weak: what the stream's reader holds
---@field changed fun()?
---@field left boolean?

---@class gemini.ChatTurns
---@field private head gemini.ChatTurn|false  whose turn it is
---@field private line gemini.Queue
local Turns = {}
Turns.__index = Turns

-- Seconds between two looks for streams that somebody has left open and forgotten.
local LOOK = 1

local function running()
  return coroutine.running() or "main"
end

-- Whether this runs in a function that is a part of a turn, or in its hook.
local function isWithin(turn)
  local plan, each = turn.plan, tasks.innermost()
  if not plan then return false end
  if plan.asking == running() then return true end
  while each do
    if each.within == plan or each.co == plan.asking then return true end
    each = each.parent
  end
  return false
end

-- A coroutine that ended in an error may hold what it had.
local function hasBroken(each)
  return each ~= nil and task.hasEnded(each) and not each.ok
end

-- Whether nobody goes on with a turn: its stream's reader wants another one, or has dropped it; or who has taken it
-- does, or its task has ended, where it could not say so.
local function isAbandoned(turn)
  local core = turn.core
  if not core then return turn.by == running() or turn.task ~= nil and task.hasEnded(turn.task) end
  return core.held.reader == running() or turn.held.handle == nil or hasBroken(core.held.task)
end

local function advance(self)
  repeat self.head = self.line:pop() or false until not self.head or not self.head.left
  if self.head and self.head.changed then self.head.changed() end
end

local function abandon(self, turn)
  if turn.core then turn.core:close() end
  self:leave(turn)
end

-- Whether a turn is the next one, which looks after the one before it.
local function isNext(self, turn)
  local first = self.line:peek()
  while first and first.left do
    self.line:pop()
    first = self.line:peek()
  end
  return first == turn
end

-- Whether nobody is there who could go on with a turn while this one waits.
local function isLast()
  return not tasks.innermost() and tasks.count() == 0 and not loop.isAttached()
end

-- Looks at the turn that another one waits for; true where that waits in vain.
local function look(self)
  if self.head.core then collectgarbage() end
  if not isAbandoned(self.head) then return isLast() end
  abandon(self, self.head)
end

-- Waits for the turn. What ends the wait is returned, to be raised; and whether it was in vain.
local function await(self, turn)
  local function isTurn() return self.head == turn end
  local function watch(changed) turn.changed = changed end
  while not isTurn() do
    local _, ended = loop.try(wait.till, isTurn, watch, deadline.after(LOOK))
    if ended then return ended end
    if not isTurn() and self.head and isNext(self, turn) and look(self) then return nil, true end
  end
end

---Waits until it is this turn's turn.
---@param turn gemini.ChatTurn
---@return string? problem  where it would never come
function Turns:enter(turn)
  if self.head and isWithin(self.head) then
    return "a function that the model has called can't speak in the same chat, nor can onToolCall"
  end
  self:reclaim()
  if not self.head then
    self.head = turn
    return nil
  end
  self.line:push(turn)
  local ended, inVain = await(self, turn)
  if inVain then
    return "another coroutine has begun to read a stream of this chat, and nothing could end it: close it"
  end
  if not ended then return nil end
  self:leave(turn)
  error(ended, 0)
end

---Ends the turn under way where nobody goes on with it but, maybe, the one who calls.
function Turns:reclaim()
  local head = self.head
  if head and not isWithin(head) and isAbandoned(head) then abandon(self, head) end
end

---Lets the next one have its turn. Harmless when it has been called before.
---@param turn gemini.ChatTurn
function Turns:leave(turn)
  turn.left = true
  if self.head == turn then advance(self) end
end

---@return gemini.ChatTurns
return function()
  return setmetatable({ head = false, line = queue() }, Turns)
end
