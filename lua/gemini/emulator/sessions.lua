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
---@field blob gemini.emulator.Blob what has been received
---@field usedAt number
---@field final table? the answer of one that is complete

local function removeUnused(store)
  local now, values, hidden = store:now(), store:list(HOME)
  local names = {}
  for i, value in ipairs(values) do
    if hidden[i].usedAt + LIFETIME <= now then names[#names + 1] = value.name end
  end
  for _, name in ipairs(names) do store:remove(name) end
end

---@param store table
---@param session gemini.emulator.Session without what is received
---@return string id
function sessions.open(store, session)
  removeUnused(store)
  local id = store:id()
  session.blob, session.usedAt = { size = 0 }, store:now()
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
---@field alone boolean? the session is the request's own, and ends with it
local Sink = {}
Sink.__index = Sink

function Sink:write(bytes)
  self.store.blobs:write(self.session.blob, self.offset + self.size, bytes)
  self.size = self.size + #bytes
end

---Takes what has come into the session, or the first bytes of it.
---@param most integer?
function Sink:commit(most)
  local session = sessions.use(self.store, self.id)
  self.store.blobs:commit(session.blob, self.offset + math.min(self.size, most or self.size))
end

-- Whether nothing has come by another way meanwhile.
local function isNext(self)
  local _, session = self.store:find(nameOf(self.id))
  return session and not session.final and session.blob.size == self.offset
end

---Keeps what came of a chunk that broke off: whole granules.
function Sink:lost()
  if not self.alone and isNext(self) then self:commit(self.size - self.size % sessions.GRANULARITY) end
  self:done()
  self.store:save()
end

---To be called when the request is over.
function Sink:done()
  if self.alone and self.store:find(nameOf(self.id)) then sessions.close(self.store, self.id) end
end

---@param store table
---@param id string
---@param alone boolean?
---@return gemini.emulator.SessionSink sink for bytes that follow what the session has; raises NOT_FOUND
function sessions.sink(store, id, alone)
  local session = sessions.use(store, id)
  return setmetatable({
    store = store, id = id, session = session, offset = session.blob.size, size = 0, alone = alone,
  }, Sink)
end

return sessions
