-- The methods of the models before Gemini: generateText, generateMessage, and the counting of their tokens. The texts
-- are computed as those of generateContent are.
local models = require "gemini.emulator.models"
local ranges = require "gemini.emulator.ranges"
local reply = require "gemini.emulator.reply"
local tokens = require "gemini.emulator.tokens"
local Turn = require "gemini.emulator.turn"

local legacytext = { methods = {} }

local RANGES = {
  { "temperature", 0, 1 }, { "topP", 0, 1 }, { "topK", 1, 2147483647 }, { "candidateCount", 1, 8 },
  { "maxOutputTokens", 1, 2147483647 },
}

-- The emulator's texts for a prompt, one a candidate.
local function textsFor(context, model, text)
  context.state.generated = context.state.generated + 1
  local request = { model = context.params.model, text = text, body = {}, number = context.state.generated }
  local body, texts = context.body, {}
  local turn = Turn.new(model, {
    generationConfig = {
      candidateCount = body.candidateCount, maxOutputTokens = body.maxOutputTokens, stopSequences = body.stopSequences,
    },
  }, request.number)
  for i, candidate in ipairs(turn:fromText((reply.default(request)))[1].candidates) do
    texts[i] = candidate.content.parts[1].text
  end
  return texts
end

local function generateText(context)
  local model = models.find(context, "generateText")
  ranges(context.body, RANGES, "GenerateTextRequest")
  local candidates = textsFor(context, model, context.body.prompt.text)
  for i, text in ipairs(candidates) do candidates[i] = { output = text } end
  return { json = { candidates = candidates } }
end

-- Two speakers take turns; the model is whoever comes next.
local function author(turn) return turn % 2 == 1 and "0" or "1" end

local function withAuthors(messages)
  local out = {}
  for i, message in ipairs(messages) do
    out[i] = { author = message.author or author(i), content = message.content }
  end
  return out
end

local function generateMessage(context)
  local model = models.find(context, "generateMessage")
  ranges(context.body, RANGES, "GenerateMessageRequest")
  local messages = withAuthors(context.body.prompt.messages)
  local candidates = textsFor(context, model, messages[#messages].content)
  for i, text in ipairs(candidates) do candidates[i] = { author = author(#messages + 1), content = text } end
  return { json = { candidates = candidates, messages = messages } }
end

local function countTextTokens(context)
  models.find(context, "countTextTokens")
  return { json = { tokenCount = tokens.ofBytes(#context.body.prompt.text) } }
end

local function countMessageTokens(context)
  models.find(context, "countMessageTokens")
  local prompt = context.body.prompt
  local bytes = #(prompt.context or "")
  for _, example in ipairs(prompt.examples or {}) do
    bytes = bytes + #example.input.content + #example.output.content
  end
  for _, message in ipairs(prompt.messages) do bytes = bytes + #message.content end
  return { json = { tokenCount = tokens.ofBytes(bytes) } }
end

legacytext.methods = {
  ["models.generateText"] = generateText,
  ["tunedModels.generateText"] = generateText,
  ["models.generateMessage"] = generateMessage,
  ["models.countTextTokens"] = countTextTokens,
  ["models.countMessageTokens"] = countMessageTokens,
}

return legacytext
