---Helpers on replies: read-only views of a GenerateContentResponse, under names that no REST field has.

local tables = require "gemini.tables"

local reply = {}

-- The candidate whose index is 0 or absent.
local function candidate(response)
  for _, each in ipairs(tables(response.candidates)) do
    if each.index == nil or each.index == 0 then return each end
  end
  return {}
end

local function parts(response)
  local content = candidate(response).content
  return tables(type(content) == "table" and content.parts)
end

local function joined(response, thought)
  local texts = {}
  for _, part in ipairs(parts(response)) do
    if type(part.text) == "string" and (part.thought == true) == thought then texts[#texts + 1] = part.text end
  end
  return table.concat(texts)
end

---@class gemini.Reply: table  a GenerateContentResponse; beside its REST fields it has:
---@field text string  the first candidate's text without thoughts, "" when there is none
---@field thoughts string  its thoughts, "" when there are none
---@field functionCalls table[]  its function calls, as the REST objects
---@field inlineData { mimeType: string, data: string }[]  its inline data, decoded to bytes
---@field finishReason string|number|nil
---@field blockReason string?  why the prompt was refused
---@field parsed any  its text as JSON, nil when it is none
local helpers = {}

function helpers.text(response)
  return joined(response, false)
end

function helpers.thoughts(response)
  return joined(response, true)
end

function helpers.functionCalls(response)
  local calls = {}
  for _, part in ipairs(parts(response)) do calls[#calls + 1] = part.functionCall end
  return calls
end

function helpers.inlineData(response)
  local blobs = {}
  for _, part in ipairs(parts(response)) do
    local blob = part.inlineData
    if type(blob) == "table" then
      local bytes = require("gemini.base64").decode(blob.data or "")
      blobs[#blobs + 1] = { mimeType = blob.mimeType, data = bytes }
    end
  end
  return blobs
end

function helpers.finishReason(response)
  return candidate(response).finishReason
end

function helpers.blockReason(response)
  local feedback = response.promptFeedback
  if type(feedback) ~= "table" then return nil end
  if feedback.blockReason then return feedback.blockReason end
  -- Feedback beside candidates is about a prompt that was let through.
  return not response.candidates and "BLOCK_REASON_UNSPECIFIED" or nil
end

function helpers.parsed(response)
  return (require("gemini.json").decode(joined(response, false)))
end

local metatable = {
  __name = "gemini.reply",
  __index = function(response, name)
    local helper = helpers[name]
    return helper and helper(response)
  end,
  __newindex = function(response, name, value)
    if helpers[name] then error(("%s is derived from the reply's parts and can't be set"):format(name), 2) end
    rawset(response, name, value)
  end,
}

---Gives a response its helpers.
---@param response table
---@return gemini.Reply response  the same table
function reply.wrap(response)
  return setmetatable(response, metatable)
end

---Whether a stream that ends behind this chunk has said all: a finish reason, or why there is none.
---@param response table
---@return boolean
function reply.ends(response)
  if helpers.blockReason(response) then return true end
  for _, each in ipairs(tables(response.candidates)) do
    if each.finishReason then return true end
  end
  return false
end

return reply
