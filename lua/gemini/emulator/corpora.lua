-- The resource `corpora`: named stores of documents, and the search in one.
local collection = require "gemini.emulator.collection"
local metadata = require "gemini.emulator.metadata"
local search = require "gemini.emulator.search"

local KIND = {
  resource = "corpora",
  segment = "corpora",
  message = "Corpus",
  mutable = { displayName = true },
  most = 10,
  pages = { default = 10, max = 20 },
  children = true,
  prepare = function(_, value) metadata.checkDisplayName(value) end,
}

local corpora = { methods = collection.methods(KIND) }

-- Permissions alone do not keep a corpus from being deleted.
corpora.methods["corpora.delete"] = function(context)
  local name = context.params.name
  collection.delete(context, KIND, name, context.query.force or context.store:count(name .. "/documents") == 0)
  return { json = {} }
end

corpora.methods["corpora.query"] = function(context)
  return { json = search.query(context, context.params.name) }
end

return corpora
