-- Conversations as text for people and as JSON to go on with.
local gemini = require "gemini"

local archive = {}

local NAMES = { user = "You", model = "Model" }

-- What is no text, in brackets.
local function other(part)
  local data = part.inlineData or part.fileData
  if not data then return ("[%s]"):format(next(part) or "nothing") end
  local where = data.fileUri and " " .. data.fileUri or ""
  return ("[%s%s]"):format(data.mimeType or "file", where)
end

---@return string who
---@return string text  what a turn says, without thoughts
function archive.describe(content)
  local texts = {}
  for _, part in ipairs(content.parts) do
    if not part.thought then texts[#texts + 1] = part.text or other(part) end
  end
  return NAMES[content.role], table.concat(texts, "\n\n")
end

local function markdown(chat)
  local out = { "# A conversation with " .. chat.model }
  for _, content in ipairs(chat.contents) do
    local who, text = archive.describe(content)
    out[#out + 1] = ("## %s\n\n%s"):format(who, text)
  end
  return table.concat(out, "\n\n") .. "\n"
end

local function json(chat)
  return gemini.json.encode { model = chat.model, systemInstruction = chat.system, contents = chat.contents } .. "\n"
end

local function writeAll(path, text)
  local file, problem = io.open(path, "wb")
  if not file then return nil, problem end
  local written, why = file:write(text)
  -- A full disk may show itself at the end only.
  local closed, late = file:close()
  return written and closed, why or late
end

-- Writes beside the file and renames, so that there is always a whole one.
local function replace(path, text)
  local beside = ("%s.%s.tmp"):format(path, tostring {}:match "%w+$")
  local ok, problem = writeAll(beside, text)
  if ok then ok, problem = os.rename(beside, path) end
  if ok then return true end
  os.remove(beside)
  return nil, ("%s: %s"):format(path, (tostring(problem):gsub("^.*: ", "")))
end

---Saves a conversation: as Markdown where the name ends so, else as a request's JSON.
---@return boolean? ok
---@return string? problem
function archive.save(chat, path)
  return replace(path, (path:find "%.md$" and markdown or json)(chat))
end

local function isTurn(content)
  if type(content) ~= "table" or not NAMES[content.role] or type(content.parts) ~= "table" then return false end
  for _, part in ipairs(content.parts) do
    if type(part) ~= "table" then return false end
  end
  return true
end

-- The turns in decoded JSON: a request's, or a list of them alone.
local function turns(value)
  local contents = type(value) == "table" and (value.contents or value[1] and value)
  if type(contents) ~= "table" then return nil end
  local out = gemini.array()
  for i, content in ipairs(contents) do
    if not isTurn(content) then return nil end
    out[i] = content
  end
  return out
end

---@return table? loaded  `contents`, and `model` and `system` if the file has them
---@return string? problem
function archive.load(path)
  local file, problem = io.open(path, "rb")
  if not file then return nil, problem end
  local text, why = file:read "*a"
  file:close()
  if not text then return nil, ("%s: %s"):format(path, why) end
  local value, invalid = gemini.json.decode(text)
  local contents = turns(value)
  if not contents then return nil, ("%s holds no conversation%s"):format(path, invalid and ": " .. invalid or "") end
  local model, system = value.model, value.systemInstruction
  return {
    contents = contents, model = type(model) == "string" and model or nil,
    system = type(system) == "table" and system or nil,
  }
end

return archive
