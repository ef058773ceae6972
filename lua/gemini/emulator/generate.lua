-- The methods generateContent, streamGenerateContent and countTokens.
local errors = require "gemini.emulator.errors"
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

local function rawResponse(value)
  return { status = value.status, headers = value.headers, body = tostring(value.body or "") }
end

-- Returns the items of the answer, or nil and a whole HTTP response.
local function itemsOf(context, method)
  local model = models.find(context, "generateContent")
  prompt.check(context.body)
  local request = requestOf(context, method)
  local turn, streaming = Turn.new(model, context.body, request.number), method == "streamGenerateContent"
  local scripted = context.settings.reply and context.settings.reply(request)
  if type(scripted) == "table" and scripted.status and not scripted.error then return nil, rawResponse(scripted) end
  if scripted ~= nil then return turn:fromReply(scripted, streaming) end
  local text, parts = reply.default(request)
  return parts and turn:fromParts(parts) or turn:fromText(text, streaming)
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
  local total, details = tokens.ofPrompt(counted)
  return { json = { totalTokens = total, promptTokensDetails = details } }
end

generate.routes = {
  { "POST", "/{version}/{model=models/*}:countTokens", countTokens, body = "CountTokensRequest" },
}

for name, handler in pairs { generateContent = generateContent, streamGenerateContent = streamGenerateContent } do
  for _, collection in ipairs { "models", "tunedModels" } do
    local template = ("/{version}/{model=%s/*}:%s"):format(collection, name)
    table.insert(generate.routes, { "POST", template, handler, body = "GenerateContentRequest" })
  end
end

return generate
