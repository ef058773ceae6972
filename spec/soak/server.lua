-- A server that fails in every way, at random: server.lua SEED. Its first line is its URL; it ends with its stdin.
--
-- The number that a request has in its path is what its answer is about. What was done is counted, and told to those
-- that GET models/count, which is never done badly.
local cjson = require "cjson"
local socket = require "socket"
local texts = require "spec.soak.texts"

local seed = tonumber(arg[1])

local function random(n)
  seed = seed * 16807 % 2147483647
  return seed % n + 1
end

-- Requests that came whole; answers that left whole; connections that ended without a byte of an answer where libcurl
-- sends a request again by itself, for they had served one before.
local counts = { requests = 0, good = 0, replayed = 0 }

-- ---- Connections: coroutines that wait for their socket or for a time. ----

local readers, writers, sleepers = {}, {}, {}

local function await(list, client)
  list[client] = coroutine.running()
  coroutine.yield()
  list[client] = nil
end

local function sleep(client, seconds)
  sleepers[client] = { co = coroutine.running(), due = socket.gettime() + seconds }
  coroutine.yield()
end

local Connection = {}
Connection.__index = Connection

-- nil when the client has gone.
function Connection:receive(pattern)
  local part = ""
  while true do
    local bytes, problem, more = self.client:receive(pattern, part)
    if bytes then return bytes end
    if problem ~= "timeout" then return nil end
    part = more
    await(readers, self.client)
  end
end

function Connection:send(bytes)
  local at = 1
  while at <= #bytes do
    local last, problem, upTo = self.client:send(bytes, at)
    if not last and problem ~= "timeout" then return end
    at = (last or upTo) + 1
    if at <= #bytes then await(writers, self.client) end
  end
end

function Connection:pause(most) sleep(self.client, random(most) / 1000) end

function Connection:reset() self.client:setoption("linger", { on = true, timeout = 0 }) end

-- ---- What it does with a request; true where the connection goes on. ----

local function json(text, finish)
  local candidate = { content = { role = "model", parts = { { text = text } } }, finishReason = finish, index = 0 }
  return cjson.encode { candidates = { candidate } }
end

local function http(status, body, more)
  return ("HTTP/1.1 %s\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s"):format(
    status, more or "", #body, body)
end

local function chunk(bytes) return ("%x\r\n%s\r\n"):format(#bytes, bytes) end

local CHUNKED = "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n"

local function answerTo(request)
  if request.make then return ('{"name":"corpora/%d"}'):format(request.n) end
  return json(texts.reply(request.n), "STOP")
end

local function events(request)
  local list = texts.pieces(request.n)
  for i, piece in ipairs(list) do list[i] = ("data: %s\r\n\r\n"):format(json(piece, i == #list and "STOP" or nil)) end
  return list
end

local good = {}

function good.whole(self, request) self:send(http("200 OK", answerTo(request))) end

function good.slow(self, request)
  self:pause(20)
  good.whole(self, request)
end

function good.chunked(self, request)
  local body = answerTo(request)
  local at = random(#body - 1)
  self:send(CHUNKED:format "application/json" .. chunk(body:sub(1, at)))
  self:pause(5)
  self:send(chunk(body:sub(at + 1)) .. "0\r\n\r\n")
end

function good.stream(self, request)
  self:send(CHUNKED:format "text/event-stream")
  for _, event in ipairs(events(request)) do
    self:send(chunk(event))
    if random(10) == 1 then self:pause(3) end
  end
  self:send "0\r\n\r\n"
end

local bad = {}

for name, status in pairs {
  busy = "503 Service Unavailable", quota = "429 Too Many Requests", oops = "500 Internal", late = "504 Late",
} do
  bad[name] = function(self)
    self:send(http(status, ('{"error":{"code":%s,"message":"no"}}'):format(status:match "%d+")))
    return true
  end
end

function bad.gateway(self)
  self:send(http("502 Bad Gateway", "<html><title>Bad Gateway</title></html>"))
  return true
end

local function end_(self, request)
  if self.served > 0 and not request.make then counts.replayed = counts.replayed + 1 end
end

function bad.reset(self, request)
  end_(self, request)
  self:reset()
end

bad.close = end_

function bad.headCut(self) self:send "HTTP/1.1 200 OK\r\nContent-Le" end

function bad.bodyCut(self, request)
  local answer = http("200 OK", answerTo(request))
  self:send(answer:sub(1, -1 - random(20)))
end

function bad.chunkCut(self, request)
  local body = answerTo(request)
  self:send(CHUNKED:format "application/json" .. chunk(body):sub(1, -1 - random(#body)))
end

function bad.resetWithin(self, request)
  bad.bodyCut(self, request)
  self:pause(3)
  self:reset()
end

-- Holds until the client has enough of it; one in many, for that takes long.
function bad.silent(self)
  if random(30) == 1 then self:receive(1) else return bad.busy(self) end
end

local badStream = {}

function badStream.cut(self, request)
  local list = events(request)
  self:send(CHUNKED:format "text/event-stream")
  for i = 1, random(#list) - 1 do self:send(chunk(list[i])) end
end

function badStream.unfinished(self, request)
  local list = events(request)
  self:send(CHUNKED:format "text/event-stream" .. chunk(table.concat(list, "", 1, #list - 1)) .. "0\r\n\r\n")
  return true
end

function badStream.error(self, request)
  local list = events(request)
  self:send(CHUNKED:format "text/event-stream" .. chunk(table.concat(list, "", 1, random(#list) - 1)
    .. 'data: {"error":{"code":503,"message":"no"}}\r\n\r\n') .. "0\r\n\r\n")
  return true
end

local function names(list)
  local out = {}
  for name in pairs(list) do out[#out + 1] = name end
  table.sort(out)
  return out
end

local GOOD, BAD, BAD_STREAM = { "whole", "whole", "slow", "chunked" }, names(bad), names(badStream)

-- One in four goes wrong.
local function respond(self, request)
  if request.n == nil then
    self:send(http("200 OK", cjson.encode { name = "models/count", counts = counts }))
    return true
  end
  counts.requests = counts.requests + 1
  if random(4) == 1 then
    if request.stream and random(2) == 1 then return badStream[BAD_STREAM[random(#BAD_STREAM)]](self, request) end
    return bad[BAD[random(#BAD)]](self, request)
  end
  local act = request.stream and good.stream or good[GOOD[random(#GOOD)]]
  act(self, request)
  counts.good = counts.good + 1
  return true
end

local function read(self)
  local line = self:receive "*l"
  if not line then return nil end
  local length = 0
  repeat
    local header = self:receive "*l"
    if not header then return nil end
    length = tonumber(header:lower():match "^content%-length: *(%d+)") or length
  until header == ""
  local body = length > 0 and self:receive(length) or ""
  if not body then return nil end
  local make = line:find("/corpora", 1, true) ~= nil
  return {
    n = tonumber(line:match "models/m(%d+)" or make and body:match '"displayName":"(%d+)"'),
    stream = line:find("streamGenerateContent", 1, true) ~= nil, make = make,
  }
end

local function serve(client)
  local self = setmetatable({ client = client, served = 0 }, Connection)
  repeat
    local request = read(self)
    local on = request and respond(self, request)
    self.served = self.served + 1
  until not on
  client:close()
end

-- ---- The loop. ----

local function go(co, ...)
  local ok, problem = coroutine.resume(co, ...)
  if not ok then error(problem, 0) end
end

local listener = assert(socket.bind("127.0.0.1", 0, 1024))
listener:settimeout(0)
local _, port = listener:getsockname()
print(("http://127.0.0.1:%d"):format(port))
io.stdout:flush()

local function accept()
  local client = listener:accept()
  if not client then return end
  client:settimeout(0)
  client:setoption("tcp-nodelay", true)
  go(coroutine.create(serve), client)
end

local function patience(now)
  local seconds = 1
  for _, sleeper in pairs(sleepers) do seconds = math.min(seconds, sleeper.due - now) end
  return math.max(seconds, 0)
end

local function wake(now)
  local due = {}
  for client, sleeper in pairs(sleepers) do
    if sleeper.due <= now then due[client] = sleeper.co end
  end
  for client, co in pairs(due) do
    sleepers[client] = nil
    go(co)
  end
end

local stdin = { getfd = function() return 0 end }

while true do
  local receiving, sending = { listener, stdin }, {}
  for client in pairs(readers) do receiving[#receiving + 1] = client end
  for client in pairs(writers) do sending[#sending + 1] = client end
  local readable, writable = socket.select(receiving, sending, patience(socket.gettime()))
  for _, ready in ipairs(readable) do
    if ready == stdin then os.exit(0) end
    if ready == listener then accept() elseif readers[ready] then go(readers[ready]) end
  end
  for _, ready in ipairs(writable) do
    if writers[ready] then go(writers[ready]) end
  end
  wake(socket.gettime())
end
