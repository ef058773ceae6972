-- What comes in on a client's socket, in lines and in bytes. Runs inside the connection's coroutine, and yields "r"
-- while there is nothing to read.
local Inlet = {}
Inlet.__index = Inlet

local PIECE = 65536
-- Pieces in a row, before others have their turn.
local TURN = 32

---@param socket table a non-blocking luasocket client
---@return table inlet
function Inlet.new(socket) return setmetatable({ socket = socket, buffer = "", at = 1 }, Inlet) end

-- Returns bytes as they come, or nil when the client is gone.
local function pull(self)
  while true do
    local data, err, partial = self.socket:receive(PIECE)
    data = data or partial
    if data and #data > 0 then return data end
    if err ~= "timeout" then return nil end
    coroutine.yield("r")
  end
end

-- Takes the bytes of the buffer up to a place. What was taken stays in the buffer until more comes in, for cutting it
-- off each time would copy the rest each time.
local function take(self, last)
  local bytes = self.buffer:sub(self.at, last)
  self.at = self.at + #bytes
  return bytes
end

local function fill(self)
  local data = pull(self)
  if data then self.buffer, self.at = self.buffer:sub(self.at) .. data, 1 end
  return data
end

---@param limit integer bytes that it may have, its end included
---@return string? line without its end; nil where the client is gone
---@return integer? status where the line is longer
function Inlet:line(limit)
  local looked = 0
  while true do
    local stop = self.buffer:find("\n", self.at + looked, true)
    local size = (stop or #self.buffer) - self.at + 1
    if size > limit then return nil, 431 end
    if stop then return (take(self, stop):gsub("\r?\n$", "")) end
    looked = size
    if not fill(self) then return nil end
  end
end

---Hands over a number of bytes, as they come.
---@param size integer
---@param deliver fun(bytes: string): boolean? false to end it
---@return boolean all false where the client is gone, or it was ended
function Inlet:pass(size, deliver)
  local pieces = 0
  while size > 0 do
    pieces = pieces + 1
    if pieces % TURN == 0 then coroutine.yield(nil, 0) end
    if self.at > #self.buffer and not fill(self) then return false end
    local bytes = take(self, self.at + size - 1)
    size = size - #bytes
    if deliver(bytes) == false then return false end
  end
  return true
end

---Takes in what still comes, and forgets it.
---@param most integer bytes
---@param seconds number without any
function Inlet:drain(most, seconds)
  local taken = 0
  while taken < most and coroutine.yield("r", seconds) do
    local data, err, partial = self.socket:receive(PIECE)
    if not data and err ~= "timeout" then return end
    taken = taken + #(data or partial)
  end
end

return Inlet
