---Lets a client's requests out in turn: so many at once, so many calls a minute, none while the server wants a pause.

local deadline = require "gemini.deadline"
local driver = require "gemini.loop.driver"
local errors = require "gemini.errors"
local loop = require "gemini.loop"
local queue = require "gemini.loop.queue"
local retry = require "gemini.retry"
local task = require "gemini.loop.task"
local tasks = require "gemini.loop.tasks"
local wait = require "gemini.loop.wait"

local gate = {}

local MINUTE = 60

-- Seconds between two looks for streams that somebody has left open and forgotten.
local LOOK = 1

---@class gemini.Gate
---@field concurrency integer?
---@field perMinute integer?
---@field calls gemini.Queue  when the calls of the last minute began
---@field running table<userdata|gemini.Place, true>  transfers, and requests that are about to become one; weak, for a
---  forgotten one ends with its collection
---@field line gemini.Queue  who waits for a turn, the first one included
---@field head gemini.Place?  the one whose turn it is
---@field pausedUntil number
local Gate = {}
Gate.__index = Gate

---@class gemini.Place  of a request in the line; then, until it is sent, among those that run
---@field task gemini.Task?  in which it is
---@field changed fun()?  what to call when its turn has come, or may have
---@field left boolean?  it waits no longer
local Place = {}
Place.__index = Place

-- A task of PUC Lua 5.1 may end before it could give its place back.
function Place:running()
  return not (self.task and task.hasEnded(self.task))
end

---@param limit gemini.Limit
---@return gemini.Gate
function gate.new(limit)
  return setmetatable({
    concurrency = limit.concurrency,
    perMinute = limit.perMinute,
    calls = queue(),
    running = setmetatable({}, { __mode = "k" }),
    line = queue(),
    pausedUntil = 0,
  }, Gate)
end

local function isFull(self)
  if not self.concurrency then return false end
  local count = 0
  for transfer in pairs(self.running) do
    if transfer:running() then count = count + 1 else self.running[transfer] = nil end
  end
  return count >= self.concurrency
end

-- Until the minute has room for one more call.
local function untilRoom(self, now)
  if not self.perMinute then return 0 end
  while self.calls:count() > 0 and self.calls:peek() <= now - MINUTE do self.calls:pop() end
  return self.calls:count() < self.perMinute and 0 or self.calls:peek() + MINUTE - now
end

-- Seconds until the next one may go; nil for not before one has ended.
local function delay(self, isCall)
  local now = deadline.now()
  local seconds = math.max(self.pausedUntil - now, isCall and untilRoom(self, now) or 0)
  if seconds <= 0 and isFull(self) then return nil end
  return math.max(seconds, 0)
end

-- Lets the next in the line have its turn.
local function advance(self)
  repeat self.head = self.line:pop() until not self.head or not self.head.left
  if self.head and self.head.changed then self.head.changed() end
end

local function join(self)
  local ticket = setmetatable({ task = tasks.current() }, Place)
  if self.head then self.line:push(ticket) else self.head = ticket end
  return ticket
end

local function leave(self, ticket)
  ticket.left = true
  if self.head == ticket then advance(self) end
end

-- Waits for the turn, then for what it may have to wait for still. What ends the wait is returned, to be raised.
local function await(self, ticket, isCall, ends)
  local function isTurn() return self.head == ticket and delay(self, isCall) == 0 end
  local function watch(changed)
    ticket.changed = changed
    driver.atEnd(ticket, changed and self.head == ticket and changed or nil)
  end
  while not isTurn() and not (ends and deadline.left(ends) <= 0) do
    local head = self.head == ticket
    local limit = deadline.after(head and (delay(self, isCall) or LOOK) or nil)
    local _, ended = loop.try(wait.till, head and isTurn or function() return self.head == ticket end, watch,
      limit and ends and math.min(limit, ends) or limit or ends)
    if ended then return ended end
    if head and delay(self, isCall) == nil then collectgarbage() end
  end
end

---Waits for a request's turn.
---@param request gemini.Request
---@return number? timeout  seconds that are left of the request's; nil where it has none
---@return gemini.Error? err  when the time was up before
---@return gemini.Place? place  to be filled
function Gate:enter(request)
  local ends, isCall = deadline.after(request.timeout), request.label.attempts == 0
  local ticket = join(self)
  local raised = await(self, ticket, isCall, ends)
  local late = ends and deadline.left(ends) <= 0
  if not raised and not late then self.running[ticket] = true end
  leave(self, ticket)
  if raised then error(raised, 0) end
  if late then
    local problem = ("the client's limit left no room within %g s"):format(request.timeout)
    return nil, errors.new("timeout", problem, request.label)
  end
  if isCall and self.perMinute then self.calls:push(deadline.now()) end
  return ends and deadline.left(ends), nil, ticket
end

---@param place gemini.Place
---@param transfer? userdata  what the request has become; nil where it was not sent
function Gate:fill(place, transfer)
  self.running[place] = nil
  if transfer then
    self.running[transfer] = true
  elseif self.head and self.head.changed then
    self.head.changed()
  end
end

---Lets all requests of a client wait, where the server has told one of them to.
---@param client gemini.State
---@param err? gemini.Error
function gate.heed(client, err)
  local own = client.gate
  if not own or not err or err.kind ~= "api" or err.code ~= 429 then return end
  local seconds = retry.asked(err, client.retry)
  if seconds then own.pausedUntil = math.max(own.pausedUntil, deadline.after(seconds)) end
end

return gate
