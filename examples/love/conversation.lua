-- What player and wizard have said, and the answer that streams.
local gemini = require "gemini"

local MODEL = "gemini-2.5-flash"
local PERSONA = "You are an old wizard in a game. Answer what the player asks, in at most five sentences of plain text."

local Conversation = {}
Conversation.__index = Conversation

local conversation = {}

---@param client gemini.Client
---@param bubble table  shows the answers
function conversation.new(client, bubble)
  return setmetatable({ client = client, bubble = bubble, contents = {}, busy = false }, Conversation)
end

-- All turns so far, and this one.
local function with(contents, turn)
  local out = {}
  for i, each in ipairs(contents) do out[i] = each end
  out[#out + 1] = turn
  return out
end

-- An answer without content has none to go along with the next question.
local function remember(self, turn, reply)
  local said = ((reply.candidates or {})[1] or {}).content
  if not (said and said.parts and said.parts[1]) then
    return self.bubble:fail(("I may not answer that: %s."):format(reply.blockReason or reply.finishReason))
  end
  table.insert(self.contents, turn)
  table.insert(self.contents, said)
end

local function answer(self, turn)
  local stream = self.client.models:streamGenerateContent {
    model = MODEL, systemInstruction = PERSONA, contents = with(self.contents, turn),
  }
  for chunk in stream.next, stream do
    self.bubble:add(chunk.text)
  end
  local reply, err = stream:collect()
  if reply then remember(self, turn, reply) else self.bubble:fail("My crystal ball went dark. " .. tostring(err)) end
  self.busy = false
end

---Begins an answer, which streams while frames go by.
function Conversation:ask(question)
  self.busy = true
  self.bubble:clear()
  self.task = gemini.spawn(answer, self, { role = "user", parts = { { text = question } } })
end

---Ends the answer, and its connection. The question is as if it had not been asked.
function Conversation:stop()
  if not self.busy then return end
  self.task:cancel()
  self.busy = false
  self.bubble:add "… (stopped)"
end

return conversation
