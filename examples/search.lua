-- Finds the texts that are nearest to a question, among 100,000 vectors:
--   lua5.4 examples/search.lua "How do bees tell each other where flowers are?"
-- Only the texts below are embedded: the other vectors are made up, to have many. Talks to Google where a key is set,
-- else to the emulator.
local gemini = require "gemini"
local socket = require "socket"

local question = arg[1] or "How do bees tell each other where flowers are?"
local model, size, count = "gemini-embedding-001", 256, 100000

local texts = {
  "Bees dance to tell each other where the flowers are.",
  "The stock market fell sharply on Monday.",
  "Lava flows down the side of a volcano.",
  "Whales sing, and other whales hear them from far away.",
  "Bread needs flour, water, salt and time.",
}

local function connect()
  if (os.getenv "GEMINI_API_KEY" or "") .. (os.getenv "GOOGLE_API_KEY" or "") ~= "" then return gemini.new() end
  local server = assert(require("gemini.emulator").spawn())
  print("No key is set: this is the emulator, whose embeddings know words and no meaning.\n")
  return gemini.new { apiKey = "none", baseUrl = server.url }, server
end

-- Each vector is another window of one row of random numbers.
local function addMadeUp(vectors)
  local row = {}
  for i = 1, size + count do row[i] = math.random() - 0.5 end
  local bytes = gemini.vector.new(row):toBytes()
  for i = #vectors, count - 1 do vectors[i + 1] = gemini.vector.fromBytes(bytes:sub(4 * i + 1, 4 * (i + size))) end
end

-- PUC Lua 5.1's assert takes no table.
local function must(reply, err)
  if not reply then error(err, 0) end
  return reply
end

local function embedded(client)
  local requests, vectors = {}, {}
  for i, text in ipairs(texts) do requests[i] = { content = text, outputDimensionality = size } end
  local reply = must(client.models:batchEmbedContents { model = model, requests = requests, packed = true })
  for i, embedding in ipairs(reply.embeddings) do vectors[i] = embedding.values end
  return vectors
end

local client, server = connect()
local ok, err = pcall(function()
  local vectors = embedded(client)
  addMadeUp(vectors)
  local asked = { model = model, content = question, outputDimensionality = size, packed = true }
  local query = must(client.models:embedContent(asked)).embedding.values
  local began = socket.gettime()
  local found = gemini.vector.topK(query, vectors, 3)
  local took = socket.gettime() - began
  for _, match in ipairs(found) do print(("%.3f  %s"):format(match.score, texts[match.index] or "(made up)")) end
  print(("\n%d vectors of %d numbers, searched in %.0f ms"):format(#vectors, size, took * 1000))
end)
if server then server.stop() end
if not ok then
  io.stderr:write(tostring(err), "\n")
  os.exit(1)
end
