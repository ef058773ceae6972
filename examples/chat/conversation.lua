-- The turns of user and model, in the form in which the API takes them again.
local gemini = require "gemini"
local terminal = require "chat.terminal"

local conversation = {}

---@return table chat  `contents` are its turns, `attached` the parts that go with the next message
function conversation.new(client, model)
  return { client = client, model = model, contents = gemini.array(), attached = {}, unsaved = false }
end

-- Shows a stream as it comes.
local function show(stream)
  while true do
    local chunk, err = stream:next()
    if err then return nil, err end
    if not chunk then return stream:collect() end
    terminal.write(chunk.text)
  end
end

-- The whole answer to a message, and the turns behind it; or nil and what went wrong.
local function answer(chat, message)
  local turns = chat.client:chat { model = chat.model, systemInstruction = chat.system, history = chat.contents }
  local stream = turns:stream(message)
  local reply, err = terminal.interruptible(show, stream)
  -- Where it was stopped between two chunks, it is still open.
  stream:close()
  terminal.endLine()
  return reply, reply and turns.history or err
end

-- What an answer has besides its text.
local function remark(reply)
  if reply.finishReason ~= "STOP" then terminal.tell(("(it ended with %s)"):format(reply.finishReason)) end
  for _, blob in ipairs(reply.inlineData) do
    terminal.tell(("(%s, %d bytes: /save keeps it)"):format(blob.mimeType, #(blob.data or "")))
  end
end

---Says something to the model, and shows what it answers. A turn that fails is as if it had not been; what is attached
---stays so.
---@return boolean? ok
---@return any problem
function conversation.ask(chat, text)
  local message = { text }
  for i, part in ipairs(chat.attached) do table.insert(message, i, part) end
  local reply, result = answer(chat, message)
  if result == "stopped" then return nil, "stopped; question and answer are forgotten" end
  if not reply then return nil, result end
  if #result == #chat.contents then
    return nil, ("there was no answer: %s"):format(reply.blockReason or reply.finishReason)
  end
  remark(reply)
  chat.contents, chat.attached, chat.unsaved = result, {}, true
  return true
end

return conversation
