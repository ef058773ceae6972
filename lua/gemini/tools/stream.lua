---A stream over several answers: where one ends in calls, their functions are carried out, and the next one goes on.

local errors = require "gemini.errors"
local loop = require "gemini.loop"
local tasks = require "gemini.loop.tasks"

---@class gemini.RoundListener  hears how a stream of rounds ends
---@field ended fun(reply: table)
---@field failed fun(err: gemini.Error, closed: boolean)  `closed` where the reader has left it

-- What goes on behind a stream that somebody holds. It may be looked at by others than that one.
---@class gemini.RoundCore
---@field plan gemini.ToolPlan
---@field held { reader: thread|string?, task: gemini.Task? }  weak, for a coroutine that is forgotten holds its stream:
---  who has read last, or opened it, and the task in which that was
---@field private label gemini.Label
---@field private stream gemini.Stream  the answer in work
---@field private called boolean  it may have calls
---@field private busy boolean  functions are running, or the next answer is being asked for
---@field private ended boolean
---@field private err gemini.Error|false
---@field private listener? gemini.RoundListener
local Core = {}
Core.__index = Core

local function fail(self, err, closed)
  self.err = self.plan:tell(err)
  if self.listener then self.listener.failed(self.err, closed) end
  return nil, self.err
end

-- Ends it where it is.
local function abort(self, closed)
  if self.ended or self.err then return end
  self.stream:close()
  local _, err = self.stream:next()
  fail(self, err or errors.new("cancelled", "the stream was closed before its end", self.label), closed)
end

-- A reader that is cancelled has left; what else is raised here is an error.
local function broken(self, raised)
  abort(self, type(raised) == "table" and raised.kind == "cancelled")
  error(raised, 0)
end

-- Carries out what an answer asks for, and begins the next one; nil where it asks for nothing.
local function proceed(self, whole)
  if not self.plan:follow(whole) or self.err then return nil end
  local built, problem = self.plan:request()
  if not built then error(problem, 0) end
  return self.plan.open(built)
end

-- Goes on behind an answer that has ended, if it asks for that.
local function follow(self)
  local whole = self.called and self.stream:collect()
  if not whole then return false end
  self.busy = true
  local ok, opened = loop.try(proceed, self, whole)
  self.busy = false
  if not ok then broken(self, opened) end
  if not opened then return false end
  self.stream, self.called = opened, false
  -- Somebody may have closed it meanwhile.
  if self.err then opened:close() end
  return true
end

-- What becomes of it where the answer in work has ended.
local function conclude(self, err)
  if err then return fail(self, err, err.kind == "cancelled") end
  if follow(self) or self.err then return end
  self.ended = true
  if self.listener then self.listener.ended(self:whole()) end
end

local function noteReader(self)
  local held = self.held
  held.reader, held.task = coroutine.running() or "main", tasks.innermost()
end

---@return table? chunk
---@return gemini.Error?
function Core:next()
  while not (self.ended or self.err) do
    if self.busy then error("stream:next: somebody else reads it, and functions that it asked for are running", 3) end
    noteReader(self)
    local answer = self.stream
    local ok, chunk, err = loop.try(answer.next, answer)
    if not ok then broken(self, chunk) end
    if chunk then
      self.called = self.called or self.plan:signals(chunk)
      return chunk
    end
    -- Another reader may have gone on meanwhile.
    if not (self.ended or self.err or self.busy) and self.stream == answer then conclude(self, err) end
  end
  return nil, self.err or nil
end

---@return table reply  the last answer, all its chunks merged
function Core:whole()
  return self.plan:finish((self.stream:collect()))
end

function Core:close()
  abort(self, true)
end

---@class gemini.RoundStream: gemini.Stream
---@field private core gemini.RoundCore
local RoundStream = { __name = "gemini.stream" }
RoundStream.__index = RoundStream

function RoundStream:__tostring()
  local core = self.core
  local how = core.err and "failed" or core.ended and "ended" or "open"
  return ("gemini.stream %s: %s"):format(core.label.method, how)
end

-- To be called by a method: raises at its caller's place.
local function coreOf(self, name)
  if getmetatable(self) ~= RoundStream then error(("stream:%s: call it with a colon"):format(name), 3) end
  return self.core
end

---The next chunk, of whichever answer; waits for it, and for functions.
---@return gemini.Reply? chunk  nil at the end
---@return gemini.Error?
function RoundStream:next()
  -- No tail call: as long as it is read, somebody holds the stream.
  local chunk, err = coreOf(self, "next"):next()
  return chunk, err
end

---Ends the stream at once. Functions that are running end by themselves.
function RoundStream:close()
  coreOf(self, "close"):close()
end

---Reads to the end.
---@return gemini.Reply? reply  the last answer; `toolTurns` has what was said before
---@return gemini.Error?
function RoundStream:collect()
  local core = coreOf(self, "collect")
  local chunk, err
  repeat chunk, err = core:next() until not chunk
  if err then return nil, err end
  return core:whole()
end

function RoundStream:__call()
  local chunk, err = self.core:next()
  if err then error(err, 0) end
  return chunk
end

RoundStream.__close = RoundStream.close

local roundstream = {}

local WEAK = { __mode = "v" }

---@param plan gemini.ToolPlan  with its first request
---@param listener? gemini.RoundListener
---@return gemini.RoundCore core
---@return gemini.RoundStream handle  what the reader holds
function roundstream.open(plan, listener)
  local first = plan:take()
  local core = setmetatable({
    label = first.label, plan = plan, listener = listener, held = setmetatable({}, WEAK),
    called = false, busy = false, ended = false, err = false,
  }, Core)
  noteReader(core)
  core.stream = plan.open(first)
  return core, setmetatable({ core = core }, RoundStream)
end

return roundstream
