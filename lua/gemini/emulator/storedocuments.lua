-- The resource `fileSearchStores.documents`, and the bytes that the documents were made of.
local tables = require "gemini.tables"
local byteranges = require "gemini.emulator.byteranges"
local collection = require "gemini.emulator.collection"
local derived = require "gemini.emulator.derived"
local errors = require "gemini.emulator.errors"
local metadata = require "gemini.emulator.metadata"
local transfer = require "gemini.emulator.transfer"

local storedocuments = {}

local function prepare(context, value)
  metadata.checkDisplayName(value)
  metadata.check(value.customMetadata)
  return { blob = context.media.blob, readyAt = context.store:now() + context.settings.work }
end

local function show(context, value, hidden)
  local shown = tables.copy(value)
  shown.state = hidden.readyAt <= context.store:now() and "STATE_ACTIVE" or "STATE_PENDING"
  return shown
end

local KIND = {
  resource = "fileSearchStores.documents",
  segment = "documents",
  message = "Document",
  mutable = {},
  pages = { default = 10, max = 20 },
  prepare = prepare,
  show = show,
}

---Adds a document, which is indexed after settings.work.
---@param context table
---@param store string the store's name; raises NOT_FOUND
---@param given table its `displayName` and `customMetadata`
---@param media gemini.emulator.Media
---@return table document
function storedocuments.add(context, store, given, media)
  return collection.create(derived(context, { media = media }), KIND, store, {
    displayName = given.displayName,
    customMetadata = given.customMetadata,
    mimeType = media.mimeType,
    sizeBytes = ("%d"):format(media.blob and media.blob.size or 0),
  })
end

---@param context table
---@param store string
---@return table[] documents as they are by now
function storedocuments.of(context, store)
  local documents = {}
  for i, value in ipairs(context.store:list(collection.path(KIND, store))) do
    documents[i] = collection.show(context, KIND, value.name)
  end
  return documents
end

---@param context table
---@param name string
---@return string bytes that the document was made of; raises NOT_FOUND
function storedocuments.bytes(context, name)
  local _, hidden = context.store:get(name)
  return context.store.blobs:all(hidden.blob)
end

local methods = collection.methods(KIND)

-- Here a document consists of its chunks, which go with `force` alone.
local function delete(context)
  local name = context.params.name
  context.store:get(name)
  if not context.query.force then
    errors.raise("FAILED_PRECONDITION", name .. " has chunks: set force to delete it with them.")
  end
  context.store:remove(name)
  return { json = {} }
end

-- A document's bytes have the document's ID.
local function download(context)
  transfer.checkDownload(context)
  local value, hidden = context.store:get((context.params.name:gsub("/media/", "/documents/")))
  return byteranges(context, hidden.blob, value.mimeType)
end

storedocuments.methods = {
  ["fileSearchStores.documents.get"] = methods["fileSearchStores.documents.get"],
  ["fileSearchStores.documents.list"] = methods["fileSearchStores.documents.list"],
  ["fileSearchStores.documents.delete"] = delete,
  ["fileSearchStores.media.download"] = download,
}

return storedocuments
