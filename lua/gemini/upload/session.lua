---The requests of an upload session: start, query, and chunks. Nothing here tries anything twice.

local context = require "gemini.upload.context"
local errors = require "gemini.errors"
local headers = require "gemini.headers"
local origin = require "gemini.origin"
local rest = require "gemini.rest"
local tables = require "gemini.tables"

local session = {}

---@class gemini.UploadSession  plain data: it may be saved, and an upload go on with it in another process
---@field url string  where the chunks go
---@field method string  "media.upload"
---@field granularity integer  which divides every chunk but the last
---@field mimeType string  of the media
---@field size integer?  of the media, where it is known
---@field modified string?  of the file
---@field mark string?  of the first and the last bytes

---@class gemini.UploadState  what a session's answer says
---@field known boolean  whether it says anything
---@field offset integer?  how many bytes the server has
---@field reply table?  what the finished upload gives
---@field complete boolean?  finished, and the reply was lost
---@field cancelled boolean?

-- Of servers that name none.
local GRANULARITY = 262144

-- What is not plain ASCII, what begins an escape, and blanks at the ends, which servers take for nothing.
local function escapedName(name)
  local function escape(byte) return ("%%%02X"):format(byte:byte()) end
  return (name:gsub("[^\32-\36\38-\126]", escape):gsub("^ ", "%%20"):gsub(" $", "%%20"))
end

local function began(up, fields)
  local location = fields["x-goog-upload-url"]
  local url = location and origin.resolve(up.client.baseUrl, location)
  if url and errors.redact(url, up.built.label) ~= url then
    return nil, context.failure(up, "protocol", "the upload's session has the key in its URL")
  end
  if not url then
    local problem = location and "the upload's session is at no place on this host"
      or "the server named no session for the upload"
    return nil, context.failure(up, "protocol", problem)
  end
  return {
    url = url,
    method = up.built.label.method,
    granularity = math.max(headers.integer(fields["x-goog-upload-chunk-granularity"]) or GRANULARITY, 1),
    size = up.source.size,
    mimeType = up.media.mimeType,
    modified = up.source.modified,
    mark = up.source:mark(),
  }
end

---Opens a session: its method is the row's own.
---@param up gemini.UploadContext
---@return gemini.UploadSession?
---@return gemini.Error?
function session.start(up)
  local request = context.request(up, {}, {
    ["X-Goog-Upload-Protocol"] = "resumable",
    ["X-Goog-Upload-Command"] = "start",
    ["X-Goog-Upload-Header-Content-Length"] = up.source.size and ("%d"):format(up.source.size),
    ["X-Goog-Upload-Header-Content-Type"] = up.media.mimeType,
    ["X-Goog-Upload-File-Name"] = up.source.name and escapedName(up.source.name),
  })
  return rest.exchange(up.client, request, {
    read = function(_, transfer) return began(up, transfer:headers()) end,
  })
end

local function hasBody(transfer) return transfer:bodyText():find("%S") ~= nil end

-- The reply of a finished upload; where it was lost, a query may bring it without.
local function finished(up, request, transfer)
  if not hasBody(transfer) then return { known = true, complete = true } end
  local reply, err = rest.read(up.client, up.row, request, transfer)
  return reply and { known = true, reply = reply }, err
end

-- `last` where the answer should be the upload's reply, whatever its headers.
local function state(up, request, transfer, last)
  local fields = transfer:headers()
  local status = fields["x-goog-upload-status"]
  if status == "final" or last and not status and hasBody(transfer) then return finished(up, request, transfer) end
  return {
    known = status ~= nil,
    offset = headers.integer(fields["x-goog-upload-size-received"]),
    cancelled = status == "cancelled" or nil,
  }
end

-- A request to the session: it brings bytes, not the metadata.
local function command(up, body, more)
  local fields = { method = "POST", url = up.session.url, body = body, once = true }
  local request = context.request(up, fields, more)
  request.headers["content-type"] = nil
  return request
end

-- Where a session stands; an answer that does not tell is none.
local function standing(up, request, transfer)
  local found, err = state(up, request, transfer)
  if found and not (found.offset or found.reply or found.complete or found.cancelled) then
    return nil, context.failure(up, "protocol", "the server does not say how many bytes it has")
  end
  return found, err
end

---Asks how far the upload has come.
---@param up gemini.UploadContext
---@return gemini.UploadState?
---@return gemini.Error?
function session.query(up)
  local request = command(up, "", { ["X-Goog-Upload-Command"] = "query" })
  return rest.exchange(up.client, request, {
    read = function(_, transfer) return standing(up, request, transfer) end,
  })
end

---@class gemini.UploadChunk
---@field segments table[]
---@field offset integer
---@field length integer
---@field last boolean?  which ends the upload

---Sends one chunk.
---@param up gemini.UploadContext
---@param chunk gemini.UploadChunk
---@return gemini.UploadState?
---@return gemini.Error?
function session.send(up, chunk)
  local request = command(up, chunk.segments, {
    ["X-Goog-Upload-Command"] = chunk.last and "upload, finalize" or "upload",
    ["X-Goog-Upload-Offset"] = ("%d"):format(chunk.offset),
  })
  return rest.exchange(up.client, request, {
    tick = function(transfer) up.progress:tick(chunk.offset + transfer:sent()) end,
    read = function(_, transfer) return state(up, request, transfer, chunk.last) end,
  })
end

---A session as it was saved: numbers may have come back as others of the same value.
---@param saved gemini.UploadSession
---@return gemini.UploadSession
function session.restored(saved)
  local restored = tables.copy(saved)
  restored.granularity = math.max(math.floor(tonumber(saved.granularity) or GRANULARITY), 1)
  return restored
end

return session
