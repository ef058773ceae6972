-- Turns what a reply function returned into the GenerateContentResponses of one call.
local errors = require "gemini.emulator.errors"
local json = require "gemini.emulator.json"
local tokens = require "gemini.emulator.tokens"

local Turn = {}
Turn.__index = Turn

local WORDS_A_CHUNK = 3
local RESPONSE_FIELDS = { "candidates", "promptFeedback" }

---Starts the answer of one call.
---@param model table the Model
---@param body table the checked request
---@param number number counts the calls
---@return table turn
function Turn.new(model, body, number)
  local total, details = tokens.ofPrompt(body)
  return setmetatable({
    config = body.generationConfig or {},
    promptTokens = total,
    promptDetails = details,
    modelVersion = model.baseModelId,
    responseId = ("emulator-%06d"):format(number),
    bytes = 0,
  }, Turn)
end

local function usage(self)
  local candidates = tokens.ofBytes(self.bytes) * (self.config.candidateCount or 1)
  return {
    promptTokenCount = self.promptTokens,
    candidatesTokenCount = candidates,
    totalTokenCount = self.promptTokens + candidates,
    promptTokensDetails = self.promptDetails,
  }
end

-- One response with the given parts in every candidate.
local function respond(self, parts, finishReason)
  for _, part in ipairs(parts) do self.bytes = self.bytes + #(part.text or json.encode(part)) end
  local candidates = {}
  for i = 1, self.config.candidateCount or 1 do
    candidates[i] = { content = { role = "model", parts = parts }, finishReason = finishReason, index = i - 1 }
  end
  return {
    candidates = candidates,
    usageMetadata = usage(self),
    modelVersion = self.modelVersion,
    responseId = self.responseId,
  }
end

local function firstStop(text, sequences)
  local first
  for _, sequence in ipairs(sequences or {}) do
    local at = sequence ~= "" and text:find(sequence, 1, true)
    if at and (not first or at < first) then first = at end
  end
  return first
end

-- Cuts a text to so many bytes, never inside a UTF-8 sequence.
local function cut(text, bytes)
  while bytes > 0 and (text:byte(bytes + 1) or 0) >= 0x80 and text:byte(bytes + 1) < 0xC0 do bytes = bytes - 1 end
  return text:sub(1, bytes)
end

local function limited(self, text)
  local stop, most = firstStop(text, self.config.stopSequences), self.config.maxOutputTokens
  if stop then text = text:sub(1, stop - 1) end
  if most and #text > tokens.bytes(most) then return cut(text, tokens.bytes(most)), "MAX_TOKENS" end
  return text, "STOP"
end

local function splitByWords(text)
  local pieces, words, from = {}, 0, 1
  for stop in text:gmatch("%S+()") do
    words = words + 1
    if words % WORDS_A_CHUNK == 0 then
      pieces[#pieces + 1] = text:sub(from, stop - 1)
      from = stop
    end
  end
  if from <= #text or #pieces == 0 then pieces[#pieces + 1] = text:sub(from) end
  return pieces
end

---The responses of one text: cut as the request wants it, in pieces of a few words for a stream.
---@param text string
---@param streaming boolean
---@return table[]
function Turn:fromText(text, streaming)
  local kept, finishReason = limited(self, text)
  local pieces = streaming and splitByWords(kept) or { kept }
  local responses = {}
  for i, piece in ipairs(pieces) do
    responses[i] = respond(self, { { text = piece } }, i == #pieces and finishReason or nil)
  end
  return responses
end

---The single response that has the given parts.
---@param parts table[]
---@return table[]
function Turn:fromParts(parts) return { respond(self, parts, "STOP") } end

local function lastAnswer(list)
  for i = #list, 1, -1 do
    if type(list[i]) ~= "number" then return i end
  end
end

local function fromItem(self, item, isLast)
  if type(item) == "number" then
    if not (item >= 0 and item < math.huge) then error("a pause is a number of seconds, 0 or more", 0) end
    return item
  end
  if type(item) == "string" then return respond(self, { { text = item } }, isLast and "STOP" or nil) end
  if type(item) ~= "table" then error("a chunk is a string, a table or a number, not a " .. type(item), 0) end
  return item.error and errors.complete(item) or item
end

local function fromList(self, list)
  local last, items = lastAnswer(list), {}
  for i, item in ipairs(list) do items[i] = fromItem(self, item, i == last) end
  return items
end

local function isResponse(value)
  for _, name in ipairs(RESPONSE_FIELDS) do
    if value[name] ~= nil then return true end
  end
  return false
end

---What a reply function returned, as a list of responses, error objects and seconds to wait. Raises an error object
---for `{ error = … }`, and a text where the value is none of what a reply function may return.
---@param value any
---@param streaming boolean
---@return table[]
function Turn:fromReply(value, streaming)
  if type(value) == "string" then return self:fromText(value, streaming) end
  if type(value) ~= "table" then error("a reply is a string or a table, not a " .. type(value), 0) end
  if value.error then error(errors.complete(value), 0) end
  if isResponse(value) then return { value } end
  if value[1] ~= nil or next(value) == nil then return fromList(self, value) end
  return error("a reply table is a response, a list of chunks, { error = … } or { status = … }", 0)
end

return Turn
