-- A chat with two tools of this program, streamed, that is saved after every turn and goes on where it was:
--   lua5.4 examples/assistant.lua FILE [MESSAGE …]
-- FILE holds the conversation; where it is there, the chat goes on with it. Talks to Google where a key is set, else to
-- the emulator.
local gemini = require "gemini"
local schema = gemini.schema

local path, messages = arg[1], {}
for i = 2, #arg do messages[i - 1] = arg[i] end
if not path then
  io.stderr:write "usage: lua5.4 examples/assistant.lua FILE [MESSAGE …]\n"
  os.exit(2)
end

local MESSAGES = {
  "Hello! Who are you?", "Please roll 3 dice.", "What does the clock in Lisbon show?", "Roll 5 more dice.",
  "Thank you.",
}

local tools = { { functionDeclarations = {
  {
    name = "roll",
    description = "Rolls dice, and tells what each shows",
    parameters = schema.object { dice = schema.integer { minimum = 1, maximum = 10 } },
    call = function(args)
      local shown = {}
      for i = 1, args.dice do shown[i] = math.random(6) end
      return shown
    end,
  },
  {
    name = "clock",
    description = "The time of day in a city",
    parameters = schema.object { city = schema.string "In English", twelveHours = "boolean?" },
    call = function(args)
      if args.city ~= "Lisbon" then return nil, "there is a clock for Lisbon alone" end
      return { city = args.city, time = os.date "!%H:%M", zone = "UTC" }
    end,
  },
} } }

local function connect()
  if (os.getenv "GEMINI_API_KEY" or "") .. (os.getenv "GOOGLE_API_KEY" or "") ~= "" then return gemini.new() end
  local server = assert(require("gemini.emulator").spawn { delay = 0.005 })
  print "No key is set: this is the emulator, which is no model.\n"
  return gemini.new { apiKey = "none", baseUrl = server.url }, server
end

local function load()
  local file = io.open(path, "rb")
  if not file then return nil end
  local history = assert(gemini.json.decode(file:read "*a"))
  file:close()
  print(("(%d contents were loaded)"):format(#history))
  return history
end

local function save(history)
  local file = assert(io.open(path, "wb"))
  file:write(gemini.json.encode(history), "\n")
  file:close()
end

-- No `for`: PUC Lua 5.1 can't wait in one, in a task.
local function show(stream)
  while true do
    local chunk, err = stream:next()
    if err then error(err, 0) end
    if not chunk then break end
    io.write(chunk.text)
    io.flush()
  end
end

local function converse(client)
  local history = load()
  if #messages == 0 then messages = history and { "Go on." } or MESSAGES end
  local chat = client:chat {
    model = "gemini-2.5-flash", systemInstruction = "Be brief.", tools = tools, history = history,
    onToolCall = function(call) print(("(%s %s)"):format(call.name, gemini.json.encode(call.args))) end,
  }
  for _, message in ipairs(messages) do
    print("> " .. message)
    show(chat:stream(message))
    print "\n"
    save(chat.history)
  end
  print(("(%d contents were saved)"):format(#chat.history))
end

local client, server = connect()
local ok, err = pcall(converse, client)
if server then server.stop() end
if not ok then
  io.stderr:write(tostring(err), "\n")
  os.exit(1)
end
