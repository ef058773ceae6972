---Calls whose answers may ask for functions: those are carried out, and the model is told, until it answers.

local beside = require "gemini.beside"
local gathering = require "gemini.gathering"
local options = require "gemini.options"
local own = require "gemini.own"
local request = require "gemini.request"
local functions = require "gemini.tools.functions"

-- Answers with calls that are carried out, one after the other.
local ROUNDS = 10

---@class gemini.ToolPlan
---@field known table<string, gemini.LocalFunction|false>  the functions by name; false for one that the caller runs
---@field any boolean  whether there is any to run here
---@field args table  of the request to come
---@field turns gemini.Content[]  what was said before the answer: calls, and what came of them
---@field round integer
---@field limited? boolean  the last answer has calls that were one round too many
---@field onToolCall? function
---@field toolTimeout? number
---@field model string
---@field asking? thread|string  in which the hook is being asked
---@field private first? gemini.Request  until it is taken
---@field private most integer
---@field private dialect gemini.ToolDialect
---@field private build fun(args: table): gemini.Request?, string?  functions, for what holds a plan may be within the
---  user's reach: nobody shall see what is in a call's options
---@field open fun(built: gemini.Request): gemini.Stream
local Plan = {}
Plan.__index = Plan

---The request to come.
---@return gemini.Request?
---@return string? problem  what is wrong with the arguments
function Plan:request()
  return self.build(self.args)
end

---Takes the first request: it is large, and has secrets.
---@return gemini.Request
function Plan:take()
  local first = self.first
  self.first = nil
  return first
end

---@param chunk table  of a stream
---@return boolean  whether functions may have to be run when it ends
function Plan:signals(chunk)
  return self.any and self.dialect.signals(chunk)
end

-- Whether all calls are for this client: one that is the caller's leaves the others to him, too.
local function areOurs(self, calls)
  for _, call in ipairs(calls) do
    if self.known[call.name] == false then return false end
  end
  return calls[1] ~= nil
end

---Carries out the calls in an answer, if there are any that are to be.
---@param reply table
---@return boolean  whether there is one more request to send
function Plan:follow(reply)
  local calls = self.any and self.dialect.calls(reply)
  if not calls or not areOurs(self, calls) then return false end
  if self.round >= self.most then
    self.limited = true
    return false
  end
  self.round = self.round + 1
  self.args = self.dialect.following(self, reply, functions.run(self, calls))
  return true
end

---Lets the last answer tell of those before.
---@generic T
---@param reply T
---@return T reply
function Plan:finish(reply)
  return beside.note(reply, { toolTurns = self.any and self.turns or nil, toolLimit = self.limited })
end

---Lets an error tell of what was carried out before.
---@param err gemini.Error
---@return gemini.Error err
function Plan:tell(err)
  if self.turns[1] ~= nil then err.toolTurns = self.turns end
  return err
end

local rounds = {}

---@param client gemini.State
---@param method string
---@param row gemini.Row
---@param args table  a copy of the caller's: what is for the client alone is taken out
---@param call? gemini.CallOptions
---@param dialect gemini.ToolDialect
---@return gemini.ToolPlan?
---@return string? problem  what is wrong with the arguments
function rounds.plan(client, method, row, args, call, dialect)
  local taken, problem = own.take(row, args, options.tools)
  if not taken then return nil, problem end
  local known, any = functions.known(dialect.declared(args))
  if not known then return nil, any end
  call = request.keep(call)
  local plan
  plan = setmetatable({
    known = known, any = any, args = args, turns = {}, round = 0,
    most = taken.maxToolRounds or ROUNDS, onToolCall = taken.onToolCall, toolTimeout = taken.toolTimeout,
    model = args.model, dialect = dialect,
    build = function(given) return request.build(client, method, row, given, call) end,
    open = function(built) return require("gemini.stream").open(client, row, built, plan.args, call) end,
  }, Plan)
  return plan
end

---What is built of a call that generates content.
---@param client gemini.State
---@param method string
---@param row gemini.Row
---@param args table
---@param call? gemini.CallOptions
---@return gemini.ToolPlan? plan  with its first request
---@return string? problem
function rounds.build(client, method, row, args, call)
  local plan, problem = rounds.plan(client, method, row, args, call, require "gemini.tools.contents")
  if not plan then return nil, problem end
  plan.first, problem = plan:request()
  return plan.first and plan, problem
end

---@param client gemini.State
---@param row gemini.Row
---@param plan gemini.ToolPlan
---@return gemini.Reply?
---@return gemini.Error|string?
function rounds.call(client, row, plan)
  local built, problem = plan:take(), nil
  while built do
    local reply, err = gathering.call(client, row, built)
    if not reply then return nil, plan:tell(err) end
    if not plan:follow(reply) then return plan:finish(reply) end
    built, problem = plan:request()
  end
  return nil, problem
end

return rounds
