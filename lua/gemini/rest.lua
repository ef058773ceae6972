---Carries out one call: sends a request, waits for the answer, returns the reply or the error.

local attempts = require "gemini.attempts"
local codec = require("gemini.lazy") "gemini.codec"
local deadline = require "gemini.deadline"
local errors = require "gemini.errors"
local headers = require "gemini.headers"
local kinds = require "gemini.kinds"
local loop = require "gemini.loop"
local redirect = require "gemini.redirect"
local retry = require "gemini.retry"
local tables = require "gemini.tables"
local wire = require "gemini.wire"
local wrap = require "gemini.wrap"

local rest = {}

local SECRET = {
  "x-goog-api-key", "authorization", "proxy-authorization", "cookie", "set-cookie",
}

local function redacted(given)
  local shown = tables.copy(given)
  for _, name in ipairs(SECRET) do shown[name] = shown[name] and "(redacted)" end
  return shown
end

local function announce(client, request, sent)
  client.onRequest {
    method = request.label.method,
    verb = request.method,
    url = request.url,
    headers = redacted(sent),
    -- Media may be of any size, and lie in files.
    body = type(request.body) == "string" and request.body or nil,
  }
end

-- The transport's form of a request's headers, by their table: most calls of a client share one.
local prepared = setmetatable({}, { __mode = "k" })

local function prepare(who, given)
  local kept = prepared[given]
  if kept and kept.who == who then return kept.list end
  local list = require("gemini.transport").headers(headers.lines(headers.merge(who, given)))
  prepared[given] = { who = who, list = list }
  return list
end

local function count(client, request, who)
  if client.onRequest then announce(client, request, headers.merge(who, request.headers)) end
  request.label.attempts = request.label.attempts + 1
end

local function send(client, request, who, timeout)
  count(client, request, who)
  client.secret = request.label.secret
  return loop.submit(request, prepare(who, request.headers), timeout)
end

local function dispatch(client, request, timeout)
  local who, err = client.credentials(request.label)
  if not who then return nil, err end
  -- A server may have put it into a URL that it sends us to.
  if errors.redact(request.url, request.label) ~= request.url then
    return nil, errors.new("protocol", "the key is a part of the URL, and is not sent there", request.label)
  end
  return send(client, request, who, timeout)
end

-- Asks the client's cassette before, and lets it have the answer.
local function consult(client, request, timeout)
  local turn, err = client.cassette:turn(request)
  if not turn then return nil, err end
  -- Who waits for something new to be in an answer given again is not to look without a pause.
  client.played = turn.exchange ~= nil and not turn.isRepeated
  if turn.exchange then
    count(client, request)
    return client.cassette:play(turn, request)
  end
  local transfer
  transfer, err = dispatch(client, request, timeout)
  if not transfer then return nil, err end
  return loop.own(client.cassette:record(turn, request, transfer))
end

---Starts a request, once the client's limits allow it.
---@param client gemini.State
---@param request gemini.Request
---@return userdata? transfer
---@return gemini.Error? err  when there are no credentials to send, or no turn came in time
function rest.submit(client, request)
  local gate, start = client.gate, client.cassette and consult or dispatch
  if not gate then return start(client, request, request.timeout) end
  local left, late, place = gate:enter(request)
  if late then return nil, late end
  -- The user's functions that are called here may wait, or raise.
  local ok, transfer, err = loop.try(start, client, request, left)
  gate:fill(place, ok and transfer or nil)
  if not ok then error(transfer, 0) end
  return transfer, err
end

---Takes notice of an error that concerns more calls than the one it came to.
---@param client gemini.State
---@param err? gemini.Error
function rest.heed(client, err)
  if err and client.gate then require("gemini.gate").heed(client, err) end
end

---Tells the client's observer about an answer whose headers are here. What the observer raises ends the transfer.
---@param client gemini.State
---@param request gemini.Request
---@param transfer userdata
function rest.observe(client, request, transfer)
  local status = transfer:status()
  if not client.onResponse or not status then return end
  local ok, raised = pcall(client.onResponse, {
    method = request.label.method,
    url = request.url,
    status = status,
    headers = errors.redact(redacted(transfer:headers()), request.label),
  })
  if ok then return end
  loop.close(transfer)
  error(raised, 0)
end

-- Whether a field `error` in a reply with a 2xx status is the reply's own: where its message has one, or has no facts,
-- and the reply says what it is about.
local function ownsError(message, value)
  if message == "Empty" then return false end
  local fields = require("gemini.messages").get(message)
  if fields and not fields.error then return false end
  local name = value.name or value.id
  return type(name) == "string" and name ~= ""
end

-- Gateways report an error with any status.
local function reported(client, row, value)
  if value[1] == nil and ownsError(row.reply, value) then return nil end
  return errors.find(value, client.wire.decode)
end

local function isObject(value)
  return type(value) == "table" and value[1] == nil and getmetatable(value) ~= codec.arrayMt
end

local function unwrapped(row, value)
  local inner = row.wrap and value[row.wrap]
  return isObject(inner) and inner or value
end

local function isNothing(value)
  return kinds.isNull(value) or type(value) == "table" and next(value) == nil
end

---The value of an answer with a 2xx status.
---@param client gemini.State
---@param row gemini.Row
---@param request gemini.Request
---@param transfer userdata
---@return table? reply
---@return gemini.Error?
function rest.read(client, row, request, transfer)
  if row.reply == "Empty" and (transfer:status() == 204 or transfer:bodyText() == "") then return {} end
  local value, problem, text = client.wire.body(transfer, request.packed)
  if row.reply == "Empty" and isNothing(value) then return {} end
  if type(value) == "table" and (value.error or type(value[1]) == "table") then
    local object = reported(client, row, value)
    if object then return nil, errors.api(object, request.label) end
  end
  if isObject(value) then return wrap(client, row.reply, unwrapped(row, value)) end
  return nil, errors.unreadable("the answer", problem, text or transfer:bodyText(), request.label)
end

---@class gemini.Exchange  what a request and its answer pass through
---@field read fun(self: gemini.Exchange, transfer: userdata): any, gemini.Error?  gets an answer with a 2xx status
---@field tick? fun(transfer: userdata)  called while the answer is waited for
---@field ended? fun(self: gemini.Exchange, transfer: userdata)  called when the exchange is over, however it ended

local function answer(client, request, tick)
  local transfer, err = rest.submit(client, request)
  if not transfer then return nil, err end
  loop.await(transfer, tick)
  if client.onResponse then rest.observe(client, request, transfer) end
  return transfer
end

---Sends a GET and waits until its answer has begun, wherever the server has it.
---@param client gemini.State
---@param request gemini.Request
---@param tick? fun(transfer: userdata)  called while it is waited for
---@return userdata? transfer
---@return gemini.Error?
function rest.locate(client, request, tick)
  local ends = deadline.after(request.timeout)
  return redirect.follow(client, request, function(url)
    if url == request.url then return answer(client, request, tick) end
    local moved = tables.copy(request)
    moved.url, moved.timeout = url, deadline.limit(ends)
    return answer(client, moved, tick)
  end)
end

---Sends a request, waits for the whole answer, and has it read. Tries nothing twice.
---@param client gemini.State
---@param request gemini.Request
---@param steps gemini.Exchange
---@return any value  what `read` gives
---@return gemini.Error?
function rest.exchange(client, request, steps)
  local obtain = request.method == "GET" and rest.locate or answer
  local transfer, err = obtain(client, request, steps.tick)
  if not transfer then return nil, err end
  if steps.ended then steps:ended(transfer) end
  local value
  err = wire.failure(client.wire, transfer, request.label)
  if not err then
    value, err = steps:read(transfer)
  end
  loop.close(transfer)
  if err then rest.heed(client, err) end
  return value, err
end

-- What a call without media does with its answer.
---@class gemini.Call: gemini.Exchange
---@field private client gemini.State
---@field private row gemini.Row
---@field private request gemini.Request
---@field transfer userdata?  the one that has ended
local Call = {}
Call.__index = Call

function Call:read(transfer)
  return rest.read(self.client, self.row, self.request, transfer)
end

function Call:ended(transfer)
  self.transfer = transfer
end

-- Sends a request again, and again, where that may help.
local function again(client, call, tries, err)
  local request = call.request
  repeat
    local sent = call.transfer and call.transfer:isSent()
    if sent == nil then return nil, err end
    if not (retry.mayRepeat(err, request, sent) and tries:again(err)) then return nil, tries:tell(err) end
    local reply
    call.transfer = nil
    reply, err = rest.exchange(client, tries:request(), call)
    if not err then return reply end
  until false
end

---Carries out a call: sends its request, and again where that may help.
---@param client gemini.State
---@param row gemini.Row
---@param request gemini.Request
---@return table? reply
---@return gemini.Error?
function rest.call(client, row, request)
  local ends = deadline.after(request.timeout)
  local call = setmetatable({ client = client, row = row, request = request, transfer = nil }, Call)
  local reply, err = rest.exchange(client, request, call)
  if not err then return reply end
  return again(client, call, attempts.new(request, 0, ends), err)
end

return rest
