-- The search in a corpus or a document: the chunks whose texts are most like the query.
local chunks = require "gemini.emulator.chunks"
local embedding = require "gemini.emulator.embedding"
local errors = require "gemini.emulator.errors"
local metadata = require "gemini.emulator.metadata"
local tokens = require "gemini.emulator.tokens"

local search = {}

local DEFAULT, MOST = 10, 100
local LONGEST = 2043 -- tokens of a query, as of a chunk

---Sorts by likeness to a query; what is equally like stays in its order.
---@param query string
---@param items { text: string }[] each gets its `score`, from 0 to 1
---@return table[] items the same list
function search.rank(query, items)
  local likeness = embedding.likeness(query)
  for i, item in ipairs(items) do
    item.score, item.place = math.min(1, math.max(0, likeness(item.text))), i
  end
  table.sort(items, function(a, b)
    if a.score ~= b.score then return a.score > b.score end
    return a.place < b.place
  end)
  return items
end

local function documentsOf(context, source)
  local value = context.store:get(source)
  if source:find("^corpora/[^/]+$") then return context.store:list(source .. "/documents"), metadata.EVERYWHERE end
  return { value }, metadata.IN_CHUNKS
end

local function candidates(context, source, filters)
  local all, scopes = documentsOf(context, source)
  local admits, items = metadata.filter(filters, scopes), {}
  for _, document in ipairs(all) do
    for _, chunk in ipairs(admits("document", document) and chunks.of(context, document.name) or {}) do
      if admits("chunk", chunk) then
        items[#items + 1] = { text = chunk.data.stringValue, chunk = chunk, document = document }
      end
    end
  end
  return items
end

local function checkQuery(text)
  if text == "" then errors.raise("INVALID_ARGUMENT", "The query must not be empty.") end
  if tokens.ofBytes(#text) <= LONGEST then return end
  errors.raise("INVALID_ARGUMENT", ("The query must have no more than %d tokens."):format(LONGEST))
end

local function checkCount(count)
  if not count or count == 0 then return DEFAULT end
  if count > 0 and count <= MOST then return count end
  return errors.raise("INVALID_ARGUMENT", ("The number of results must be from 1 to %d, got %d."):format(MOST, count))
end

---Finds chunks.
---@param context table
---@param source string the name of a corpus or of a document; raises NOT_FOUND
---@param query string
---@param filters table[]? a list of MetadataFilter
---@param count integer? how many at most
---@return { chunk: table, document: table, text: string, score: number }[] found the most relevant first
function search.find(context, source, query, filters, count)
  checkQuery(query)
  count = checkCount(count)
  local found = search.rank(query, candidates(context, source, filters))
  for i = #found, count + 1, -1 do found[i] = nil end
  return found
end

---Answers a QueryCorpusRequest or a QueryDocumentRequest.
---@param context table
---@param name string of the corpus or the document
---@return table reply
function search.query(context, name)
  local body, relevant = context.body, {}
  for i, each in ipairs(search.find(context, name, body.query, body.metadataFilters, body.resultsCount)) do
    relevant[i] = { chunkRelevanceScore = each.score, chunk = each.chunk, document = each.document }
  end
  return { relevantChunks = relevant[1] and relevant }
end

return search
