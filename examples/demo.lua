-- Streams one answer to the terminal, then shows what it took.
--   lua5.4 examples/demo.lua "Why is the sky blue?"
-- Talks to Google where a key is set, else to the emulator.
local gemini = require "gemini"
local socket = require "socket"

local prompt = arg[1] ~= "" and arg[1] or "Why is the sky blue?"
local model = "gemini-2.5-flash"

local function hasKey()
  for _, name in ipairs { "GEMINI_API_KEY", "GOOGLE_API_KEY" } do
    if (os.getenv(name) or "") ~= "" then return true end
  end
end

local function connect()
  if hasKey() then return gemini.new() end
  local server = assert(require("gemini.emulator").spawn())
  print("No key is set: this is the emulator. It is no model, its texts are canned or computed.")
  print("For real answers: GEMINI_API_KEY=… make demo\n")
  return gemini.new { apiKey = "none", baseUrl = server.url }, server
end

local function show(client)
  local started, first = socket.gettime(), nil
  local stream = client.models:streamGenerateContent { model = model, contents = prompt }
  print(model .. " ← " .. prompt .. "\n")
  for chunk in stream do
    first = first or socket.gettime()
    io.write(chunk.text)
    io.flush()
  end
  local reply = stream:collect()
  local usage = reply.usageMetadata or {}
  print(("\n\nfinish reason      %s"):format(reply.finishReason or reply.blockReason))
  print(("tokens             %s prompt, %s answer, %s total"):format(
    usage.promptTokenCount, usage.candidatesTokenCount, usage.totalTokenCount))
  print(("to the first token %.3f s"):format(first - started))
  print(("to the last        %.3f s"):format(socket.gettime() - started))
end

local client, server = connect()
local ok, err = pcall(show, client)
if server then server.stop() end
if not ok then
  io.stderr:write(tostring(err), "\n")
  os.exit(1)
end
