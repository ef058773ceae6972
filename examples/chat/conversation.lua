-- The turns of user and model, in the form in which the API takes them again.
local gemini = require "gemini"
local terminal = require "chat.terminal"

local conversation = {}

---@return table chat  `contents` are its turns, `attached` the parts that go with the next message
function conversation.new(client, model)
  return { client = client, model = model, contents = gemini.array(), attached = {}, unsaved = false }
end

local function copy(list)
  local out = {}
  for i, item in ipairs(list) do out[i] = item end
  return out
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

-- The whole answer to these turns; or nil and what went wrong.
local function stream(chat, contents)
  local answer = chat.client.models:streamGenerateContent {
    model = chat.model, contents = contents, systemInstruction = chat.system,
  }
  local reply, err = terminal.interruptible(show, answer)
  -- Where it was stopped between two chunks, it is still open.
  answer:close()
  terminal.endLine()
  return reply, err
end

-- The model's turn; nil where there is nothing in it, which the API would not take again.
local function turnOf(reply)
  local content = ((reply.candidates or {})[1] or {}).content
  if not (content and content.parts and content.parts[1]) then return nil end
  content.role = content.role or "model"
  return content
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
  local contents, parts = copy(chat.contents), copy(chat.attached)
  parts[#parts + 1] = { text = text }
  local turn = { role = "user", parts = parts }
  contents[#contents + 1] = turn
  local reply, err = stream(chat, contents)
  if err == "stopped" then return nil, "stopped; question and answer are forgotten" end
  if not reply then return nil, err end
  local said = turnOf(reply)
  if not said then return nil, ("there was no answer: %s"):format(reply.blockReason or reply.finishReason) end
  remark(reply)
  table.insert(chat.contents, turn)
  table.insert(chat.contents, said)
  chat.attached, chat.unsaved = {}, true
  return true
end

return conversation
