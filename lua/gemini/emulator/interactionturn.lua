-- What an interaction answers: its steps, the pieces in which a stream sends them, its usage and how it ends.
local mime = require "mime"
local errors = require "gemini.emulator.errors"
local prompt = require "gemini.emulator.prompt"
local reply = require "gemini.emulator.reply"
local Turn = require "gemini.emulator.turn"

local interactionturn = {}

-- The script's text, or the emulator's own: a text, or the parts of a function call.
local function answerOf(context, asked, request)
  local scripted = reply.scripted(context, request)
  if type(scripted) == "string" then return scripted end
  if type(scripted) == "table" and scripted.error then error(errors.complete(scripted), 0) end
  local own = { model = request.model, text = request.text, body = asked, number = request.number }
  return reply.default(own)
end

local function requestOf(context, body, asked)
  context.state.generated = context.state.generated + 1
  return {
    model = body.model and "models/" .. body.model or "agents/" .. body.agent,
    method = "interactions.create",
    body = body,
    text = prompt.text(asked),
    headers = context.headers,
    number = context.state.generated,
  }
end

local function byModality(details)
  local list = {}
  for i, detail in ipairs(details or {}) do
    list[i] = { modality = detail.modality:lower(), tokens = detail.tokenCount }
  end
  return list[1] and list
end

local function usageOf(metadata)
  return {
    total_tokens = metadata.totalTokenCount,
    total_input_tokens = metadata.promptTokenCount,
    input_tokens_by_modality = byModality(metadata.promptTokensDetails),
    total_output_tokens = metadata.candidatesTokenCount,
    total_cached_tokens = 0,
    total_tool_use_tokens = 0,
    total_thought_tokens = 0,
  }
end

local function thought(config, number)
  local step = { type = "thought", signature = mime.b64(("emulator-thought-%06d"):format(number)) }
  if config.thinking_summaries == "auto" then
    step.summary = { { type = "text", text = "The emulator does not think." } }
  end
  return step
end

local function fromText(turn, text)
  local pieces, responses = {}, turn:fromText(text, true)
  for i, response in ipairs(responses) do pieces[i] = response.candidates[1].content.parts[1].text end
  local last = responses[#responses]
  return {
    step = { type = "model_output", content = { { type = "text", text = table.concat(pieces) } } },
    pieces = pieces,
    usage = usageOf(last.usageMetadata),
    outcome = last.candidates[1].finishReason == "MAX_TOKENS" and "incomplete" or "completed",
  }
end

local function fromCall(context, turn, parts)
  local call = parts[1].functionCall
  return {
    step = { type = "function_call", id = "call_" .. context.store:id(), name = call.name, arguments = call.args },
    usage = usageOf(turn:fromParts(parts)[1].usageMetadata),
    outcome = "requires_action",
  }
end

---Computes the answer to a checked body.
---@param context table
---@param body table
---@param asked table the same as a GenerateContentRequest
---@param model table the Model; for an agent, with its name alone
---@return { steps: table[], pieces: string[]?, usage: table, outcome: string }
function interactionturn.new(context, body, asked, model)
  local request = requestOf(context, body, asked)
  local turn = Turn.new(model, asked, request.number)
  local text, parts = answerOf(context, asked, request)
  local answer = parts and fromCall(context, turn, parts) or fromText(turn, text)
  local steps = {}
  if model.thinking then steps[1] = thought(body.generation_config or {}, request.number) end
  steps[#steps + 1] = answer.step
  return { steps = steps, pieces = answer.pieces, usage = answer.usage, outcome = answer.outcome }
end

return interactionturn
