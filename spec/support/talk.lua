---A client and a scripted server to talk to, for specs that look at what comes over the wire.

local cjson = require "cjson"
local gemini = require "gemini"
local live = require "spec.support.live"
local loopback = require "loopback"

local talk = {}

local server

---@param status string  "200 OK"
---@param body string
---@param more? string  further header lines
---@return string bytes  of an HTTP answer
function talk.http(status, body, more)
  -- Joined, for 5.1's format stops at a zero byte.
  return "HTTP/1.1 " .. status .. "\r\nContent-Length: " .. #body .. "\r\n" .. (more or "") .. "\r\n" .. body
end

---@param body string
---@return string bytes
function talk.ok(body)
  return talk.http("200 OK", body, "Content-Type: application/json\r\n")
end

---@param body string  a whole event stream
---@return string bytes  of its answer, which the connection's end ends
function talk.sse(body)
  return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n" .. body
end

---@param text string
---@param finish? string
---@return string event  of a streamed reply
function talk.chunk(text, finish)
  local candidate = { index = 0, finishReason = finish, content = { role = "model", parts = { { text = text } } } }
  return "data: " .. cjson.encode { candidates = { candidate } } .. "\r\n\r\n"
end

---What a connection does that gives one answer and ends. It says so, for a client may not try to use it again.
---@param answer string
---@return table script
function talk.last(answer)
  local first, last = answer:find("\r\n\r\n", 1, true)
  local said = first and answer:sub(1, first + 1) .. "Connection: close\r\n\r\n" .. answer:sub(last + 1) or answer
  return { { "recv" }, { "send", said }, { "close" } }
end

local function answers(...)
  local scripts = {}
  for i = 1, select("#", ...) do scripts[i] = talk.last((select(i, ...))) end
  return scripts
end

---Starts a server that gives these answers, one a request, on connections that it closes after each.
---@param ... string
---@return table client
---@return userdata server
function talk.answering(...) return talk.scripted(answers(...)) end

---Options of a client that repeats as usual.
talk.REPEATING = { retry = {} }

---Like `answering`, with such a client.
---@param ... string
---@return table client
---@return userdata server
function talk.repeating(...) return talk.scripted(answers(...), talk.REPEATING) end

---@param scripts table  see loopback.c
---@param options? table  of gemini.new; `retry` is false when absent
---@param more? table  of loopback.start
---@return table client
---@return userdata server
function talk.scripted(scripts, options, more)
  talk.stop()
  server = loopback.start(scripts, more)
  local given = { apiKey = "k-secret-1", baseUrl = server.url, retry = false }
  for name, value in pairs(options or {}) do given[name] = value end
  return gemini.new(given), server
end

---@param n? integer  1 when absent
---@return table request  { verb, target, headers, bytes } as the server got it
function talk.media(n)
  local raw = assert(server:requests()[n or 1], "the server got no such request")
  local verb, target, head, bytes = raw:match("^(%S+) (%S+) HTTP/1.1\r\n(.-)\r\n\r\n(.*)$")
  local headers = {}
  for name, value in head:gmatch("([^:\r\n]+): *([^\r\n]*)") do headers[name:lower()] = value end
  return { verb = verb, target = target, headers = headers, bytes = bytes, raw = raw }
end

---@param n? integer  1 when absent
---@return table request  with its body decoded
function talk.sent(n)
  local request = talk.media(n)
  request.body = request.bytes ~= "" and cjson.decode(request.bytes) or nil
  return request
end

---@param ... string
---@return fun(): string?  gives one after the other: what an upload's `read` may be
function talk.reader(...)
  local pieces, at = { ... }, 0
  return function()
    at = at + 1
    return pieces[at]
  end
end

---Ends the server, and fails if a transfer outlived the spec. For after_each.
function talk.stop()
  if server then server:stop() end
  server = nil
  live.none()
end

return talk
