-- The method generateAnswer: looks for the passage that is most like the question, and answers with its best sentence.
local errors = require "gemini.emulator.errors"
local models = require "gemini.emulator.models"
local prompt = require "gemini.emulator.prompt"
local ranges = require "gemini.emulator.ranges"
local resourcename = require "gemini.emulator.resourcename"
local search = require "gemini.emulator.search"

local answer = {}

local RANGES = { { "temperature", 0, 1 } }
local MOST = 3 -- passages that an answer is attributed to
local NOTHING = "The emulator, which is no model, found no passage that answers this."
local LEAD = "The emulator, which is no model, found: "

local function textOf(content)
  local texts = {}
  for i, part in ipairs(content.parts or {}) do texts[i] = part.text or "" end
  return table.concat(texts, "\n")
end

local function attribution(sourceId, text)
  return { text = text, attribution = { sourceId = sourceId, content = { parts = { { text = text } } } } }
end

local function fromPassages(inline)
  local items = {}
  for _, passage in ipairs(inline.passages or {}) do
    for i, part in ipairs((passage.content or {}).parts or {}) do
      local id = { passageId = passage.id, partIndex = i - 1 }
      if part.text then items[#items + 1] = attribution({ groundingPassage = id }, part.text) end
    end
  end
  return items
end

local function fromRetriever(context, config)
  local items, least = {}, config.minimumRelevanceScore or 0
  resourcename.check(config.source, "corpora/*", "corpora/*/documents/*")
  local found = search.find(context, config.source, textOf(config.query), config.metadataFilters, config.maxChunksCount)
  for _, each in ipairs(found) do
    local id = { source = config.source, chunk = each.chunk.name }
    if each.score >= least then items[#items + 1] = attribution({ semanticRetrieverChunk = id }, each.text) end
  end
  return items
end

local function passagesOf(context, body)
  if body.inlinePassages then return fromPassages(body.inlinePassages) end
  if body.semanticRetriever then return fromRetriever(context, body.semanticRetriever) end
  return errors.raise("INVALID_ARGUMENT", "* GenerateAnswerRequest.grounding_source: one source must be given\n")
end

-- The passages that have something to do with the question, the best first.
local function relevant(question, items)
  local best = {}
  for _, item in ipairs(search.rank(question, items)) do
    if item.score > 0 and #best < MOST then best[#best + 1] = item end
  end
  return best
end

local function sentencesOf(text)
  local sentences, from = {}, 1
  for stop, after in text:gmatch("[.!?]()%s+()") do
    sentences[#sentences + 1] = { text = (text:sub(from, stop - 1):gsub("^%s+", "")) }
    from = after
  end
  local last = text:sub(from):gsub("^%s+", "")
  if last:find("%S") or #sentences == 0 then sentences[#sentences + 1] = { text = last } end
  return sentences
end

local function bestSentence(question, text) return search.rank(question, sentencesOf(text))[1].text end

local STYLES = {
  EXTRACTIVE = function(question, best) return bestSentence(question, best[1].text) end,
  ABSTRACTIVE = function(question, best) return LEAD .. bestSentence(question, best[1].text) end,
  VERBOSE = function(_, best)
    local texts = {}
    for i, item in ipairs(best) do texts[i] = item.text end
    return LEAD .. table.concat(texts, " ")
  end,
}

local function candidate(text, best)
  local attributions = {}
  for i, item in ipairs(best) do attributions[i] = item.attribution end
  return {
    index = 0,
    content = { role = "model", parts = { { text = text } } },
    finishReason = "STOP",
    groundingAttributions = attributions[1] and attributions,
  }
end

local function check(body)
  if not STYLES[body.answerStyle] then
    errors.raise("INVALID_ARGUMENT", "* GenerateAnswerRequest.answer_style: answer_style is not specified\n")
  end
  ranges(body, RANGES, "GenerateAnswerRequest")
  prompt.check(body)
end

local function generateAnswer(context)
  models.find(context, "generateAnswer")
  local body = context.body
  check(body)
  local question = prompt.text(body)
  local best = relevant(question, passagesOf(context, body))
  local text = best[1] and STYLES[body.answerStyle](question, best) or NOTHING
  return { json = { answer = candidate(text, best), answerableProbability = best[1] and best[1].score or 0 } }
end

answer.methods = { ["models.generateAnswer"] = generateAnswer }

return answer
