-- The resource `fileSearchStores`, and how documents come into a store.
require("gemini.interpreted")()

local tables = require "gemini.tables"
local collection = require "gemini.emulator.collection"
local errors = require "gemini.emulator.errors"
local files = require "gemini.emulator.files"
local metadata = require "gemini.emulator.metadata"
local models = require "gemini.emulator.models"
local operations = require "gemini.emulator.operations"
local storedocuments = require "gemini.emulator.storedocuments"
local typeUrl = require "gemini.emulator.typeurl"
local uploads = require "gemini.emulator.uploads"

local COUNTS = { STATE_ACTIVE = "activeDocumentsCount", STATE_PENDING = "pendingDocumentsCount" }

local function prepare(context, value)
  metadata.checkDisplayName(value)
  if value.embeddingModel then models.get(context, value.embeddingModel) end
end

-- Counts of nothing are absent.
local function show(context, value)
  local shown, sums = tables.copy(value), {}
  for _, document in ipairs(storedocuments.of(context, value.name)) do
    local count = COUNTS[document.state]
    sums[count] = (sums[count] or 0) + 1
    sums.sizeBytes = (sums.sizeBytes or 0) + tonumber(document.sizeBytes)
  end
  for name, sum in pairs(sums) do shown[name] = ("%d"):format(sum) end
  return shown
end

local KIND = {
  resource = "fileSearchStores",
  segment = "fileSearchStores",
  message = "FileSearchStore",
  mutable = {},
  most = 10,
  pages = { default = 10, max = 20 },
  prepare = prepare,
  show = show,
}

local filesearchstores = { methods = collection.methods(KIND) }
local methods = filesearchstores.methods

-- Operations lie below a store too, but only documents keep it from being deleted.
methods["fileSearchStores.delete"] = function(context)
  local name = context.params.name
  context.store:get(name)
  if not context.query.force and #context.store:list(name .. "/documents") > 0 then
    errors.raise("FAILED_PRECONDITION", name .. " has documents: delete them first, or set force.")
  end
  context.store:remove(name)
  return { json = {} }
end

-- The operation that indexes a document has the document's ID.
local function startIndexing(context, document, home, message)
  local store, id = document.name:match("^(.*)/documents/([^/]+)$")
  return operations.start(context, ("%s/%s/%s"):format(store, home, id), {
    -- An upload tells its document at once.
    early = message == "UploadToFileSearchStore",
    response = {
      ["@type"] = typeUrl(message .. "Response"),
      parent = store,
      documentName = document.name,
      mimeType = document.mimeType,
      sizeBytes = document.sizeBytes,
    },
  })
end

methods["media.uploadToFileSearchStore"] = uploads.handler {
  method = "media.uploadToFileSearchStore",
  message = "UploadToFileSearchStoreRequest",
  create = function(context, given, media)
    media.mimeType = given.mimeType or media.mimeType
    local document = storedocuments.add(context, context.params.fileSearchStoreName, given, media)
    return startIndexing(context, document, "upload/operations", "UploadToFileSearchStore")
  end,
}

methods["fileSearchStores.importFile"] = function(context)
  local body = context.body
  local file, blob = files.find(context, body.fileName)
  if file.state ~= "ACTIVE" then
    errors.raise("FAILED_PRECONDITION", ("%s is in the state %s: it can be imported when it is ACTIVE."):format(
      file.name, file.state))
  end
  local document = storedocuments.add(context, context.params.fileSearchStoreName, {
    displayName = file.displayName,
    customMetadata = body.customMetadata,
  }, { blob = blob, mimeType = file.mimeType })
  return { json = startIndexing(context, document, "operations", "ImportFile") }
end

return filesearchstores
