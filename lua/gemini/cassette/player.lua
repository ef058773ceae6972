---A transfer whose answer is there already: what a cassette holds, told as one tells it that came over the wire.

local codec = require "gemini.codec"
local pretty = require "gemini.cassette.pretty"
local tables = require "gemini.tables"
local values = require "gemini.cassette.values"

-- Bytes of a download that are handed over at a time.
local PIECE = 256 * 1024

---@class gemini.Player
---@field private answered table
---@field private events string[]
---@field private text string  the body, or what is left of one that is read in pieces
---@field private at integer  events that were taken
---@field private bytes integer  of these
---@field private size integer  of the request's body
---@field private inPieces boolean
local Player = {}
Player.__index = Player

function Player.ready() return true end
function Player.running() return false end
function Player.close() end

function Player:status() return self.answered.status end
function Player:headers() return tables.copy(self.answered.headers or {}) end
function Player:sent() return self.size end
function Player:taken() return self.bytes end

function Player:failure()
  local failure = self.answered.failure
  if failure then return failure.kind, failure.message end
end

function Player:isSent()
  local failure = self.answered.failure
  return not failure or failure.sent == true
end

local function decoded(text, depth, packed)
  local value, problem = codec.decode(text, depth, packed)
  if value == nil then return nil, problem, text end
  return value
end

-- How a stream began, where errors quote it.
function Player:bodyText()
  if self.text == "" and self.events[1] then return "data: " .. self.events[1] end
  return self.text
end

function Player:body(depth, packed)
  return decoded(self.text, depth, packed)
end

function Player:eventText(_, backlog)
  local text = self.events[self.at + 1]
  if not text then return nil end
  self.at, self.bytes = self.at + 1, self.bytes + #text
  if backlog then backlog:add(text) end
  return text
end

function Player:event(depth, backlog)
  local text = self:eventText(nil, backlog)
  if text then return decoded(text, depth) end
end

function Player:piece()
  if not self.inPieces or self.text == "" then return nil end
  local piece = self.text:sub(1, PIECE)
  self.text = self.text:sub(PIECE + 1)
  return piece
end

local function eventsOf(answered)
  local out = {}
  for i, event in ipairs(answered.events or {}) do
    out[i] = type(event) == "string" and event or pretty(event)
  end
  for i, event in ipairs(type(answered.base64) == "table" and answered.base64 or {}) do
    out[i] = codec.base64Decode(event)
  end
  return out
end

local function sizeOf(body)
  if type(body) ~= "table" then return #(body or "") end
  local size = 0
  for _, segment in ipairs(body) do size = size + (type(segment) == "string" and #segment or segment.length or 0) end
  return size
end

---@param answered table  as a cassette holds it, its URLs the client's
---@param request gemini.Request
---@return gemini.Player
return function(answered, request)
  local status = answered.status
  return setmetatable({
    answered = answered,
    events = eventsOf(answered),
    text = type(answered.base64) == "table" and "" or values.take(answered),
    at = 0,
    bytes = request.takenBytes or 0,
    size = sizeOf(request.body),
    inPieces = request.reading == "pieces" and status ~= nil and status >= 200 and status < 300,
  }, Player)
end
