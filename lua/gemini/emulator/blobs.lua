-- Bytes of any number: a few are kept in memory, many in files. What stands for them is a plain table, a blob, which
-- may be kept in the store.
require("gemini.interpreted")()

local codec = require "gemini.codec"
local mime = require "mime"

local Blobs = {}
Blobs.__index = Blobs

---@class gemini.emulator.Blob
---@field size integer
---@field data string? in base64
---@field file string? the id of the file that holds them

local PIECE = 256 * 1024
local ZEROS = ("\0"):rep(64 * 1024)
-- Bytes that are kept in memory: without a state's file each file costs a descriptor as long as it is there.
local SMALL, SMALL_WITHOUT_FILE = 64 * 1024, 1024 * 1024
local MOST_OPEN, MOST_WITHOUT_FILE = 32, 512

---@param path string? of the state's file; without, the files go with the process
---@param newId fun(): string
---@return table blobs
function Blobs.new(path, newId)
  return setmetatable({
    path = path, newId = newId, small = path and SMALL or SMALL_WITHOUT_FILE,
    known = {}, made = {}, handles = {}, hashes = {}, open = 0,
  }, Blobs)
end

local function nameOf(self, id) return ("%s.media-%s"):format(self.path, id) end

local function need(value, problem)
  if not value then error("the media cannot be kept: " .. tostring(problem), 0) end
  return value
end

local function closeAll(self)
  for id, handle in pairs(self.handles) do
    self.handles[id] = nil
    need(handle:close())
  end
  self.open = 0
end

-- A file without a name has nothing but its handle.
local function openFile(self, id)
  if self.path then
    if self.open >= MOST_OPEN then closeAll(self) end
    return need(io.open(nameOf(self, id), self.made[id] and "r+b" or "w+b"))
  end
  need(self.open < MOST_WITHOUT_FILE and not self.made[id], "there are too many, or they are gone")
  return need(io.tmpfile())
end

local function handleOf(self, id)
  local handle = self.handles[id]
  if handle then return handle end
  need(self.known[id], "they are gone")
  handle = openFile(self, id)
  self.handles[id], self.made[id], self.open = handle, true, self.open + 1
  return handle
end

---Says that a file is one of these, though another process has made it.
---@param id string
function Blobs:know(id) self.known[id], self.made[id] = true, true end

---@return gemini.emulator.Blob blob without bytes, whose file has its name before it is made
function Blobs:reserve()
  local id = self.newId()
  self.known[id] = true
  self.loose = true
  return { size = 0, file = id }
end

---Writes bytes to a blob, at a place up to its end. They count once they are committed.
---@param blob gemini.emulator.Blob one from reserve
---@param at integer
---@param bytes string
function Blobs:write(blob, at, bytes)
  local handle = handleOf(self, blob.file)
  -- Zeros stay a hole: large files of tests are mostly that.
  if bytes == ZEROS and handle:seek("end") <= at then return end
  need(handle:seek("set", at))
  need(handle:write(bytes))
end

-- The hash of a file, fed with what has come since.
local function hashOf(self, blob)
  local known = self.hashes[blob.file]
  if not known or known.at > blob.size then known = { hash = codec.sha256(), at = 0 } end
  self.hashes[blob.file] = known
  while known.at < blob.size do
    local bytes = self:read(blob, known.at, math.min(PIECE, blob.size - known.at))
    known.hash:add(bytes)
    known.at = known.at + #bytes
  end
  return known.hash
end

---Makes what was written count, up to a size. It survives the end of the process where there is a state's file.
---@param blob gemini.emulator.Blob one from reserve
---@param size integer
function Blobs:commit(blob, size)
  blob.size = size
  if size > 0 then
    local handle = handleOf(self, blob.file)
    if handle:seek("end") < size then
      need(handle:seek("set", size - 1))
      need(handle:write("\0"))
    end
    need(handle:flush())
  end
  hashOf(self, blob)
end

---@param blob gemini.emulator.Blob
---@param at integer
---@param length integer
---@return string bytes all of them; raises where they are gone
function Blobs:read(blob, at, length)
  if length == 0 then return "" end
  if blob.data then return mime.unb64(blob.data):sub(at + 1, at + length) end
  local handle = handleOf(self, blob.file)
  need(handle:seek("set", at))
  local bytes, problem = handle:read(length)
  return need(bytes and #bytes == length and bytes, problem or "bytes are missing")
end

---@param blob gemini.emulator.Blob?
---@return string bytes
function Blobs:all(blob) return blob and self:read(blob, 0, blob.size) or "" end

---Moves the bytes of a small blob to memory; its file goes with the next sweep.
---@param blob gemini.emulator.Blob
function Blobs:settle(blob)
  if blob.data or blob.size > self.small then return end
  blob.data, blob.file = mime.b64(self:all(blob)) or "", nil
  self:loosen()
end

---@param bytes string
---@return gemini.emulator.Blob
function Blobs:of(bytes)
  if #bytes <= self.small then return { size = #bytes, data = mime.b64(bytes) or "" } end
  local blob = self:reserve()
  self:write(blob, 0, bytes)
  self:commit(blob, #bytes)
  return blob
end

---@param blob gemini.emulator.Blob
---@return string digest 64 hexadecimal digits, of SHA-256
function Blobs:sha256(blob)
  if blob.file then return hashOf(self, blob):hex() end
  return codec.sha256():add(self:all(blob)):hex()
end

local function forget(self, id)
  local handle = self.handles[id]
  if handle then
    handle:close()
    self.open = self.open - 1
  end
  local made = self.made[id]
  self.known[id], self.made[id], self.handles[id], self.hashes[id] = nil, nil, nil, nil
  if self.path and made then os.remove(nameOf(self, id)) end
end

---To be called where a blob may be held by nothing any more.
function Blobs:loosen() self.loose = true end

---Takes the files away that nothing holds.
---@param each fun(visit: fun(blob: gemini.emulator.Blob?)) visits what holds blobs
function Blobs:sweep(each)
  if not self.loose then return end
  local held, gone = {}, {}
  each(function(blob)
    if blob and blob.file then held[blob.file] = true end
  end)
  for id in pairs(self.known) do
    if not held[id] then gone[#gone + 1] = id end
  end
  for _, id in ipairs(gone) do forget(self, id) end
  self.loose = false
end

return Blobs
