-- The resource `corpora.documents`: what holds chunks, and the search in one.
local collection = require "gemini.emulator.collection"
local metadata = require "gemini.emulator.metadata"
local search = require "gemini.emulator.search"

-- Files have made none of these documents: those of the fields that speak of files stay empty.
local function prepare(_, value)
  metadata.checkDisplayName(value)
  metadata.check(value.customMetadata)
  value.state, value.sizeBytes, value.mimeType = "STATE_ACTIVE", nil, nil
end

local documents = {
  methods = collection.methods {
    resource = "corpora.documents",
    segment = "documents",
    message = "Document",
    mutable = { displayName = true, customMetadata = true },
    most = 10000,
    pages = { default = 10, max = 20 },
    children = true,
    prepare = prepare,
  },
}

documents.methods["corpora.documents.query"] = function(context)
  return { json = search.query(context, context.params.name) }
end

return documents
