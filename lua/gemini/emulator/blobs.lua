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

local SMALL = 64 * 1024
local PIECE = 256 * 1024
local MOST_OPEN = 32
local ZEROS = ("\0"):rep(64 * 1024)

---@param path string? of the state's file; without, the files go with the process
---@param newId fun(): string
---@return table blobs
function Blobs.new(path, newId)
  return setmetatable({ path = path, newId = newId, known = {}, handles = {}, hashes = {}, open = 0 }, Blobs)
end

local function nameOf(self, id) return ("%s.media-%s"):format(self.path, id) end

local function need(value, problem)
  if not value then error("the media cannot be kept: " .. tostring(problem), 0) end
  return value
end

local function closeAll(self)
  for id, handle in pairs(self.handles) do
    handle:close()
    self.handles[id] = nil
  end
  self.open = 0
end

-- A file without a name has nothing but its handle.
local function handleOf(self, id, mode)
  if self.handles[id] then return self.handles[id] end
  if self.path and self.open >= MOST_OPEN then closeAll(self) end
  local handle = need(self.path and io.open(nameOf(self, id), mode or "r+b") or not self.path and io.tmpfile())
  self.handles[id], self.open = handle, self.open + 1
  return handle
end

---Says that a file is one of these, though it may be another process's.
---@param id string
function Blobs:know(id) self.known[id] = true end

local function newFile(self)
  local id = self.newId()
  self:know(id)
  handleOf(self, id, "w+b")
  self.loose = true
  return id
end

---Writes bytes to a blob, at a place up to its end. They count once they are committed.
---@param blob gemini.emulator.Blob
---@param at integer
---@param bytes string
function Blobs:write(blob, at, bytes)
  if not blob.file then blob.file, blob.data = newFile(self), nil end
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
---@param blob gemini.emulator.Blob
---@param size integer
function Blobs:commit(blob, size)
  blob.size = size
  if not blob.file then return end
  local handle = handleOf(self, blob.file)
  if handle:seek("end") < size then
    need(handle:seek("set", size - 1))
    need(handle:write("\0"))
  end
  need(handle:flush())
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

---Moves the bytes of a small blob to memory, and its file away.
---@param blob gemini.emulator.Blob
function Blobs:settle(blob)
  if blob.size > SMALL then return end
  blob.data = mime.b64(self:all(blob)) or ""
  if blob.file then self:forget(blob.file) end
  blob.file = nil
end

---@param bytes string
---@return gemini.emulator.Blob
function Blobs:of(bytes)
  local blob = { size = #bytes }
  if #bytes <= SMALL then
    blob.data = mime.b64(bytes) or ""
    return blob
  end
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

---Takes a file away.
---@param id string
function Blobs:forget(id)
  local handle = self.handles[id]
  if handle then
    handle:close()
    self.open = self.open - 1
  end
  self.known[id], self.handles[id], self.hashes[id] = nil, nil, nil
  if self.path then os.remove(nameOf(self, id)) end
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
  for _, id in ipairs(gone) do self:forget(id) end
  self.loose = false
end

return Blobs
