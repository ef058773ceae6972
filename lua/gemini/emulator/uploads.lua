-- Takes media in, by Google's three upload protocols: multipart, raw and resumable.
require("gemini.interpreted")()

local check = require "gemini.emulator.check"
local derived = require "gemini.emulator.derived"
local errors = require "gemini.emulator.errors"
local json = require "gemini.emulator.json"
local location = require "gemini.emulator.location"
local multipart = require "gemini.emulator.multipart"
local transfer = require "gemini.emulator.transfer"

local uploads = {}

local GRANULARITY = 262144
local DEFAULT_TYPE = "application/octet-stream"
local LIFETIME = 24 * 3600 -- of a session that is not used
local MOST_DIGITS = 15

---@class gemini.emulator.Media
---@field data string the bytes
---@field mimeType string

---@class gemini.emulator.UploadTarget
---@field message string of the metadata
---@field create fun(context: table, metadata: table, media: gemini.emulator.Media?): table answer

local function refuse(message) errors.raise("INVALID_ARGUMENT", message) end

local function decode(text)
  if not text:find("%S") then return {} end
  local value, problem = json.decode(text)
  if problem then refuse("Invalid JSON payload received. " .. problem) end
  return value
end

-- The MIME type that the metadata names, where the message has no such field for a request.
local function typeIn(value)
  local inner = json.isObject(value) and (value.file or value)
  return json.isObject(inner) and (inner.mimeType or inner.mime_type) or nil
end

-- Returns the metadata, checked, and the MIME type that it names.
local function metadataOf(context, target, text)
  local value = decode(text)
  local checked, problem = check.request(target.message, value, context.params)
  if problem then error(problem, 0) end
  local mimeType = typeIn(value)
  return checked, mimeType ~= nil and mimeType ~= json.null and transfer.checkType(mimeType) or nil
end

local function finished(value, status)
  return {
    status = 200,
    headers = { ["Content-Type"] = "application/json; charset=UTF-8", ["X-Goog-Upload-Status"] = status },
    body = json.encode(value),
  }
end

local function typeOf(header, named) return header and transfer.checkType(header) or named or DEFAULT_TYPE end

local function takeMultipart(context, target)
  local parts = multipart(context.raw, context.headers["content-type"] or "")
  if not parts or #parts ~= 2 then refuse("A multipart upload has two parts: the metadata as JSON, and the media.") end
  local metadata, named = metadataOf(context, target, parts[1].data)
  local mimeType = typeOf(parts[2].headers["content-type"], named)
  return finished(target.create(context, metadata, { data = parts[2].data, mimeType = mimeType }))
end

local function takeRaw(context, target)
  local metadata = metadataOf(context, target, "")
  local mimeType = typeOf(context.headers["content-type"])
  return finished(target.create(context, metadata, { data = context.raw, mimeType = mimeType }))
end

local function answer(status, headers)
  headers["Content-Type"], headers["X-Goog-Upload-Status"] = "text/plain; charset=utf-8", status
  return { status = 200, headers = headers, body = "" }
end

local function sessions(context)
  context.state.uploads = context.state.uploads or {}
  return context.state.uploads
end

local function removeUnused(context)
  local all, now = sessions(context), context.store:now()
  for id, session in pairs(all) do
    if session.usedAt + LIFETIME <= now then all[id] = nil end
  end
end

-- Digits alone, and no more than a number holds: tonumber would take other forms too.
local function numberIn(header)
  local digits = (header or ""):match("^%d+$")
  return digits and #digits <= MOST_DIGITS and tonumber(digits) or nil
end

local function announcedSize(header)
  local size = numberIn(header)
  if header and not size then refuse("X-Goog-Upload-Header-Content-Length must be a number of bytes.") end
  return size
end

local function start(context, target)
  if context.headers["x-goog-upload-command"] ~= "start" then
    refuse("A resumable upload begins with the command start.")
  end
  removeUnused(context)
  local metadata, named = metadataOf(context, target, context.raw)
  local id = context.store:id()
  sessions(context)[id] = {
    target = target, params = context.params, metadata = metadata, parts = {}, received = 0,
    mimeType = typeOf(context.headers["x-goog-upload-header-content-type"], named),
    size = announcedSize(context.headers["x-goog-upload-header-content-length"]),
    usedAt = context.store:now(),
  }
  return answer("active", {
    ["X-Goog-Upload-URL"] = location(context, ("upload/%s/sessions/media/%s"):format(context.params.version, id)),
    ["X-Goog-Upload-Chunk-Granularity"] = GRANULARITY,
  })
end

local PROTOCOLS = { multipart = takeMultipart, raw = takeRaw, resumable = start }

local function checkChunk(session, context, last)
  if numberIn(context.headers["x-goog-upload-offset"]) ~= session.received then
    refuse(("The chunk's offset must be %d, what has been received so far."):format(session.received))
  end
  if not last and #context.raw % GRANULARITY ~= 0 then
    refuse(("A chunk before the last must be a multiple of %d bytes."):format(GRANULARITY))
  end
  if session.size and session.received + #context.raw > session.size then
    refuse(("The upload was announced with %d bytes and has more."):format(session.size))
  end
end

local function append(session, bytes)
  table.insert(session.parts, bytes)
  session.received = session.received + #bytes
  return answer("active", {})
end

-- Where the end is refused, the session is as it was: a client may send its last command again.
local function finalize(session, context, bytes)
  local received = session.received + #bytes
  if session.size and session.size ~= received then
    refuse(("The upload was announced with %d bytes and has %d."):format(session.size, received))
  end
  local media = { data = table.concat(session.parts) .. bytes, mimeType = session.mimeType }
  local value = session.target.create(derived(context, { params = session.params }), session.metadata, media)
  session.final, session.parts = finished(value, "final"), nil
  return session.final
end

local function query(session)
  if session.final then return session.final end
  return answer("active", { ["X-Goog-Upload-Size-Received"] = session.received })
end

local function cancel(_, context)
  sessions(context)[context.params.session] = nil
  return answer("cancelled", {})
end

-- By the words of the command, without the blanks beside the comma.
local COMMANDS = {
  cancel = cancel,
  upload = function(session, context)
    checkChunk(session, context)
    return append(session, context.raw)
  end,
  finalize = function(session, context)
    if context.raw ~= "" then refuse("The command finalize brings no bytes: upload, finalize does.") end
    return finalize(session, context, "")
  end,
  ["upload,finalize"] = function(session, context)
    checkChunk(session, context, true)
    return finalize(session, context, context.raw)
  end,
}

-- The session's URL: commands on an upload under way.
local function continue(context)
  local command = (context.headers["x-goog-upload-command"] or ""):gsub("%s*,%s*", ",")
  local session = sessions(context)[context.params.session]
  if not session then errors.raise("NOT_FOUND", "There is no such upload session.") end
  session.usedAt = context.store:now()
  if command == "query" then return query(session) end
  if session.final then refuse("The upload is complete already.") end
  local run = COMMANDS[command]
  if not run then refuse("The upload command must be upload, finalize, query or cancel.") end
  return run(session, context)
end

---The rows of the upload sessions, which anyone may use who has learned their URL.
uploads.routes = {
  { "POST", "/upload/{version}/sessions/media/{session}", continue, open = true },
  { "PUT", "/upload/{version}/sessions/media/{session}", continue, open = true },
}

local function protocolOf(context)
  local named = context.headers["x-goog-upload-protocol"] or context.query.upload_protocol or context.query.uploadType
  if named then return named == "media" and "raw" or named end
  return (context.headers["content-type"] or ""):find("^multipart/") and "multipart"
end

---Makes the handler of a method that takes media.
---@param target gemini.emulator.UploadTarget
---@return fun(context: table): table
function uploads.handler(target)
  return function(context)
    if context.body then return { json = target.create(context, context.body) } end
    local take = PROTOCOLS[protocolOf(context)]
    if not take then refuse("X-Goog-Upload-Protocol must be multipart, raw or resumable.") end
    return take(context, target)
  end
end

return uploads
