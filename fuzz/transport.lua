---gemini.transport with answers from a list in place of a network, and a clock that only waiting moves.

local codec = require "gemini.codec"
local core = require "fuzz.core"

local transport = { curlVersion = "0" }

-- Seconds that pass beyond those that are waited for: no wait takes many steps.
local LEAP = 100

local clock, answers, taken, onRequest = 0, {}, 0, nil

local Transfer = {}
Transfer.__index = Transfer

function Transfer:ready()
  local ready = self.asked
  self.asked = true
  return ready
end

function Transfer:status() return self.answer.status end

function Transfer:headers() return core.headers(self.answer.head) end

function Transfer:failure()
  if self.answer.failure then return self.answer.failure, "the transfer broke" end
end

function Transfer:bodyText() return self.answer.body end

function Transfer:body()
  local value, problem = codec.decode(self.answer.body)
  if value == nil then return nil, problem, self.answer.body end
  return value
end

function Transfer:sent() return self.length end

-- What broke without an answer had not all left.
function Transfer:isSent() return self.answer.status ~= nil end

function Transfer:close() self.closed = true end

-- What is sent when there are no answers any more fails.
local NONE = { head = "", body = "", failure = "network" }

local multi = {}

function multi.submit(_, request, headers)
  taken = taken + 1
  local length = onRequest(request, taken, headers)
  return setmetatable({ answer = answers[taken] or NONE, length = length }, Transfer)
end

function multi.step(_, seconds) clock = clock + seconds + LEAP end

function multi.live() return 0 end

function multi.ended() return taken end

function multi.news() end

function transport.multi() return multi end

-- They stay the list of lines that they are.
function transport.headers(list) return list end

function transport.now() return clock end

---@param list table[]  answers: `status`, `head`, `body`, and the kind of a `failure`
---@param fn fun(request: table, number: integer, headers: string[]): integer  is given each request; gives how many
---  bytes of it are sent
function transport.script(list, fn)
  answers, taken, onRequest = list, 0, fn
end

return transport
