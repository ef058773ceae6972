---What an upload reads from a function, once and in order. Bytes are held until the server has them.

local mime = require "gemini.mime"

-- What the function is asked for at a time; smaller pieces are joined to such ones.
local PIECE = 256 * 1024

---@class gemini.Reader: gemini.Source
---@field private read fun(n: integer): string?, string?
---@field private held string[]  what has been read and may still be needed
---@field private small string[]  what is still to be joined, behind it
---@field private waiting integer  how many bytes that are
---@field private from integer  the place of the first byte held
---@field private last integer  how many bytes have been read
---@field private ended boolean?
---@field private why string?  why nothing can be read any more
---@field private method string
local Reader = {}
Reader.__index = Reader

local function join(self)
  if not self.small[1] then return end
  self.held[#self.held + 1] = table.concat(self.small)
  self.small, self.waiting = {}, 0
end

local function keep(self, piece)
  self.small[#self.small + 1] = piece
  self.waiting, self.last = self.waiting + #piece, self.last + #piece
  if self.waiting >= PIECE then join(self) end
end

local function more(self)
  local piece, problem = self.read(PIECE)
  if type(piece) == "string" then return keep(self, piece) end
  if piece ~= nil then
    error(("%s: read must return a string, or nil at the end, got %s"):format(self.method, type(piece)), 0)
  end
  self.ended = true
  self.why = problem ~= nil and "read failed: " .. tostring(problem) or nil
end

-- Forgets what lies before a place.
local function forget(self, offset)
  local kept, from = {}, self.from
  for _, piece in ipairs(self.held) do
    if #kept > 0 or from + #piece > offset then
      kept[#kept + 1] = piece
    else
      from = from + #piece
    end
  end
  self.held, self.from = kept, from
end

-- Reads until the byte behind `stop` is there, which alone tells that the media do not end there; of known size they
-- end where they should, and nobody waits for more.
local function fill(self, offset, stop)
  if self.size then stop = math.min(stop, self.size - 1) end
  while self.last <= stop and not self.ended do
    more(self)
    if self.last <= offset then
      join(self)
      forget(self, offset)
    end
  end
  join(self)
  forget(self, offset)
end

-- What is wrong with what has been read.
local function problemOf(self, offset)
  if self.why then return self.why end
  if self.size and self.last > self.size then
    return ("read gives more bytes than size says, %d"):format(self.size)
  elseif self.size and self.ended and self.last < self.size then
    return ("read has ended after %d bytes, and size is %d"):format(self.last, self.size)
  elseif self.last < offset then
    return ("read has ended after %d bytes, and the server has %d"):format(self.last, offset)
  end
end

local function windows(self, offset, length)
  local out, at = {}, self.from
  for _, piece in ipairs(self.held) do
    local first = math.max(offset - at, 0)
    local count = math.min(#piece - first, length)
    if count > 0 then
      out[#out + 1] = { data = piece, offset = first, length = count }
      length = length - count
    end
    at = at + #piece
  end
  return out
end

function Reader:take(offset, most)
  fill(self, offset, offset + most)
  local problem = problemOf(self, offset)
  if problem then return nil, problem end
  local length = math.min(most, self.last - offset)
  return windows(self, offset, length), length, offset + length == (self.size or self.ended and self.last)
end

function Reader:reaches(offset)
  return offset >= self.from
end

-- Of what is given once, the first bytes tell it from others.
local MARKED = 64 * 1024

-- Reads until so many bytes are there, if they come.
local function readUpTo(self, count)
  while self.last < count and not self.ended and self.last ~= self.size do more(self) end
  join(self)
  return table.concat(self.held):sub(1, count)
end

function Reader:head()
  return readUpTo(self, mime.HEAD)
end

function Reader:mark()
  self.marked = self.marked or require("gemini.codec").sha256():add(readUpTo(self, MARKED)):hex()
  return self.marked
end

function Reader:problem() return nil end -- luacheck: ignore 212

---@param read fun(n: integer): string?, string?
---@param size? integer
---@param method string  whose name errors have
---@return gemini.Reader
return function(read, size, method)
  return setmetatable({
    read = read, size = size, method = method, held = {}, small = {}, waiting = 0, from = 0, last = 0,
  }, Reader)
end
