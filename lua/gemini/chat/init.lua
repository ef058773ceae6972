---Chats: a model, what it is told for each turn, and the turns so far.

require("gemini.interpreted")()

local api = require "gemini.api"
local history = require "gemini.chat.history"
local loop = require "gemini.loop"
local messages = require "gemini.messages"
local nearest = require "gemini.nearest"
local options = require "gemini.options"
local rounds = require "gemini.tools.rounds"
local roundstream = require "gemini.tools.stream"
local tables = require "gemini.tables"
local tasks = require "gemini.loop.tasks"
local turns = require "gemini.chat.turns"

---@class gemini.ChatOptions: gemini.GenerateContentRequest, gemini.ToolOptions  fields of each request
---@field contents nil
---@field history? gemini.Content[]  the turns of an earlier chat: they are copied

---@class gemini.Chat
---@field history gemini.Content[]  the turns so far, plain contents: to be read, saved as JSON, and changed
---@field private client gemini.State
---@field private args table  of each request
---@field private turns gemini.ChatTurns
local Chat = { __name = "gemini.chat" }
Chat.__index = Chat

local SEND, STREAM = "models.generateContent", "models.streamGenerateContent"
local ROWS = { [SEND] = api.models.generateContent, [STREAM] = api.models.streamGenerateContent }

function Chat:__tostring()
  local count = type(self.history) == "table" and #self.history or 0
  return ("gemini.chat with %s: %d contents"):format(self.args.model, count)
end

-- To be called by a method: raises at its caller's place.
local function must(self, name)
  if getmetatable(self) ~= Chat then error(("chat:%s: call it with a colon"):format(name), 3) end
end

-- Keeps a turn: what the user said, what functions were called for, and what the model answered. A history that was
-- thrown away meanwhile begins anew, for an answer is not to be lost by that.
local function keep(self, asked, between, answer)
  if type(self.history) ~= "table" then self.history = history.copy {} end
  local list = self.history
  list[#list + 1] = asked
  for _, each in ipairs(between) do list[#list + 1] = tables.deepCopy(each) end
  list[#list + 1] = answer
end

-- What a message asks, ready to be sent; or nil and what is wrong.
local function prepare(self, method, message, call)
  local problem, asked = history.problem(self.history), nil
  if not problem then asked, problem = history.turn(self.history, message) end
  if problem then return nil, problem end
  local args = tables.copy(self.args)
  args.contents = history.request(self.history, asked)
  local plan
  plan, problem = rounds.build(self.client, method, ROWS[method], args, call)
  return plan and asked, plan or problem
end

-- Takes a turn: what the history is then decides what is sent. What is wrong is raised at the user's place.
local function begin(self, name, method, message, call)
  local turn = { by = coroutine.running() or "main", task = tasks.current() }
  local never = self.turns:enter(turn)
  if never then error(("chat:%s: %s"):format(name, never), 3) end
  local ok, asked, plan = pcall(prepare, self, method, message, call)
  if ok and asked then
    turn.plan = plan
    return turn, asked, plan
  end
  self.turns:leave(turn)
  if not ok then error(asked, 0) end
  error(("chat:%s: %s"):format(name, plan), 3)
end

---Says something, and waits for the whole answer.
---@param message gemini.ContentsLike  one turn of the user's
---@param call? gemini.CallOptions
---@return gemini.Reply? reply  one that was blocked, or is empty, leaves the history as it was
---@return gemini.Error? err  the history is as it was
function Chat:send(message, call)
  must(self, "send")
  local turn, asked, plan = begin(self, "send", SEND, message, call)
  local ok, reply, err = loop.try(rounds.call, self.client, ROWS[SEND], plan)
  self.turns:leave(turn)
  if not ok then error(reply, 0) end
  local answer = reply and history.answer(reply)
  if answer then keep(self, asked, plan.turns, answer) end
  return reply, err
end

-- Hears how a stream ends. A reader who leaves keeps what was said.
local function listener(self, turn, asked, plan)
  return {
    ended = function(reply)
      self.turns:leave(turn)
      local answer = history.answer(reply)
      if answer then keep(self, asked, plan.turns, answer) end
    end,
    failed = function(err, closed)
      self.turns:leave(turn)
      local answer = closed and history.interrupted(err.partial)
      if answer or closed and plan.turns[1] then keep(self, asked, plan.turns, answer) end
    end,
  }
end

local WEAK = { __mode = "v" }

---Says something, and gives the answer as it comes. The turn ends with the stream: at its end, when it is closed or its
---loop is left, or by an error, which leaves the history as it was.
---@param message gemini.ContentsLike  one turn of the user's
---@param call? gemini.CallOptions
---@return gemini.Stream stream
---@return nil
---@return nil
---@return gemini.Stream stream  for the loop to close
function Chat:stream(message, call)
  must(self, "stream")
  local turn, asked, plan = begin(self, "stream", STREAM, message, call)
  local hears = listener(self, turn, asked, plan)
  local ok, core, handle = loop.try(roundstream.open, plan, hears)
  if not ok then
    self.turns:leave(turn)
    error(core, 0)
  end
  turn.core, turn.held = core, setmetatable({ handle = handle }, WEAK)
  -- Whoever has opened it may drop it.
  turn.by, turn.task = nil, nil
  return handle, nil, nil, handle
end

---Another chat with the same turns, which goes its own way from here.
---@return gemini.Chat
function Chat:fork()
  must(self, "fork")
  return setmetatable({
    client = self.client, args = self.args, history = history.copy(self.history), turns = turns(),
  }, Chat)
end

---Takes the last exchange back: the user's message, and all that followed. A stream that the caller reads, or has left,
---is ended, and is the last one.
---@return gemini.Content[]? contents  that were taken out; nil where there was nothing
function Chat:undo()
  must(self, "undo")
  self.turns:reclaim()
  local first, out = history.lastTurn(self.history), {}
  if not first then return nil end
  for i = first, #self.history do
    out[#out + 1], self.history[i] = self.history[i], nil
  end
  return out
end

-- What is wrong with a chat's options; what is in their fields the first request tells.
local function problemOf(given)
  if type(given) ~= "table" then return "expected a table of options, got " .. type(given) end
  local known = tables.copy(messages.get "GenerateContentRequest")
  for name, rule in pairs(options.tools) do known[name] = rule end
  known.contents, known.history = nil, {}
  for name in pairs(given) do
    if not known[name] then return ("unknown option '%s'%s"):format(tostring(name), nearest(tostring(name), known)) end
  end
  if type(given.model) ~= "string" then return "model must be a string, got " .. type(given.model) end
  return given.history ~= nil and history.problem(given.history) or nil
end

---`client:chat`.
---@param client gemini.State
---@param given gemini.ChatOptions
---@return gemini.Chat?
---@return string? problem
return function(client, given)
  local problem = problemOf(given)
  if problem then return nil, problem end
  local args = tables.copy(given)
  args.history = nil
  return setmetatable({
    client = client, args = args, history = history.copy(given.history or {}), turns = turns(),
  }, Chat)
end
