-- The methods embedContent, batchEmbedContents, embedText and batchEmbedText. The vectors come from hashed parts of the
-- texts, not from a model.
local embedding = require "gemini.emulator.embedding"
local errors = require "gemini.emulator.errors"
local models = require "gemini.emulator.models"
local tokens = require "gemini.emulator.tokens"

local embed = { methods = {} }

local MOST_AT_ONCE = 100

local function refuse(text, ...) errors.raise("INVALID_ARGUMENT", text:format(...)) end

local function textOf(request)
  local texts = {}
  for _, part in ipairs(request.content.parts or {}) do
    if not part.text then refuse "Only the text parts of a content can be embedded." end
    texts[#texts + 1] = part.text
  end
  local text = table.concat(texts, "\n")
  if text == "" then refuse "* EmbedContentRequest.content: content is empty\n" end
  return request.taskType == "RETRIEVAL_DOCUMENT" and request.title and request.title .. "\n" .. text or text
end

local function valuesOf(request)
  local wanted = request.outputDimensionality
  if wanted and (wanted < 1 or wanted > embedding.most) then
    refuse("output_dimensionality must be from 1 to %d, got %d.", embedding.most, wanted)
  end
  return embedding.of(textOf(request), wanted)
end

---Embeds one content; raises an error object where it cannot be embedded.
---@param request table a checked EmbedContentRequest, whose model is known to embed
---@return table reply an EmbedContentResponse
function embed.content(request)
  local values = valuesOf(request)
  local total, details = tokens.ofPrompt { contents = { request.content } }
  return {
    embedding = { values = values },
    usageMetadata = { promptTokenCount = total, promptTokenDetails = details },
  }
end

local function checkModel(context, request, where)
  if not request.model or request.model == context.params.model then return end
  refuse("* %smodel: '%s' is not the model of the path, %s\n", where, request.model, context.params.model)
end

embed.methods["models.embedContent"] = function(context)
  models.find(context, "embedContent")
  checkModel(context, context.body, "EmbedContentRequest.")
  return { json = embed.content(context.body) }
end

local function checkNumber(list)
  if #list > MOST_AT_ONCE then refuse("At most %d requests can be in one batch, got %d.", MOST_AT_ONCE, #list) end
end

embed.methods["models.batchEmbedContents"] = function(context)
  models.find(context, "embedContent")
  checkNumber(context.body.requests)
  local embeddings, contents = {}, {}
  for i, request in ipairs(context.body.requests) do
    checkModel(context, request, ("BatchEmbedContentsRequest.requests[%d]."):format(i - 1))
    embeddings[i], contents[i] = { values = valuesOf(request) }, request.content
  end
  local total, details = tokens.ofPrompt { contents = contents }
  local usage = { promptTokenCount = total, promptTokenDetails = details }
  return { json = { embeddings = embeddings, usageMetadata = usage } }
end

local function embeddingOf(text)
  if not text or text == "" then refuse "* EmbedTextRequest.text: text is not specified\n" end
  return { value = embedding.of(text) }
end

embed.methods["models.embedText"] = function(context)
  models.find(context, "embedText")
  return { json = { embedding = embeddingOf(context.body.text) } }
end

-- The texts of a batch, which come bare or in requests.
local function textsOf(context)
  local texts, requests = context.body.texts, context.body.requests
  if texts and requests then refuse "Give either texts or requests, not both." end
  if texts then return texts end
  local out = {}
  for i, request in ipairs(requests or {}) do
    checkModel(context, request, ("BatchEmbedTextRequest.requests[%d]."):format(i - 1))
    out[i] = request.text or ""
  end
  return out
end

embed.methods["models.batchEmbedText"] = function(context)
  models.find(context, "embedText")
  local texts, embeddings = textsOf(context), {}
  if #texts == 0 then refuse "* BatchEmbedTextRequest.texts: texts is not specified\n" end
  checkNumber(texts)
  for i, text in ipairs(texts) do embeddings[i] = embeddingOf(text) end
  return { json = { embeddings = embeddings } }
end

return embed
