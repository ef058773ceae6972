-- A local stand-in for the Gemini API, for examples without a key and for tests. It is no model: its texts are canned
-- or computed. It runs by itself (lua5.4 -l gemini.emulator), in a child process (spawn), or inside a program (new).
local child = require "gemini.emulator.child"
local command = require "gemini.emulator.command"
local json = require "gemini.emulator.json"
local options = require "gemini.emulator.options"
local Server = require "gemini.emulator.server"
local service = require "gemini.emulator.service"

---@class gemini.emulator.Request
---@field model string "models/…"; of an interaction with an agent "agents/…"
---@field method string "generateContent", "streamGenerateContent" or "interactions.create"
---@field body table the decoded body, with lowerCamelCase names but in interactions
---@field text string the text of the last content that is not the model's
---@field headers table<string, string> names in lower case
---@field number integer how many requests for generation have come so far, this one included

---@class gemini.emulator.Server
---@field url string to be used as the client's base URL
---@field step fun(self, seconds: number?) serves what is ready, and waits for it at most so long (default 0)
---@field run fun(self) serves until the server is closed
---@field reset fun(self) forgets all that requests have created
---@field fail fun(self, faults: gemini.emulator.Fault[]) says how requests to come shall fail
---@field close fun(self) closes all sockets; a second call does nothing

local emulator = {}

---Opens a server in this process. Raises where an option is wrong.
---
---`reply` is called with a gemini.emulator.Request and returns one of:
---a string (the text; a stream sends it a few words at a time; `maxOutputTokens`, `stopSequences` and `candidateCount`
---apply to it); a GenerateContentResponse (a table with `candidates` or `promptFeedback`), sent as it is; a list of
---chunks: strings, tables sent as they are, `{ error = … }` and numbers (seconds to wait before what follows); the last
---chunk gets finishReason STOP if it is a string; a unary call answers with the chunks joined, or with the error;
---`{ error = { code =, message =, status =, details = } }`, an HTTP error in Google's form; `{ status =, headers =,
---body = }`, a raw HTTP answer; nil for the emulator's own reply. What it raises is answered with 500 INTERNAL. An
---interaction uses a string and an error; whatever else it gets is nil to it.
---@param given { port: integer?, host: string?, reply: (fun(request: gemini.emulator.Request): any)?, delay: number?,
---key: string?, work: number?, state: string? }? port: default any free one; host: default "127.0.0.1"; delay: seconds
---between the chunks of a stream, default 0.03; key: the only key that is accepted, default any; work: seconds that an
---operation or a batch takes, default 2; state: a file to keep the state in, with large media in files beside it,
---default none
---@return gemini.emulator.Server? server nil and a message where the address cannot be had
---@return string? problem
function emulator.new(given)
  given = options.check(given, options.server, 2)
  local settings = {
    delay = given.delay or 0.03, work = given.work or 2, key = given.key, reply = given.reply, state = given.state,
  }
  local ok, made = pcall(service.new, settings)
  if not ok then return nil, tostring(made) end
  return Server.open(given.host or "127.0.0.1", given.port or 0, made)
end

emulator.spawn = child.spawn

---Marks a table of a scripted reply as an array: an empty one is then sent as `[]`. Other empty tables are `{}`.
emulator.array = json.array

---JSON's null, in scripted replies and inside the free-form values of a request.
emulator.null = json.null

local own = command.ofInterpreter((...))
if own then
  -- A reply file may require this module, which is still loading.
  package.loaded[(...)] = emulator
  command.run(emulator.new, own)
end

return emulator
