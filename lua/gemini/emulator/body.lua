-- A request's body, by the framing that its head names.
local http = require "gemini.emulator.http"

local body = {}

local LIMIT = 100 * 1000 * 1000
local LINE = 64 * 1024
local COUNTED = 2 ^ 50
local NEEDS_LENGTH = { POST = true, PUT = true, PATCH = true }

---@class gemini.emulator.Sink takes a body in as it comes
---@field write fun(self, bytes: string): boolean? false where the rest shall not come
---@field most number? bytes that it takes; as many as can be counted when absent

local Memory = {}
Memory.__index = Memory

function Memory:write(bytes) table.insert(self.parts, bytes) end

---@return gemini.emulator.Sink sink that keeps what comes, and gives it as `text()`
function body.memory() return setmetatable({ parts = {}, most = LIMIT }, Memory) end

function Memory:text() return table.concat(self.parts) end

-- The size in the line that begins a chunk; nil where there is none.
local function sizeIn(line)
  local zeros, digits = line:match("^(0*)(%x*)")
  if zeros .. digits == "" then return nil end
  -- More digits than these can be beyond the integers of a Lua.
  return #digits <= 8 and tonumber("0" .. digits, 16) or math.huge
end

local function pass(inlet, size, sink)
  return inlet:pass(size, function(bytes) return sink:write(bytes) end)
end

-- Returns the chunk's size; nil and a status, or nil alone where the client is gone.
local function readChunk(inlet, room, sink)
  local line, status = inlet:line(LINE)
  local size = line and sizeIn(line)
  if not size then return nil, line and 400 or status end
  if size > room then return nil, 413 end
  if size == 0 then return 0 end
  if not pass(inlet, size, sink) then return nil end
  local rest, problem = inlet:line(2)
  if rest ~= "" then return nil, rest and 400 or problem end
  return size
end

---Reads header lines, into a table.
---@param inlet table
---@param headers table<string, string>
---@param limit integer bytes
---@return boolean? ok nil where the client is gone
---@return integer? status where they are none, or too many
function body.headers(inlet, headers, limit)
  while true do
    local line, status = inlet:line(limit)
    if not line then return nil, status end
    if line == "" then return true end
    limit = limit - #line - 2
    if not http.headerLine(headers, line) then return nil, 400 end
  end
end

local function readChunks(inlet, sink)
  local room = sink.most or COUNTED
  repeat
    local size, status = readChunk(inlet, room, sink)
    if not size then return nil, status end
    room = room - size
  until size == 0
  return body.headers(inlet, {}, LINE)
end

-- Returns the length of the body, "chunked", or nil and a status.
local function framing(request, most)
  local length, coding = request.headers["content-length"], request.headers["transfer-encoding"]
  if coding then
    if length then return nil, 400 end
    return coding:lower() == "chunked" and "chunked" or nil, 501
  end
  if not length then return not NEEDS_LENGTH[request.verb] and 0 or nil, 411 end
  local size = length:find("^%d+$") and tonumber(length)
  if not size then return nil, 400 end
  return size <= most and size or nil, 413
end

---Reads a body into a sink.
---@param inlet table
---@param request table
---@param sink gemini.emulator.Sink
---@param begin fun(): boolean called before the first byte is waited for; false ends it
---@return boolean? ok nil where the client is gone
---@return integer? status where it cannot be read
function body.read(inlet, request, sink, begin)
  local size, status = framing(request, sink.most or COUNTED)
  if not size then return nil, status end
  if not begin() then return nil end
  if size == "chunked" then return readChunks(inlet, sink) end
  return pass(inlet, size, sink) or nil
end

return body
