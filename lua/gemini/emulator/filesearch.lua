-- The tool fileSearch of generateContent: finds passages of a store's documents that are like the prompt.
local errors = require "gemini.emulator.errors"
local resourcename = require "gemini.emulator.resourcename"
local search = require "gemini.emulator.search"
local storedocuments = require "gemini.emulator.storedocuments"

local filesearch = {}

local WORDS = 100 -- of a passage
local DEFAULT, MOST = 5, 100

-- Texts of so many words each; of what is no text, nothing.
local function passages(document, data)
  local list, words, from = {}, 0, 1
  if not (document.mimeType or ""):find("^text/") then return list end
  for stop in data:gmatch("%S+()") do
    words = words + 1
    if words % WORDS == 0 then
      list[#list + 1] = data:sub(from, stop - 1)
      from = stop
    end
  end
  if data:find("%S", from) then list[#list + 1] = data:sub(from) end
  return list
end

local function addStore(context, items, store)
  resourcename.check(store, "fileSearchStores/*")
  context.store:get(store)
  for _, document in ipairs(storedocuments.of(context, store)) do
    local active = document.state == "STATE_ACTIVE"
    for _, text in ipairs(active and passages(document, storedocuments.bytes(context, document.name)) or {}) do
      local found = { title = document.displayName, text = text, fileSearchStore = store }
      items[#items + 1] = { text = text, retrievedContext = found }
    end
  end
end

local function toolOf(body)
  for _, tool in ipairs(body.tools or {}) do
    if tool.fileSearch then return tool.fileSearch end
  end
end

local function checkTool(tool)
  if not tool.fileSearchStoreNames then
    errors.raise("INVALID_ARGUMENT", "* FileSearch.file_search_store_names: file_search_store_names is not specified\n")
  end
  if tool.metadataFilter then
    errors.raise("UNIMPLEMENTED", "The emulator does not evaluate the metadata_filter of a file search.")
  end
  local most = tool.topK or DEFAULT
  if most >= 1 and most <= MOST then return most end
  return errors.raise("INVALID_ARGUMENT", ("top_k must be from 1 to %d."):format(MOST))
end

---What the request's file search finds; raises an error object where a store is not there.
---@param context table
---@param body table a checked GenerateContentRequest
---@param text string the prompt's
---@return table? groundingMetadata nil where nothing is found, or there is no such tool
function filesearch.find(context, body, text)
  local tool, items, found = toolOf(body), {}, {}
  if not tool then return nil end
  local most = checkTool(tool)
  for _, store in ipairs(tool.fileSearchStoreNames) do addStore(context, items, store) end
  for _, item in ipairs(search.rank(text, items)) do
    if item.score > 0 and #found < most then found[#found + 1] = { retrievedContext = item.retrievedContext } end
  end
  return found[1] and { groundingChunks = found }
end

return filesearch
