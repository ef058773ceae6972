-- Upload sessions: what has been received of an upload in chunks. They are in the store, where no list shows them.
require("gemini.interpreted")()

local errors = require "gemini.emulator.errors"

local sessions = {}

-- What divides every chunk but the last.
sessions.GRANULARITY = 262144

local LIFETIME = 24 * 3600 -- of a session that is not used
local HOME = "sessions"

local function nameOf(id) return HOME .. "/" .. id end

---@class gemini.emulator.Session
---@field method string "media.upload"
---@field params table of its path, and what else the end needs
---@field metadata table checked
---@field mimeType string
---@field size integer? as announced
---@field hash string? as announced
---@field blob gemini.emulator.Blob what has been received
---@field usedAt number
---@field alone boolean? it is one request's own, and ends with that
---@field final table? the answer of one that is complete

local function removeWhere(store, fits)
  local values, hidden = store:list(HOME)
  local names = {}
  for i, value in ipairs(values) do
    if fits(hidden[i]) then names[#names + 1] = value.name end
  end
  for _, name in ipairs(names) do store:remove(name) end
end

---Forgets what a process that is no more had begun and can't end.
---@param store table
function sessions.recover(store)
  removeWhere(store, function(session) return session.alone end)
end

---@param store table
---@param session gemini.emulator.Session without what is received
---@return string id
function sessions.open(store, session)
  local now, id = store:now(), store:id()
  removeWhere(store, function(each) return each.usedAt + LIFETIME <= now end)
  session.blob, session.usedAt = store.blobs:reserve(), now
  store:insert(nameOf(id), { name = nameOf(id) }, session)
  return id
end

---@param store table
---@param id string
---@return gemini.emulator.Session session to be changed in place; raises NOT_FOUND
function sessions.use(store, id)
  local value, session = store:find(nameOf(id))
  if not value then errors.raise("NOT_FOUND", "There is no such upload session.") end
  session.usedAt = store:now()
  store:changed()
  return session
end

---@param store table
---@param id string
function sessions.close(store, id) store:remove(nameOf(id)) end

---@class gemini.emulator.SessionSink: gemini.emulator.Sink
---@field session gemini.emulator.Session
---@field offset integer where its bytes begin
---@field size integer how many have come
local Sink = {}
Sink.__index = Sink

-- Session → the sink that may write to it: the youngest.
local writers = setmetatable({}, { __mode = "k" })

-- A request alone may be of any size: what has come is hashed on the way.
local STRIDE = 4 * 1024 * 1024

local function write(self, bytes)
  self.store.blobs:write(self.session.blob, self.offset + self.size, bytes)
  self.size = self.size + #bytes
  if self.session.alone and self.size - self.session.blob.size >= STRIDE then
    self.store.blobs:commit(self.session.blob, self.size)
  end
end

---Whether the session is still there, and nobody else has written to it.
---@return boolean
function Sink:isCurrent()
  local _, session = self.store:find(nameOf(self.id))
  if session ~= self.session or session.final or writers[session] ~= self then return false end
  return session.alone or session.blob.size == self.offset
end

function Sink:write(bytes)
  return self:isCurrent() and pcall(write, self, bytes)
end

---Takes what has come into the session, or the first bytes of it.
---@param most integer?
function Sink:commit(most)
  sessions.use(self.store, self.id)
  self.store.blobs:commit(self.session.blob, self.offset + math.min(self.size, most or self.size))
end

local function keepWhole(self)
  local room = self.session.size and math.max(self.session.size - self.offset, 0) or math.huge
  local size = math.min(self.size, room)
  self:commit(size - size % sessions.GRANULARITY)
end

---Keeps what came of a chunk that broke off: whole granules.
function Sink:lost()
  if not self.session.alone and self:isCurrent() then pcall(keepWhole, self) end
  self:done()
  pcall(self.store.keepSafe, self.store)
end

---To be called when the request is over.
function Sink:done()
  local _, session = self.store:find(nameOf(self.id))
  if session == self.session and session.alone then sessions.close(self.store, self.id) end
end

---@param store table
---@param id string
---@return gemini.emulator.SessionSink sink for bytes that follow what the session has; raises NOT_FOUND
function sessions.sink(store, id)
  local session = sessions.use(store, id)
  local self = setmetatable({ store = store, id = id, session = session, offset = session.blob.size, size = 0 }, Sink)
  writers[session] = self
  -- The name of its file is in the state before the file is there.
  store:keepSafe()
  return self
end

return sessions
