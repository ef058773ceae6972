-- Takes media in, by Google's three upload protocols: multipart, raw and resumable.
require("gemini.interpreted")()

local check = require "gemini.emulator.check"
local derived = require "gemini.emulator.derived"
local errors = require "gemini.emulator.errors"
local json = require "gemini.emulator.json"
local location = require "gemini.emulator.location"
local multipart = require "gemini.emulator.multipart"
local sessions = require "gemini.emulator.sessions"
local transfer = require "gemini.emulator.transfer"

local uploads = {}

local DEFAULT_TYPE = "application/octet-stream"
local MOST_DIGITS = 15

---@class gemini.emulator.Media
---@field blob gemini.emulator.Blob the bytes
---@field mimeType string

---@class gemini.emulator.UploadTarget
---@field method string "media.upload"
---@field message string of the metadata
---@field create fun(context: table, metadata: table, media: gemini.emulator.Media?): table answer

-- By method: a session outlives the process.
local targets = {}

local function refuse(message) errors.raise("INVALID_ARGUMENT", message) end

local function decode(text)
  if not text:find("%S") then return {} end
  local value, problem = json.decode(text)
  if problem then refuse("Invalid JSON payload received. " .. problem) end
  return value
end

local function given(value)
  local inner = json.isObject(value) and (value.file or value)
  return json.isObject(inner) and inner or {}
end

-- What the metadata says of the bytes, where the message has no such field for a request.
local function factsIn(value)
  local named = given(value).mimeType or given(value).mime_type
  local hash = given(value).sha256Hash or given(value).sha256_hash
  return named ~= json.null and named or nil, hash ~= json.null and hash or nil
end

-- Returns the metadata, checked, the MIME type that it names, and the hash.
local function metadataOf(context, target, text)
  local value = decode(text)
  local checked, problem = check.request(target.message, value, context.params)
  if problem then error(problem, 0) end
  local mimeType, hash = factsIn(value)
  return checked, mimeType ~= nil and transfer.checkType(mimeType) or nil, hash
end

local function finished(value, status)
  return {
    status = 200,
    headers = { ["Content-Type"] = "application/json; charset=UTF-8", ["X-Goog-Upload-Status"] = status },
    body = json.encode(value),
  }
end

local function typeOf(header, named) return header and transfer.checkType(header) or named or DEFAULT_TYPE end

-- What was announced of the bytes has to be true of them.
local function checkHash(context, blob, announced)
  if announced == nil or announced == transfer.hash(context.store.blobs, blob) then return end
  refuse("The SHA-256 of the bytes is not the sha256_hash that was announced.")
end

local function create(context, target, metadata, media, hash)
  checkHash(context, media.blob, hash)
  local value = target.create(context, metadata, media)
  context.store.blobs:settle(media.blob)
  return value
end

local function takeMultipart(context, target)
  local parts = multipart(context.raw, context.headers["content-type"] or "")
  if not parts or #parts ~= 2 then refuse("A multipart upload has two parts: the metadata as JSON, and the media.") end
  local metadata, named, hash = metadataOf(context, target, parts[1].data)
  local mimeType = typeOf(parts[2].headers["content-type"], named)
  local blob = context.store.blobs:of(parts[2].data)
  return finished(create(context, target, metadata, { blob = blob, mimeType = mimeType }, hash))
end

-- The bytes have come into a session of the request's own.
local function takeRaw(context, target)
  local metadata = metadataOf(context, target, "")
  local mimeType = typeOf(context.headers["content-type"])
  context.sink:commit()
  local media = { blob = context.sink.session.blob, mimeType = mimeType }
  return finished(create(context, target, metadata, media))
end

local function answer(status, headers)
  headers["Content-Type"], headers["X-Goog-Upload-Status"] = "text/plain; charset=utf-8", status
  return { status = 200, headers = headers, body = "" }
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
  local metadata, named, hash = metadataOf(context, target, context.raw)
  local id = sessions.open(context.store, {
    method = target.method, params = context.params, metadata = metadata, hash = hash,
    mimeType = typeOf(context.headers["x-goog-upload-header-content-type"], named),
    size = announcedSize(context.headers["x-goog-upload-header-content-length"]),
  })
  return answer("active", {
    ["X-Goog-Upload-URL"] = location(context, ("upload/%s/sessions/media/%s"):format(context.params.version, id)),
    ["X-Goog-Upload-Chunk-Granularity"] = sessions.GRANULARITY,
  })
end

local PROTOCOLS = { multipart = takeMultipart, raw = takeRaw, resumable = start }

local function commandOf(context)
  return ((context.headers["x-goog-upload-command"] or ""):gsub("%s*,%s*", ","))
end

-- What is wrong with a chunk of this size, where it has come to be the next one.
local function checkChunk(session, context, size, last)
  local received = session.blob.size
  if numberIn(context.headers["x-goog-upload-offset"]) ~= received then
    refuse(("The chunk's offset must be %d, what has been received so far."):format(received))
  end
  if not last and size % sessions.GRANULARITY ~= 0 then
    refuse(("A chunk before the last must be a multiple of %d bytes."):format(sessions.GRANULARITY))
  end
  if session.size and received + size > session.size then
    refuse(("The upload was announced with %d bytes and has more."):format(session.size))
  end
end

local function checkWhole(session, received)
  if not session.size or session.size == received then return end
  refuse(("The upload was announced with %d bytes and has %d."):format(session.size, received))
end

-- Where the end is refused, the session is as it was: a client may send its last command again.
local function finalize(session, context)
  local before = session.blob.size
  checkWhole(session, before + (context.sink and context.sink.size or 0))
  if context.sink then context.sink:commit() end
  local target = targets[session.method]
  local media = { blob = session.blob, mimeType = session.mimeType }
  local ok, value = pcall(create, derived(context, { params = session.params }), target, session.metadata, media,
    session.hash)
  if not ok then
    context.store.blobs:commit(session.blob, before)
    error(value, 0)
  end
  session.final, session.blob = finished(value, "final"), nil
  return session.final
end

-- A size that was kept in a file comes back as a float.
local function standing(session)
  return answer("active", { ["X-Goog-Upload-Size-Received"] = ("%d"):format(session.blob.size) })
end

local function query(session) return session.final or standing(session) end

-- A fault may make it take less than it was sent.
local function upload(session, context, last)
  local most, sink = context.fault and context.fault.take, context.sink
  checkChunk(session, context, sink and sink.size or #context.raw, last)
  if not sink or not sink:isCurrent() then refuse("Other bytes have come to this place of the upload meanwhile.") end
  if last and not most then return finalize(session, context) end
  context.sink:commit(most)
  return standing(session)
end

-- By the words of the command, without the blanks beside the comma.
local COMMANDS = {
  cancel = function(_, context)
    sessions.close(context.store, context.params.session)
    return answer("cancelled", {})
  end,
  upload = function(session, context) return upload(session, context, false) end,
  finalize = function(session, context)
    if context.raw ~= "" then refuse("The command finalize brings no bytes: upload, finalize does.") end
    return finalize(session, context)
  end,
  ["upload,finalize"] = function(session, context) return upload(session, context, true) end,
}

local BRINGS_BYTES = { upload = true, ["upload,finalize"] = true }

-- The session's URL: commands on an upload under way.
local function continue(context)
  local command, session = commandOf(context), sessions.use(context.store, context.params.session)
  if command == "query" then return query(session) end
  if session.final then refuse("The upload is complete already.") end
  local run = COMMANDS[command]
  if not run then refuse("The upload command must be upload, finalize, query or cancel.") end
  return run(session, context)
end

-- Takes a chunk in, beside what the session has. What has no place in it is refused when it has come.
local function receiveChunk(context)
  local id = context.params.session
  local session = sessions.use(context.store, id)
  if not BRINGS_BYTES[commandOf(context)] or session.final then return nil end
  local isNext = numberIn(context.headers["x-goog-upload-offset"]) == session.blob.size
  return isNext and sessions.sink(context.store, id) or nil
end

---The rows of the upload sessions, which anyone may use who has learned their URL.
uploads.routes = {
  { "POST", "/upload/{version}/sessions/media/{session}", continue, open = true, receive = receiveChunk },
  { "PUT", "/upload/{version}/sessions/media/{session}", continue, open = true, receive = receiveChunk },
}

local function protocolOf(context)
  local named = context.headers["x-goog-upload-protocol"] or context.query.upload_protocol or context.query.uploadType
  if named then return named == "media" and "raw" or named end
  return (context.headers["content-type"] or ""):find("^multipart/") and "multipart"
end

---Takes in the body of an upload, where it is nothing but bytes: they have a session for as long as they come.
---@param context table
---@return gemini.emulator.SessionSink? sink
function uploads.receive(context)
  if protocolOf(context) ~= "raw" then return nil end
  local id = sessions.open(context.store, { method = "raw", params = {}, metadata = {}, mimeType = "", alone = true })
  return sessions.sink(context.store, id)
end

---Makes the handler of a method that takes media.
---@param target gemini.emulator.UploadTarget
---@return fun(context: table): table
function uploads.handler(target)
  targets[target.method] = target
  return function(context)
    if context.body then return { json = target.create(context, context.body) } end
    local take = PROTOCOLS[protocolOf(context)]
    if not take then refuse("X-Goog-Upload-Protocol must be multipart, raw or resumable.") end
    return take(context, target)
  end
end

return uploads
