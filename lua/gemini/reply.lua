---Helpers on replies: read-only views of a GenerateContentResponse, under names that no REST field has.

local beside = require "gemini.beside"
local tables = require "gemini.tables"

local reply = {}

-- Each chunk of a stream needs it.
local type = type

-- What servers send for absent.
local function textOrNumber(value)
  return (type(value) == "string" and value ~= "" or type(value) == "number") and value or nil
end

-- The candidate whose index is 0 or absent.
local function candidate(response)
  for _, each in ipairs(tables.objects(response.candidates)) do
    if type(each.index) ~= "number" or each.index == 0 then return each end
  end
  return {}
end

local function parts(response)
  local content = candidate(response).content
  return tables.objects(type(content) == "table" and content.parts)
end

-- The part that is all there is, as in most chunks.
local function only(response)
  local candidates = response.candidates
  local first = type(candidates) == "table" and candidates[2] == nil and candidates[1]
  local content = type(first) == "table" and (first.index == nil or first.index == 0) and first.content
  local list = type(content) == "table" and content.parts
  local part = type(list) == "table" and list[2] == nil and list[1]
  return type(part) == "table" and part
end

local function joined(response, thought)
  local texts = {}
  for _, part in ipairs(parts(response)) do
    if type(part.text) == "string" and (part.thought == true) == thought then texts[#texts + 1] = part.text end
  end
  return table.concat(texts)
end

---@class gemini.Reply: gemini.GenerateContentResponse  beside its REST fields it has:
---@field text string  the first candidate's text without thoughts, "" when there is none
---@field thoughts string  its thoughts, "" when there are none
---@field functionCalls table[]  its function calls, as the REST objects
---@field inlineData { mimeType: string, data: string? }[]  its inline data, decoded to bytes; nil what is no base64
---@field finishReason string|number|nil
---@field blockReason string?  why the prompt was refused
---@field parsed any  its text as JSON, read anew at each access; nil when it is none
---@field toolTurns gemini.Content[]?  what was said before it: calls of functions, and what came of them; nil where no
---  call could be carried out
---@field toolLimit boolean?  true where its calls were not carried out, for `maxToolRounds` answers had some before
---@field partial any  of a stream's chunk, where the request asks for JSON: the value of all the text that has come, as
---  far as it is known. A table is the same one for all chunks, and grows; nil elsewhere
local helpers = {}

function helpers.text(response)
  local part = only(response)
  if part and part.thought == nil and type(part.text) == "string" then return part.text end
  return joined(response, false)
end

function helpers.thoughts(response)
  return joined(response, true)
end

function helpers.functionCalls(response)
  local calls = {}
  for _, part in ipairs(parts(response)) do
    if type(part.functionCall) == "table" then calls[#calls + 1] = part.functionCall end
  end
  return calls
end

function helpers.inlineData(response)
  local blobs = {}
  for _, part in ipairs(parts(response)) do
    local blob = part.inlineData
    if type(blob) == "table" and type(blob.data) == "string" then
      blobs[#blobs + 1] = { mimeType = blob.mimeType, data = (require("gemini.base64").decode(blob.data)) }
    end
  end
  return blobs
end

function helpers.finishReason(response)
  return textOrNumber(candidate(response).finishReason)
end

function helpers.blockReason(response)
  local feedback = response.promptFeedback
  if type(feedback) ~= "table" then return nil end
  -- Feedback beside candidates is about a prompt that was let through.
  local unnamed = #tables.objects(response.candidates) == 0 and "BLOCK_REASON_UNSPECIFIED" or nil
  return textOrNumber(feedback.blockReason) or unnamed
end

function helpers.parsed(response)
  return (require("gemini.json").decode(joined(response, false)))
end

for _, name in ipairs { "toolTurns", "toolLimit" } do
  helpers[name] = function(response) return beside.get(response, name) end
end

-- A metatable with these helpers.
local function metatableOf(named)
  return {
    __name = "gemini.reply",
    __index = function(response, name)
      local helper = named[name]
      return helper and helper(response)
    end,
    __newindex = function(response, name, value)
      if named[name] then error(("%s is derived from the reply's parts and can't be set"):format(name), 2) end
      rawset(response, name, value)
    end,
  }
end

local metatable = metatableOf(helpers)

---@param more table<string, fun(response: table): any>
---@return table metatable  of replies that have further helpers
function reply.metatable(more)
  return metatableOf(setmetatable(more, { __index = helpers }))
end

---Gives a response its helpers.
---@param response table
---@return gemini.Reply response  the same table
function reply.wrap(response)
  return setmetatable(response, metatable)
end

-- How answers end that are none to go on from.
local REFUSALS = {}
for word in ([[
  SAFETY RECITATION LANGUAGE OTHER BLOCKLIST PROHIBITED_CONTENT SPII MALFORMED_FUNCTION_CALL UNEXPECTED_TOOL_CALL
  TOO_MANY_TOOL_CALLS MISSING_THOUGHT_SIGNATURE MALFORMED_RESPONSE
  IMAGE_SAFETY IMAGE_PROHIBITED_CONTENT NO_IMAGE IMAGE_RECITATION IMAGE_OTHER
]]):gmatch "%S+" do REFUSALS[word] = true end

---Whether a prompt was blocked, or its answer refused half way.
---@param response gemini.Reply
---@return boolean
function reply.isRefused(response)
  return response.blockReason ~= nil or REFUSALS[response.finishReason] == true
end

---Whether a stream that ends behind this chunk has said all: a finish reason, or why there is none.
---@param response table
---@return boolean
function reply.ends(response)
  local feedback, candidates = response.promptFeedback, response.candidates
  local first = type(candidates) == "table" and candidates[1]
  -- Nearly all chunks are so, and each is looked at.
  if type(first) == "table" and first.finishReason == nil and candidates[2] == nil and feedback == nil then
    return false
  end
  if type(feedback) == "table" and textOrNumber(feedback.blockReason) then return true end
  for _, each in ipairs(tables.objects(response.candidates)) do
    if textOrNumber(each.finishReason) then return true end
  end
  return false
end

return reply
