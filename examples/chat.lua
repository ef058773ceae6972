-- A chat in the terminal. /help names what it can do besides; Ctrl-C stops an answer.
--   lua5.4 examples/chat.lua [MODEL]
--   printf 'Why is the sky blue?\nAnd at night?\n' | lua5.4 examples/chat.lua
-- Talks to Google where a key is set, else to the emulator. Where stdin or stdout is no terminal there are no prompts,
-- and a line that failed makes the exit status 1.
package.path = (arg[0]:match "^.*/" or "./") .. "?.lua;" .. package.path

local commands = require "chat.commands"
local conversation = require "chat.conversation"
local gemini = require "gemini"
local terminal = require "chat.terminal"

local MODEL = "gemini-2.5-flash"

local function hasKey()
  for _, name in ipairs { "GEMINI_API_KEY", "GOOGLE_API_KEY" } do
    if (os.getenv(name) or "") ~= "" then return true end
  end
end

local function tellRetry(err, _, wait)
  terminal.note(("%s; again in %.0f s"):format(tostring(err), wait))
end

local function connect()
  if hasKey() then return gemini.new { onRetry = tellRetry } end
  local server = assert(require("gemini.emulator").spawn())
  terminal.tell "No key is set: this is the emulator. It is no model, its texts are canned or computed."
  return gemini.new { apiKey = "none", baseUrl = server.url, onRetry = tellRetry }, server
end

-- A line, and those behind it as long as they end with a backslash.
local function readMessage()
  local lines, prompt = {}, "> "
  while true do
    local line, left = terminal.line(prompt)
    lines[#lines + 1] = line
    local more = line and line:match "^(.*)\\$"
    if left or not more then return not left and lines[1] and table.concat(lines, "\n") or nil end
    lines[#lines], prompt = more, ". "
  end
end

local function answer(chat, message)
  if not message:find "%S" then return true end
  local slashes = message:match "^/*"
  if slashes == "/" then return commands.run(chat, message) end
  return conversation.ask(chat, slashes ~= "" and message:sub(2) or message)
end

-- Whatever goes wrong is said, and the conversation goes on.
local function talk(chat)
  local good = true
  while not chat.over do
    local message = readMessage()
    if not message then break end
    local ok, done, problem = pcall(answer, chat, message)
    if not ok and terminal.isInterrupt(done) and not terminal.interactive then error(done, 0) end
    if not ok then done, problem = nil, done end
    if not done then terminal.fail(problem) end
    good = good and done ~= nil
  end
  return good
end

terminal.open()
local ok, client, server = pcall(connect)
local good = client
if ok then ok, good = pcall(talk, conversation.new(client, arg[1] or MODEL)) end
if server then server.stop() end
terminal.close()
if not ok and not terminal.isInterrupt(good) then terminal.fail(good) end
os.exit((ok and good or terminal.interactive) and 0 or 1, true)
