---A transfer that is listened to: like the one inside, and at its end it tells what has come.

require("gemini.interpreted")()

local codec = require "gemini.codec"
local failures = require "gemini.failures"
local plain = require "gemini.plain"
local values = require "gemini.cassette.values"

---@class gemini.Recorder
---@field private inner userdata
---@field private reading? "events"|"pieces"
---@field private parts string[]  events or pieces that were taken
---@field private done fun(answered: table?)
---@field private ended boolean
---@field private sentinel? userdata
local Recorder = {}
Recorder.__index = Recorder

for _, name in ipairs {
  "ready", "running", "id", "status", "headers", "failure", "sent", "isSent", "taken", "body", "bodyText",
} do
  Recorder[name] = function(self, ...)
    local inner = self.inner
    return inner[name](inner, ...)
  end
end

local function keep(self, text)
  self.parts[#self.parts + 1] = text
  return text
end

function Recorder:piece()
  return keep(self, self.inner:piece())
end

function Recorder:eventText(depth, backlog)
  return keep(self, self.inner:eventText(depth, backlog))
end

function Recorder:event(depth, backlog)
  local text = self:eventText(nil, backlog)
  if not text then return nil end
  local value, problem = codec.decode(text, depth)
  if value == nil then return nil, problem, text end
  return value
end

-- What tells something about the answer's bytes. Their number is exact for pieces alone: others are written anew.
local KEPT = { ["content-type"] = true, ["retry-after"] = true, location = true }
local KEPT_OF_PIECES = {
  ["content-length"] = true, ["content-range"] = true, etag = true, ["last-modified"] = true,
}

local function headersOf(transfer, inPieces)
  local out
  for name, value in next, transfer:headers() do
    if KEPT[name] or inPieces and KEPT_OF_PIECES[name] or name:find("^x%-goog%-upload%-") then
      out = out or {}
      out[name] = value
    end
  end
  return out
end

local function event(text)
  return values.decoded(text) or text
end

-- Events that are no JSON are texts; where one is not even text, all are base64.
local function putEvents(answered, parts)
  local list, name, form = {}, "events", event
  for _, text in ipairs(parts) do
    if not codec.encode(text) then name, form = "base64", codec.base64Encode end
  end
  for i, text in ipairs(parts) do list[i] = form(text) end
  answered[name] = list
  return answered
end

-- What the program did not wait for.
local LEFT = { kind = "cancelled", message = "the program ended it here when the cassette was recorded" }

local function failureOf(inner)
  if inner:running() then return LEFT end
  local kind, message = inner:failure()
  if not kind then return nil end
  return { kind = kind, message = failures.withoutPassword(message), sent = inner:isSent() }
end

-- What has come and was not taken; where more is to come, that is left out, for it differs each time.
local function drain(self, take)
  while not self.inner:running() and take(self) do end
end

-- Errors quote how a stream began that has no events, or broke.
local function putStream(self, answered)
  drain(self, self.eventText)
  if #self.parts == 0 then return values.put(answered, self.inner:running() and "" or self.inner:bodyText()) end
  if answered.failure and not self.inner:running() then answered.text = plain.legible(self.inner:bodyText()) end
  return putEvents(answered, self.parts)
end

local function putPieces(self, answered)
  drain(self, self.piece)
  return values.putBytes(answered, table.concat(self.parts))
end

-- Whether an error quotes the text of an answer that is JSON: one that is neither a reply nor an error of the API's.
local function isQuoted(answered)
  local body = answered.body
  return body ~= nil and (answered.failure or body[1] ~= nil or answered.status >= 300 and body.error == nil)
end

local function putWhole(self, answered)
  if self.inner:running() then return answered end
  local text = self.inner:bodyText()
  values.put(answered, text)
  if not isQuoted(answered) then return answered end
  answered.body = nil
  return values.putBytes(answered, text)
end

local PUT = { events = putStream, pieces = putPieces }

-- The answer as a cassette holds it; nil where none had begun when the program ended it.
local function answered(self)
  local inner = self.inner
  local status, failure = inner:status(), failureOf(inner)
  if failure and failure.kind == "cancelled" and not status then return nil end
  local reading = status and status >= 200 and status < 300 and self.reading or nil
  local out = { status = status, failure = failure, headers = status and headersOf(inner, reading == "pieces") }
  return (PUT[reading] or putWhole)(self, out)
end

function Recorder:close()
  if self.ended then return end
  self.ended = true
  local ok, raised = pcall(function() self.done(answered(self)) end)
  self.inner:close()
  if not ok then error(raised, 0) end
end

-- A stream that is left without being closed ends with its collection.
function Recorder:__gc()
  pcall(self.close, self)
end

-- LuaJIT and 5.1 finalise no tables.
local newproxy = rawget(_G, "newproxy")

local function watched(self)
  if newproxy then
    self.sentinel = newproxy(true)
    getmetatable(self.sentinel).__gc = function() Recorder.__gc(self) end
  end
  return self
end

---@param transfer userdata
---@param reading? "events"|"pieces"
---@param done fun(answered: table?)  is called once, at the end; nil where no answer had begun
---@return gemini.Recorder
return function(transfer, reading, done)
  local self = { inner = transfer, reading = reading, parts = {}, done = done, ended = false }
  return watched(setmetatable(self, Recorder))
end
