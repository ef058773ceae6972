-- The resource `files`: bytes with a name, for two days. What was uploaded stays here; what the emulator has generated
-- can be downloaded, as on the real API.
local tables = require "gemini.tables"
local byteranges = require "gemini.emulator.byteranges"
local collection = require "gemini.emulator.collection"
local derived = require "gemini.emulator.derived"
local errors = require "gemini.emulator.errors"
local location = require "gemini.emulator.location"
local metadata = require "gemini.emulator.metadata"
local paging = require "gemini.emulator.paging"
local resourcename = require "gemini.emulator.resourcename"
local transfer = require "gemini.emulator.transfer"
local uploads = require "gemini.emulator.uploads"

local files = {}

local LIFETIME = 48 * 3600
-- What Google looks through before it can be used.
local PROCESSED = { audio = true, video = true }

local function describe(context, value, media)
  value.mimeType = media.mimeType
  if not media.blob then return end
  value.sizeBytes = ("%d"):format(media.blob.size)
  value.sha256Hash = transfer.hash(context.store.blobs, media.blob)
end

local function prepare(context, value)
  metadata.checkDisplayName(value)
  local now, media = context.store:now(), context.media
  describe(context, value, media)
  value.source = media.source or "UPLOADED"
  value.expirationTime = context.store:time(now + LIFETIME)
  local works = value.source == "UPLOADED" and PROCESSED[(media.mimeType or ""):match("^%a+")]
  return {
    blob = media.blob,
    appearsAt = media.appearsAt or now,
    readyAt = works and now + context.settings.work or now,
    expiresAt = now + LIFETIME,
    registered = media.uri,
  }
end

local function show(context, value, hidden)
  local shown, ready = tables.copy(value), hidden.readyAt <= context.store:now()
  shown.state = ready and "ACTIVE" or "PROCESSING"
  local url = location(context, ("%s/%s"):format(context.params.version, value.name))
  shown.uri = hidden.registered or url
  if value.source == "GENERATED" then shown.downloadUri = url .. ":download?alt=media" end
  return shown
end

local KIND = {
  resource = "files",
  segment = "files",
  message = "File",
  mutable = {},
  pages = { default = 10, max = 100 },
  prepare = prepare,
  show = show,
}

local function isThere(context, hidden)
  local now = context.store:now()
  return hidden.appearsAt <= now and now < hidden.expiresAt
end

local function removeExpired(store)
  local values, hidden = store:list("files")
  for i, value in ipairs(values) do
    if hidden[i].expiresAt <= store:now() then store:remove(value.name) end
  end
end

---Adds a file.
---@param context table
---@param given table its `name` and `displayName`, where it has them
---@param media table a gemini.emulator.Media, perhaps with `source`, `appearsAt` (when a file under way will be there),
---  and the `uri` of what lies elsewhere
---@return table file
function files.add(context, given, media)
  removeExpired(context.store)
  local value = collection.create(derived(context, { media = media }), KIND, nil, given)
  return collection.show(context, KIND, value.name)
end

---@param context table
---@param name string
---@return table file as it is by now; raises NOT_FOUND
---@return gemini.emulator.Blob? blob its bytes
function files.find(context, name)
  resourcename.check(name, "files/*")
  local value, hidden = context.store:get(name)
  if not isThere(context, hidden) then errors.raise("NOT_FOUND", name .. " is not found.") end
  return show(context, value, hidden), hidden.blob
end

files.methods = {}

files.methods["files.get"] = function(context) return { json = (files.find(context, context.params.name)) } end

files.methods["files.delete"] = function(context)
  files.find(context, context.params.name)
  context.store:remove(context.params.name)
  return { json = {} }
end

files.methods["files.list"] = function(context)
  local there = {}
  removeExpired(context.store)
  local values, hidden = context.store:list("files")
  for i, value in ipairs(values) do
    if isThere(context, hidden[i]) then table.insert(there, show(context, value, hidden[i])) end
  end
  local page, nextPageToken = paging.page(there, context.query, KIND.pages)
  return { json = { files = page[1] and page, nextPageToken = nextPageToken } }
end

files.methods["media.upload"] = uploads.handler {
  method = "media.upload",
  message = "CreateFileRequest",
  create = function(context, given, media)
    local file = given.file or {}
    return { file = files.add(context, { name = file.name, displayName = file.displayName }, media or {}) }
  end,
}

-- Returns the file and its blob; raises where it is none that may be had back.
local function generated(context)
  transfer.checkDownload(context)
  local file, blob = files.find(context, context.params.name)
  if file.source == "GENERATED" then return file, blob end
  local text = "%s has the source %s: only generated files can be downloaded."
  return errors.raise("FAILED_PRECONDITION", text:format(file.name, file.source))
end

files.methods["files.download"] = function(context)
  local file = generated(context)
  local place = ("download/%s/%s:download?alt=media"):format(context.params.version, file.name)
  return { status = 302, headers = { Location = location(context, place) }, body = "" }
end

local function bytes(context)
  local file, blob = generated(context)
  return byteranges(context, blob, file.mimeType)
end

-- Google takes no API key here, for a key has no rights in Cloud Storage.
files.methods["files.register"] = function(context)
  if not (context.headers.authorization or ""):find("^[Bb]earer%s+%S") then
    errors.raise("PERMISSION_DENIED", "Registering files of Cloud Storage needs an access token.")
  end
  for _, uri in ipairs(context.body.uris) do
    if not uri:find("^gs://[^/]+/.") then
      errors.raise("INVALID_ARGUMENT", ("'%s' is no URI of Cloud Storage, gs://BUCKET/OBJECT."):format(uri))
    end
  end
  local out = {}
  for i, uri in ipairs(context.body.uris) do
    out[i] = files.add(context, { displayName = uri:match("[^/]+$") }, { source = "REGISTERED", uri = uri })
  end
  return { json = { files = out } }
end

files.routes = { { "GET", "/download/{version}/{name=files/*}:download", bytes } }
for _, row in ipairs(uploads.routes) do table.insert(files.routes, row) end

return files
