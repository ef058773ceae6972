---The turns of a chat as plain contents: what may be one, what is sent, what is kept.

require("gemini.interpreted")()

local content = require "gemini.content"
local json = require "gemini.json"
local replies = require "gemini.reply"
local tables = require "gemini.tables"
local toolcontents = require "gemini.tools.contents"

local history = {}

local ROLES = { user = true, model = true }

-- What became of an answer that its reader left: its last part's `partMetadata`, which the API has for its callers.
local MARK = "interrupted"

---@param list any
---@return string? problem  what keeps it from being a list of contents
function history.problem(list)
  if type(list) ~= "table" then return "history must be a list of contents, got " .. type(list) end
  for i, each in ipairs(list) do
    if type(each) ~= "table" or not ROLES[each.role] or type(each.parts) ~= "table" then
      return ('history[%d] must be a content with parts and the role "user" or "model"'):format(i)
    end
  end
  if #list == 0 and next(list) ~= nil then return "history must be a list of contents, and has names" end
end

---@param list gemini.Content[]
---@return gemini.Content[] copy  that shares no table with it
function history.copy(list)
  local out = json.array()
  for i, each in ipairs(list) do out[i] = tables.deepCopy(each) end
  return out
end

local function lastPart(each)
  return each.parts[#each.parts]
end

local function isMarked(each)
  local part = lastPart(each)
  local metadata = type(part) == "table" and part.partMetadata
  return type(metadata) == "table" and metadata[MARK] == true
end

local function withPart(each, part)
  local out = tables.copy(each)
  out.parts = json.array(tables.copy(each.parts))
  out.parts[#out.parts] = part
  return out
end

local function marked(each)
  local part = tables.copy(lastPart(each))
  part.partMetadata = type(part.partMetadata) == "table" and tables.copy(part.partMetadata) or {}
  part.partMetadata[MARK] = true
  return withPart(each, part)
end

-- The mark is for readers of the history, and not for the model.
local function unmarked(each)
  local part = tables.copy(lastPart(each))
  local metadata = tables.copy(part.partMetadata)
  metadata[MARK] = nil
  part.partMetadata = next(metadata) ~= nil and metadata or nil
  return withPart(each, part)
end

-- Answers to calls that nobody has carried out: the API takes no calls without any.
local function unanswered(last)
  local parts = {}
  for _, part in ipairs(last and last.role == "model" and last.parts or {}) do
    local call = type(part) == "table" and part.functionCall
    if type(call) == "table" then parts[#parts + 1] = toolcontents.part(call, { error = "it was not carried out" }) end
  end
  return parts
end

local function answers(parts)
  for _, part in ipairs(parts) do
    if type(part) == "table" and part.functionResponse then return true end
  end
  return false
end

---A message as the user's turn behind these.
---@param list gemini.Content[]
---@param message gemini.ContentsLike
---@return gemini.Content?
---@return string? problem
function history.turn(list, message)
  local contents, problem = content.contents(message)
  if not contents then return nil, "message" .. problem end
  local turn = contents[1]
  if #contents ~= 1 or turn.role ~= nil and turn.role ~= "user" then
    return nil, "message must be one turn of the user's: a text, a part, a list of these, or a content"
  end
  if type(turn.parts) ~= "table" or turn.parts[1] == nil then return nil, "message has no parts" end
  local parts = answers(turn.parts) and {} or unanswered(list[#list])
  for _, part in ipairs(turn.parts) do parts[#parts + 1] = tables.deepCopy(part) end
  return { role = "user", parts = json.array(parts) }
end

---What is sent: the turns so far and a new one.
---@param list gemini.Content[]
---@param turn gemini.Content
---@return gemini.Content[]
function history.request(list, turn)
  local out = json.array()
  for i, each in ipairs(list) do out[i] = isMarked(each) and unmarked(each) or each end
  out[#out + 1] = turn
  return out
end

local function isEmptyText(part)
  return part.text == "" and next(part, (next(part))) == nil
end

-- The model's turn in a reply; nil where it said nothing.
local function said(reply)
  local whole = toolcontents.ofModel(reply)
  if not whole or type(whole.parts) ~= "table" then return nil end
  local parts = json.array()
  for _, part in ipairs(tables.objects(whole.parts)) do
    if next(part) ~= nil and not isEmptyText(part) then parts[#parts + 1] = tables.deepCopy(part) end
  end
  whole.parts = parts
  return parts[1] and whole or nil
end

---The model's turn in a whole reply.
---@param reply gemini.Reply
---@return gemini.Content?  nil where it was refused, or is empty
function history.answer(reply)
  return not replies.isRefused(reply) and said(reply) or nil
end

---The model's turn in what had come of a reply, marked as no whole one unless its end had come.
---@param reply? gemini.Reply
---@return gemini.Content?  nil where nothing had come
function history.interrupted(reply)
  if not reply or reply.finishReason then return reply and history.answer(reply) end
  local turn = said(reply)
  return turn and marked(turn)
end

-- Whether the user begins something here, and does not only tell what came of calls.
local function begins(each)
  if each.role ~= "user" then return false end
  for _, part in ipairs(each.parts) do
    if type(part) ~= "table" or not part.functionResponse then return true end
  end
  return false
end

---@param list gemini.Content[]
---@return integer? place  where the last exchange begins; nil where there is none
function history.lastTurn(list)
  for i = #list, 1, -1 do
    if begins(list[i]) then return i end
  end
end

return history
