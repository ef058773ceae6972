-- The methods generateContent, streamGenerateContent and countTokens.
require("gemini.interpreted")()

local cachedContents = require "gemini.emulator.cachedcontents"
local errors = require "gemini.emulator.errors"
local filesearch = require "gemini.emulator.filesearch"
local merge = require "gemini.emulator.merge"
local models = require "gemini.emulator.models"
local prompt = require "gemini.emulator.prompt"
local reply = require "gemini.emulator.reply"
local stream = require "gemini.emulator.stream"
local tokens = require "gemini.emulator.tokens"
local Turn = require "gemini.emulator.turn"

local generate = {}

local function requestOf(context, method)
  context.state.generated = context.state.generated + 1
  return {
    model = context.params.model,
    method = method,
    body = context.body,
    text = prompt.text(context.body),
    headers = context.headers,
    number = context.state.generated,
  }
end

-- What frames the answer is not the script's.
local FRAMING = { connection = true, ["content-length"] = true, ["transfer-encoding"] = true }

local function headersOf(given)
  if type(given) ~= "table" then error("a reply's headers are a table of names and texts", 0) end
  local headers = {}
  for name, value in pairs(given) do
    if type(name) ~= "string" or tostring(value):find("[\r\n]") then error("a reply's header is not one line", 0) end
    if not FRAMING[name:lower()] then headers[name] = tostring(value) end
  end
  return headers
end

local function rawResponse(value)
  if not errors.isHttpStatus(value.status, 200) then error("a reply's status is a number from 200 to 599", 0) end
  return { status = value.status, headers = headersOf(value.headers or {}), body = tostring(value.body or "") }
end

-- Says in a turn's own responses what part of the prompt came from a cache, and at the end what the answer rests on.
local function complete(turn, items, cached, grounding)
  for _, item in ipairs(items) do
    local own = type(item) == "table" and item.responseId == turn.responseId
    if own and cached then
      item.usageMetadata.cachedContentTokenCount = cached.total
      item.usageMetadata.cacheTokensDetails = cached.details
    end
    for _, candidate in ipairs(own and grounding and item.candidates or {}) do
      candidate.groundingMetadata = candidate.finishReason and grounding
    end
  end
  return items
end

-- Returns the items of the answer, or nil and a whole HTTP response.
local function itemsOf(context, method)
  local model = models.find(context, "generateContent")
  prompt.check(context.body)
  local whole, cached = cachedContents.complete(context, context.body)
  local request = requestOf(context, method)
  local grounding = filesearch.find(context, whole, request.text)
  local turn, streaming = Turn.new(model, whole, request.number), method == "streamGenerateContent"
  local scripted = reply.scripted(context, request)
  if type(scripted) == "table" and scripted.status and not scripted.error then return nil, rawResponse(scripted) end
  if scripted ~= nil then return complete(turn, turn:fromReply(scripted, streaming), cached, grounding) end
  request.body = whole
  local text, parts = reply.default(request)
  return complete(turn, parts and turn:fromParts(parts) or turn:fromText(text, streaming), cached, grounding)
end

local function generateContent(context)
  local items, response = itemsOf(context, "generateContent")
  if not items then return response end
  local wait, responses = 0, {}
  for _, item in ipairs(items) do
    if errors.is(item) then error(item, 0) end
    if type(item) == "number" then wait = wait + item else responses[#responses + 1] = item end
  end
  return { json = #responses == 1 and responses[1] or merge.responses(responses), wait = wait > 0 and wait or nil }
end

local function streamGenerateContent(context)
  local items, response = itemsOf(context, "streamGenerateContent")
  return response or stream.response(items, context.settings.delay, context.query.alt == "sse")
end

local function countTokens(context)
  models.find(context, "countTokens")
  local body = context.body
  if body.contents and body.generateContentRequest then
    errors.raise("INVALID_ARGUMENT", "Give either contents or generateContentRequest, not both.")
  end
  local counted = body.generateContentRequest or body
  if not counted.contents then
    errors.raise("INVALID_ARGUMENT", "* CountTokensRequest.contents: contents is not specified\n")
  end
  prompt.check(counted)
  local whole, cached = cachedContents.complete(context, counted)
  local total, details = tokens.ofPrompt(whole)
  local counts = { totalTokens = total, promptTokensDetails = details }
  if cached then counts.cachedContentTokenCount, counts.cacheTokensDetails = cached.total, cached.details end
  return { json = counts }
end

generate.methods = { ["models.countTokens"] = countTokens }

for _, resource in ipairs { "dynamic", "models", "tunedModels" } do
  generate.methods[resource .. ".generateContent"] = generateContent
  generate.methods[resource .. ".streamGenerateContent"] = streamGenerateContent
end

return generate
