-- One client's connection, run as a coroutine of the server. It yields what it waits for: "r" or "w" for its socket,
-- and a number of seconds; it is resumed with true when the socket is ready.
local http = require "gemini.emulator.http"

local connection = {}

local PIECE = 65536
local HEAD_LIMIT = 64 * 1024
local BODY_LIMIT = 100 * 1000 * 1000
local NEEDS_LENGTH = { POST = true, PUT = true, PATCH = true }
local DRAIN_BYTES, DRAIN_SECONDS = 1024 * 1024, 1

-- Returns bytes as they come, or nil when the client is gone.
local function pull(conn)
  while true do
    local data, err, partial = conn.socket:receive(PIECE)
    data = data or partial
    if data and #data > 0 then return data end
    if err ~= "timeout" then return nil end
    coroutine.yield("r")
  end
end

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

-- Takes the bytes of the buffer up to a place. What was taken stays in the buffer until more comes in, for cutting it
-- off each time would copy the rest each time.
local function take(conn, last)
  local bytes = conn.buffer:sub(conn.at, last)
  conn.at = last + 1
  return bytes
end

local function fill(conn)
  local data = pull(conn)
  if data then conn.buffer, conn.at = conn.buffer:sub(conn.at) .. data, 1 end
  return data
end

-- Returns a line without its end; nil and a status where it is longer than the limit, nil where the client is gone.
local function readLine(conn, limit)
  local looked = 0
  while true do
    local stop = conn.buffer:find("\n", conn.at + looked, true)
    local size = (stop or #conn.buffer) - conn.at + 1
    if size > limit then return nil, 431 end
    if stop then return (take(conn, stop):gsub("\r?\n$", "")) end
    looked = size
    if not fill(conn) then return nil end
  end
end

local function readHeaders(conn, headers, limit)
  while true do
    local line, status = readLine(conn, limit)
    if not line then return nil, status end
    if line == "" then return true end
    limit = limit - #line - 2
    if not http.headerLine(headers, line) then return nil, 400 end
  end
end

local function readHead(conn)
  local line, status = readLine(conn, HEAD_LIMIT)
  if line == "" then line, status = readLine(conn, HEAD_LIMIT) end
  if not line then return nil, status end
  local request = http.requestLine(line)
  if not request then return nil, 400 end
  local ok, problem = readHeaders(conn, request.headers, HEAD_LIMIT - #line)
  if not ok then return nil, problem end
  return request
end

local function readExactly(conn, size)
  local last = conn.at + size - 1
  if last <= #conn.buffer then return take(conn, last) end
  local parts = { take(conn, #conn.buffer) }
  local have = #parts[1]
  while have < size do
    local data = pull(conn)
    if not data then return nil end
    parts[#parts + 1], have = data, have + #data
  end
  local all = table.concat(parts)
  conn.buffer, conn.at = all:sub(size + 1), 1
  return #all == size and all or all:sub(1, size)
end

-- The size in the line that begins a chunk; nil where there is none.
local function sizeIn(line)
  local zeros, digits = line:match("^(0*)(%x*)")
  if zeros .. digits == "" then return nil end
  -- More digits than these can be beyond the integers of a Lua.
  return #digits <= 8 and tonumber("0" .. digits, 16) or math.huge
end

local function readChunk(conn, room)
  local line, status = readLine(conn, HEAD_LIMIT)
  local size = line and sizeIn(line)
  if not size then return nil, line and 400 or status end
  if size > room then return nil, 413 end
  if size == 0 then return "" end
  local data = readExactly(conn, size)
  if not data then return nil end
  local rest, problem = readLine(conn, 2)
  if rest ~= "" then return nil, rest and 400 or problem end
  return data
end

local function readChunks(conn)
  local parts, size = {}, 0
  repeat
    local data, status = readChunk(conn, BODY_LIMIT - size)
    if not data then return nil, status end
    parts[#parts + 1], size = data, size + #data
  until data == ""
  local ok, status = readHeaders(conn, {}, HEAD_LIMIT)
  if not ok then return nil, status end
  return table.concat(parts)
end

-- Returns the length of the body, "chunked", or nil and a status.
local function framing(request)
  local length, coding = request.headers["content-length"], request.headers["transfer-encoding"]
  if coding then
    if length then return nil, 400 end
    return coding:lower() == "chunked" and "chunked" or nil, 501
  end
  if not length then return not NEEDS_LENGTH[request.verb] and 0 or nil, 411 end
  local size = length:find("^%d+$") and tonumber(length)
  if not size then return nil, 400 end
  return size <= BODY_LIMIT and size or nil, 413
end

local function readBody(conn, request)
  local size, status = framing(request)
  if not size then return nil, status end
  local expected = (request.headers.expect or ""):lower() == "100-continue"
  if expected and not push(conn, http.head(100, {})) then return nil end
  if size == "chunked" then return readChunks(conn) end
  return readExactly(conn, size)
end

local function readRequest(conn)
  local request, status = readHead(conn)
  if not request then return nil, status end
  request.body, status = readBody(conn, request)
  if not request.body then return nil, status end
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
  if response.body then headers["Content-Length"] = #response.body end
  return http.head(response.status or 200, headers)
end

-- Sends the pieces as they come due: an HTTP chunk each, or bare to a client that speaks HTTP/1.0.
local function sendStream(conn, response, framed)
  for item in response.stream do
    if type(item) == "number" then
      coroutine.yield(nil, item)
    elseif not push(conn, framed and http.chunk(item) or item) then
      return false
    end
  end
  return not framed or push(conn, http.chunk(""))
end

-- Returns whether the connection can be used again.
local function respond(conn, request, response)
  local framed = response.stream and request.minor > 0
  local closing = wantsClose(request) or (response.stream and not framed)
  if response.wait then coroutine.yield(nil, response.wait) end
  local head = headOf(response, closing, framed)
  if request.verb == "HEAD" then return push(conn, head) and not closing end
  if response.stream then return push(conn, head) and sendStream(conn, response, framed) and not closing end
  return push(conn, head .. response.body) and not closing
end

-- Answers what cannot be read further. What the client still sends is taken in for a moment: closing a socket with
-- unread bytes resets it, and the client would lose the answer.
local function refuse(conn, status)
  local response = http.page(status)
  if not push(conn, headOf(response, true) .. response.body) then return end
  conn.socket:shutdown("send")
  local taken = 0
  while taken < DRAIN_BYTES and coroutine.yield("r", DRAIN_SECONDS) do
    local data, err, partial = conn.socket:receive(PIECE)
    if not data and err ~= "timeout" then return end
    taken = taken + #(data or partial)
  end
end

---Serves one connection until either side ends it; runs inside a coroutine.
---@param socket table a non-blocking luasocket client
---@param handle fun(request: table): table answers a request; must neither raise nor yield
function connection.serve(socket, handle)
  local conn, again = { socket = socket, buffer = "", at = 1 }, true
  while again do
    local request, status = readRequest(conn)
    if request then
      again = respond(conn, request, handle(request))
    else
      if status then refuse(conn, status) end
      again = false
    end
  end
end

return connection
