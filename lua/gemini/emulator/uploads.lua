-- Takes media in, by Google's three upload protocols: multipart, raw and resumable.
local check = require "gemini.emulator.check"
local errors = require "gemini.emulator.errors"
local json = require "gemini.emulator.json"
local location = require "gemini.emulator.location"
local multipart = require "gemini.emulator.multipart"

local uploads = {}

local GRANULARITY = 262144
local DEFAULT_TYPE = "application/octet-stream"

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
  return checked, typeIn(value)
end

local function finished(value, status)
  return {
    status = 200,
    headers = { ["Content-Type"] = "application/json; charset=UTF-8", ["X-Goog-Upload-Status"] = status },
    body = json.encode(value),
  }
end

local function takeMultipart(context, target)
  local parts = multipart(context.raw, context.headers["content-type"] or "")
  if not parts or #parts ~= 2 then refuse("A multipart upload has two parts: the metadata as JSON, and the media.") end
  local metadata, named = metadataOf(context, target, parts[1].data)
  local mimeType = parts[2].headers["content-type"] or named or DEFAULT_TYPE
  return finished(target.create(context, metadata, { data = parts[2].data, mimeType = mimeType }))
end

local function takeRaw(context, target)
  local metadata = metadataOf(context, target, "")
  local mimeType = context.headers["content-type"] or DEFAULT_TYPE
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

local function start(context, target)
  if context.headers["x-goog-upload-command"] ~= "start" then
    refuse("A resumable upload begins with the command start.")
  end
  local metadata, named = metadataOf(context, target, context.raw)
  local id = context.store:id()
  sessions(context)[id] = {
    target = target, params = context.params, metadata = metadata, parts = {}, received = 0,
    mimeType = context.headers["x-goog-upload-header-content-type"] or named or DEFAULT_TYPE,
    size = tonumber(context.headers["x-goog-upload-header-content-length"]),
  }
  return answer("active", {
    ["X-Goog-Upload-URL"] = location(context, ("upload/%s/sessions/media/%s"):format(context.params.version, id)),
    ["X-Goog-Upload-Chunk-Granularity"] = GRANULARITY,
  })
end

local PROTOCOLS = { multipart = takeMultipart, raw = takeRaw, resumable = start }

local function append(session, context, last)
  local offset = tonumber(context.headers["x-goog-upload-offset"])
  if offset ~= session.received then
    refuse(("The chunk's offset must be %d, what has been received so far."):format(session.received))
  end
  if not last and #context.raw % GRANULARITY ~= 0 then
    refuse(("A chunk before the last must be a multiple of %d bytes."):format(GRANULARITY))
  end
  if session.size and session.received + #context.raw > session.size then
    refuse(("The upload was announced with %d bytes and has more."):format(session.size))
  end
  table.insert(session.parts, context.raw)
  session.received = session.received + #context.raw
end

local function finalize(session, context)
  if session.size and session.size ~= session.received then
    refuse(("The upload was announced with %d bytes and has %d."):format(session.size, session.received))
  end
  context = setmetatable({ params = session.params }, { __index = context })
  local media = { data = table.concat(session.parts), mimeType = session.mimeType }
  session.final = finished(session.target.create(context, session.metadata, media), "final")
  session.parts = nil
  return session.final
end

local function query(session)
  if session.final then return session.final end
  return answer("active", { ["X-Goog-Upload-Size-Received"] = session.received })
end

-- The session's URL: commands on an upload under way.
local function continue(context)
  local id, command = context.params.session, context.headers["x-goog-upload-command"] or ""
  local session = sessions(context)[id]
  if not session then errors.raise("NOT_FOUND", "There is no such upload session.") end
  if command == "query" then return query(session) end
  if session.final then refuse("The upload is complete already.") end
  if command == "cancel" then
    sessions(context)[id] = nil
    return answer("cancelled", {})
  end
  local uploading, last = command:find("upload", 1, true), command:find("finalize", 1, true)
  if not uploading and not last then refuse("The upload command must be upload, finalize, query or cancel.") end
  if uploading then append(session, context, last) end
  return last and finalize(session, context) or answer("active", {})
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
