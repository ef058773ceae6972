-- The conversation: its turns, as the API takes them again, and the answer that is on its way.
local backend = require "gemini-nvim.backend"
local options = require "gemini-nvim.options"
local Pane = require "gemini-nvim.pane"
local problemOf = require "gemini-nvim.problem"
local prompt = require "gemini-nvim.prompt"

local chat = {}

---@class gemini-nvim.Conversation
---@field turns table[]
---@field pane gemini-nvim.Pane
---@field running boolean  an answer is on its way
---@field task gemini.Task?  the one that last brought an answer
local current

-- Ends the answer that is on its way.
local function cancel(self)
  if self and self.running then self.task:cancel "stopped" end
end

local function open()
  if current then return current end
  local self = { turns = {}, running = false }
  self.pane = Pane.new(function()
    if current == self then current = nil end
    cancel(self)
  end)
  current = self
  return self
end

-- The model's turn; nil where there is nothing in it, which the API would not take again.
local function turnOf(reply)
  local content = ((reply.candidates or {})[1] or {}).content
  if not (content and content.parts and content.parts[1]) then return nil end
  content.role = content.role or "model"
  return content
end

-- What the turn was for, in a word; nil where all is well.
local function remark(reply)
  if reply.finishReason ~= "STOP" then return "it ended with " .. tostring(reply.finishReason) end
end

-- Takes a turn into the conversation; or gives what went wrong: then question and answer are as if they had not been.
local function take(self, question, reply, err)
  if not reply then
    local stopped = type(err) == "table" and err.kind == "cancelled"
    return stopped and "stopped" or "error: " .. problemOf(err)
  end
  local said = turnOf(reply)
  if not said then return "no answer: " .. tostring(reply.blockReason or reply.finishReason) end
  vim.list_extend(self.turns, { question, said })
  return remark(reply)
end

-- The task of an answer. Whatever ends it is told in the buffer, if there still is one.
local function answer(self, question)
  local contents = vim.list_extend({}, self.turns)
  contents[#contents + 1] = question
  local ok, reply, err = pcall(backend.stream, contents, function(text) self.pane:write(text) end)
  if not ok then reply, err = nil, reply end
  self.running = false
  if self.pane.gone then return end
  local note = take(self, question, reply, err)
  if note then self.pane:paragraph("> " .. note) end
end

local function begin(self, question)
  self.running = true
  self.task = backend.module().spawn(answer, self, question)
end

---Asks, and shows the answer as it comes.
---@param words string
---@param selection? gemini-nvim.Selection
---@return string? problem  then nothing is asked
function chat.ask(words, selection)
  if current and current.running then return "an answer is on its way: :GeminiStop ends it" end
  local ok, problem = pcall(function()
    backend.client()
    backend.attach()
  end)
  if not ok then return problemOf(problem) end
  local self = open()
  self.pane:show(options.current.split)
  self.pane:begin()
  self.pane:paragraph(prompt.heading(words, selection) .. "\n\n")
  begin(self, { role = "user", parts = { { text = prompt.text(words, selection) } } })
end

---Shows the conversation.
function chat.show()
  open().pane:show(options.current.split)
end

---Begins anew, in the same buffer.
function chat.clear()
  if not current then return end
  cancel(current)
  current.turns = {}
  current.pane:begin()
  current.pane:clear()
end

---@return boolean  false where no answer is on its way
function chat.stop()
  if not (current and current.running) then return false end
  cancel(current)
  return true
end

return chat
