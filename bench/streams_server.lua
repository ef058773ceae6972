-- Streams for the clients of the benchmark: streams_server.lua COUNT. Its first line is its URL; it ends when all
-- connections have ended.
--
-- The first connection is for one stream, with which a client warms up. COUNT ones get their first event, and the rest
-- once all have got it and there is one connection more. Each event says whose it is, and which.
local loopback = require "loopback"
local socket = require "socket"

local COUNT, EVENTS = tonumber(arg[1]), 10
local HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"

local EVENT = 'data: {"candidates":[{"content":{"parts":[{"text":"%d %d of %d, and words enough for an event of 370 '
  .. 'bytes"}],"role":"model"},"index":0%s}],"usageMetadata":{"promptTokenCount":18,"candidatesTokenCount":17,'
  .. '"totalTokenCount":35,"promptTokensDetails":[{"modality":"TEXT","tokenCount":18}]},'
  .. '"modelVersion":"gemini-2.5-flash","responseId":"9KzvaPeUCPqV_uMPq-7nwQI"}\r\n\r\n'

local function event(stream, number)
  return EVENT:format(stream, number, EVENTS, number == EVENTS and ',"finishReason":"STOP"' or "")
end

local function script(stream, gate)
  local rest = {}
  for number = 2, EVENTS do rest[number - 1] = event(stream, number) end
  return { { "recv" }, { "send", HEAD .. event(stream, 1) }, gate, { "drip", table.concat(rest), 300, 0.01 } }
end

local gate = { "meet", COUNT + 1 }
local scripts = { script(0, { "sleep", 0 }) }
for stream = 1, COUNT do scripts[stream + 1] = script(stream, gate) end
scripts[COUNT + 2] = {
  { "recv" }, gate, { "send", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}" },
}

local server = loopback.start(scripts)
print(server.url)
io.stdout:flush()

-- A client that has died opens no more of them.
local ends = socket.gettime() + 120
repeat socket.sleep(0.05) until server:connections() >= COUNT + 2 or socket.gettime() > ends
server:waitClosed(120)
