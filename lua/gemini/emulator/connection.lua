-- One client's connection, run as a coroutine of the server. It yields what it waits for: "r" or "w" for its socket,
-- and a number of seconds; it is resumed with true when the socket is ready.
local body = require "gemini.emulator.body"
local http = require "gemini.emulator.http"
local Inlet = require "gemini.emulator.inlet"

local connection = {}

local HEAD_LIMIT = 64 * 1024
local DRAIN_BYTES, DRAIN_SECONDS = 1024 * 1024, 1

local function push(conn, bytes)
  local sent = 0
  while sent < #bytes do
    local last, err, partial = conn.socket:send(bytes, sent + 1)
    sent = last or partial or sent
    if not last then
      if err ~= "timeout" then return false end
      coroutine.yield("w")
    end
  end
  return true
end

local function readHead(conn)
  local line, status = conn.inlet:line(HEAD_LIMIT)
  if line == "" then line, status = conn.inlet:line(HEAD_LIMIT) end
  if not line then return nil, status end
  local request = http.requestLine(line)
  if not request then return nil, 400 end
  local ok, problem = body.headers(conn.inlet, request.headers, HEAD_LIMIT - #line)
  if not ok then return nil, problem end
  return request
end

-- A sink that lets no more than so many bytes through, and then breaks.
local function broken(sink, most)
  return {
    most = sink.most,
    write = function(_, bytes)
      local part = bytes:sub(1, most)
      most = most - #part
      return sink:write(part) ~= false and most > 0
    end,
  }
end

local function awaitBody(conn, request)
  if (request.headers.expect or ""):lower() ~= "100-continue" then return true end
  return push(conn, http.head(100, {}))
end

-- Reads the body into what the service gives for it, or into memory. A fault may break it.
local function readBody(conn, request)
  local own = conn.service.receive(request)
  local sink = own or body.memory()
  local most = request.fault and request.fault.dropRequest
  local ok, status = most ~= 0, nil
  if ok then
    ok, status = body.read(conn.inlet, request, most and broken(sink, most) or sink, function()
      return awaitBody(conn, request)
    end)
  end
  -- A body that was to break off breaks at its end at the latest.
  if (most or not ok) and own then own:lost() end
  if most or not ok then return nil, status end
  if own then request.sink = own else request.body = sink:text() end
  return true
end

local function readRequest(conn)
  local request, status = readHead(conn)
  if not request then return nil, status end
  local ok, problem = readBody(conn, request)
  if not ok then return nil, problem end
  return request
end

local function wantsClose(request)
  local word = (request.headers.connection or ""):lower()
  return word:find("close", 1, true) ~= nil or (request.minor == 0 and not word:find("keep-alive", 1, true))
end

local function headOf(response, closing, framed)
  local headers = { Date = os.date("!%a, %d %b %Y %H:%M:%S GMT"), Server = "lua-gemini-emulator" }
  for name, value in pairs(response.headers or {}) do headers[name] = value end
  headers.Connection = closing and "close" or "keep-alive"
  if framed then headers["Transfer-Encoding"] = "chunked" end
  local length = response.length or response.body and #response.body
  if length then headers["Content-Length"] = ("%d"):format(length) end
  return http.head(response.status or 200, headers)
end

-- Sends the pieces as they come due: an HTTP chunk each, or bare where the length is known, or to a client that speaks
-- HTTP/1.0.
--
-- `most` bytes alone where a fault lets no more out; then, and where the stream ends too early, it returns false.
local function sendStream(conn, response, framed, most)
  local left = math.min(most or math.huge, response.length or math.huge)
  for item in response.stream do
    if type(item) == "number" then
      coroutine.yield(nil, item)
    else
      local part = item:sub(1, math.min(left, #item))
      left = left - #part
      if not push(conn, framed and http.chunk(part) or part) then return false end
      if most and left <= 0 then return false end
    end
  end
  if most or response.length and left > 0 then return false end
  return not framed or push(conn, http.chunk(""))
end

-- Returns whether the connection can be used again.
local function respond(conn, request, response)
  local framed = response.stream and not response.length and request.minor > 0
  local closing = wantsClose(request) or (response.stream and not response.length and not framed)
  local dropped = request.fault and request.fault.dropAnswer
  if response.wait then coroutine.yield(nil, response.wait) end
  if dropped == 0 then return false end
  local head = headOf(response, closing, framed)
  if request.verb == "HEAD" then return push(conn, head) and not (closing or dropped) end
  if response.stream then return push(conn, head) and sendStream(conn, response, framed, dropped) and not closing end
  return push(conn, head .. response.body:sub(1, dropped or -1)) and not (closing or dropped)
end

-- Answers what cannot be read further. What the client still sends is taken in for a moment: closing a socket with
-- unread bytes resets it, and the client would lose the answer.
local function refuse(conn, status)
  local response = http.page(status)
  if not push(conn, headOf(response, true) .. response.body) then return end
  conn.socket:shutdown("send")
  conn.inlet:drain(DRAIN_BYTES, DRAIN_SECONDS)
end

---@class gemini.emulator.Service what a connection asks; nothing of it may raise or yield
---@field receive fun(request: table): table? a sink with `lost` for a request whose head is there; nil for memory
---@field answer fun(request: table): table the response to a request

---Serves one connection until either side ends it; runs inside a coroutine.
---@param socket table a non-blocking luasocket client
---@param service gemini.emulator.Service
function connection.serve(socket, service)
  local conn, again = { socket = socket, service = service, inlet = Inlet.new(socket) }, true
  while again do
    local request, status = readRequest(conn)
    if request then
      again = respond(conn, request, service.answer(request))
    else
      if status then refuse(conn, status) end
      again = false
    end
  end
end

return connection
