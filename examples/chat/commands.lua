-- What a line that begins with a slash does.
local archive = require "chat.archive"
local attachment = require "chat.attachment"
local gemini = require "gemini"
local terminal = require "chat.terminal"

local commands = {}

-- How many bytes of a turn /history shows.
local SHORT = 70

-- Names as people paste them: quoted, or from their home.
local function pathOf(words)
  local path = words:match "^'(.*)'$" or words:match '^"(.*)"$' or words
  return (path:gsub("^~/", function() return (os.getenv "HOME" or "~") .. "/" end))
end

local function exists(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

local function turns(chat)
  return ("%d turns"):format(#chat.contents)
end

local function file(chat, words)
  local path = pathOf(words)
  local part, problem = attachment.part(chat.client, path)
  if not part then return nil, problem end
  table.insert(chat.attached, part)
  local how = part.inlineData or part.fileData
  terminal.note(("%s (%s) goes with the next message"):format(path, how.mimeType))
  return true
end

-- A file that is not this conversation's own is not replaced unasked.
local function save(chat, words, force)
  local path = pathOf(words)
  if not force and path ~= chat.path and exists(path) then
    return nil, path .. " is there already: /save! replaces it"
  end
  local ok, problem = archive.save(chat, path)
  if not ok then return nil, problem end
  chat.path, chat.unsaved = path, false
  terminal.note(("%s saved to %s"):format(turns(chat), path))
  return true
end

local function load(chat, words, force)
  if chat.unsaved and not force then return nil, "this conversation is not saved: /save keeps it, /load! drops it" end
  local path = pathOf(words)
  local loaded, problem = archive.load(path)
  if not loaded then return nil, problem end
  chat.contents, chat.path, chat.unsaved = loaded.contents, path, false
  chat.model, chat.system = loaded.model or chat.model, loaded.system
  terminal.note(("%s with %s"):format(turns(chat), chat.model))
  return true
end

local function history(chat)
  for i, content in ipairs(chat.contents) do
    local who, text = archive.describe(content)
    local line = text:gsub("%s+", " ")
    -- Not cut within a character.
    if #line > SHORT then line = line:sub(1, SHORT):gsub("[\192-\255]?[\128-\191]*$", "") .. "…" end
    terminal.write(("%2d  %-5s  %s\n"):format(i, who, line))
  end
  return true
end

local function clear(chat)
  chat.contents, chat.attached, chat.path, chat.unsaved = gemini.array(), {}, nil, false
  terminal.note "a new conversation"
  return true
end

local function model(chat, name)
  if name ~= "" then chat.model = name end
  terminal.note("the model is " .. chat.model)
  return true
end

local function system(chat, text)
  chat.system = text ~= "" and { parts = { { text = text } } } or nil
  terminal.note(chat.system and "the model is instructed so" or "the model has no instruction")
  return true
end

local function quit(chat)
  chat.over = true
  return true
end

-- Name, argument (in brackets where it need not be), meaning, function.
local ROWS = {
  { "file", "PATH", "attaches a file to the next message", file },
  { "save", "PATH", "writes the conversation: Markdown (NAME.md) or JSON", save },
  { "load", "PATH", "goes on with a conversation that was saved as JSON", load },
  { "history", "", "shows the turns in short", history },
  { "clear", "", "begins a new conversation", clear },
  { "model", "[NAME]", "switches to another model", model },
  { "system", "[TEXT]", "instructs the model; without TEXT no more", system },
  { "quit", "", "leaves, as Ctrl-D does, and Ctrl-C at the prompt", quit },
}

local function help()
  for _, row in ipairs(ROWS) do
    terminal.write(("%-15s  %s\n"):format(("/%s %s"):format(row[1], row[2]), row[3]))
  end
  terminal.write "A line that ends with a backslash goes on in the next; //x says /x.\n"
  return true
end

table.insert(ROWS, { "help", "", "shows this", help })

---@param message string  begins with a slash; a "!" behind the name means what would be asked else
---@return boolean? ok
---@return any problem
function commands.run(chat, message)
  local name, words = message:match "^/(%S*)%s*(.-)%s*$"
  local bare = name:gsub("!$", "")
  for _, row in ipairs(ROWS) do
    if row[1] == bare then
      if words == "" and row[2]:find "^%u" then return nil, ("/%s needs its %s"):format(bare, row[2]) end
      return row[4](chat, words, bare ~= name)
    end
  end
  return nil, ("there is no /%s: /help names the commands, and a message may begin with //"):format(name)
end

return commands
