-- What the owl says to the player's questions: short calls beside the wizard's stream.
local gemini = require "gemini"

local MODEL = "gemini-2.5-flash"
local PERSONA = "You are a wizard's sarcastic owl. Say one short sentence of plain text on what the player says; "
  .. "the wizard will answer it."

local Remarks = {}
Remarks.__index = Remarks

local remarks = {}

---@param client gemini.Client
---@param bubble table  shows the remarks
function remarks.new(client, bubble)
  return setmetatable({ client = client, bubble = bubble, busy = false }, Remarks)
end

local function remark(self, text)
  local reply, err = self.client.models:generateContent {
    model = MODEL, systemInstruction = PERSONA, contents = text,
  }
  if reply then self.bubble:add(reply.text) else self.bubble:fail("Hoo? " .. tostring(err)) end
  self.busy = false
end

---Remarks on a question; what was to be said to the one before is not said any more.
function Remarks:hear(text)
  if self.busy then self.task:cancel() end
  self.busy = true
  self.bubble:clear()
  self.task = gemini.spawn(remark, self, text)
end

function Remarks:greet()
  self:hear "Good evening!"
end

return remarks
