-- Ours: gemini.lua WORKLOAD URL COUNT FILE. Prints how much came: bytes of text, of images and of files, and floats; of
-- the first events also the median of their delays.
local gemini = require "gemini"

local client
local workloads = {}

function workloads.startup()
  gemini.new { apiKey = "k" }
  return 0
end

function workloads.unary(count)
  local bytes = 0
  for _ = 1, count do
    local reply = assert(client.models:generateContent {
      model = "gemini-2.5-flash", contents = "Why is the sky blue?",
    })
    bytes = bytes + #reply.text
  end
  return bytes
end

local function stream(model)
  return client.models:streamGenerateContent { model = model, contents = "Why is the sky blue?" }
end

local function read(model, events)
  local count, bytes = 0, 0
  for chunk in stream(model) do
    count, bytes = count + 1, bytes + #chunk.text
  end
  assert(count == events, "an event is missing")
  return bytes
end

function workloads.stream(count) return read("events-" .. count, count) end

function workloads.many(count)
  local bytes, model = 0, ("together-%d-50"):format(count)
  gemini.run(function()
    for _ = 1, count do
      gemini.spawn(function()
        local more = read(model, 50)
        bytes = bytes + more
      end)
    end
  end)
  return bytes
end

function workloads.first(count)
  local now, delays = require("socket").gettime, {}
  for _ = 1, count do
    for chunk in stream "clock" do delays[#delays + 1] = now() - tonumber(chunk.text) end
  end
  assert(#delays == count, "an event is missing")
  table.sort(delays)
  return count, ("%.1f"):format(delays[math.ceil(count / 2)] * 1e6)
end

local function embed(count, packed)
  local floats = 0
  for _ = 1, count do
    local requests = {}
    for i = 1, 100 do requests[i] = { content = "Text " .. i } end
    local reply = assert(client.models:batchEmbedContents {
      model = "gemini-embedding-001", requests = requests, packed = packed,
    })
    for _, embedding in ipairs(reply.embeddings) do floats = floats + #embedding.values end
  end
  return floats
end

function workloads.embeddings(count) return embed(count) end

function workloads.packed(count) return embed(count, true) end

function workloads.image(count)
  local bytes = 0
  for _ = 1, count do
    local reply = assert(client.models:generateContent {
      model = "gemini-2.5-flash-image", contents = "Paint the sky.",
    })
    bytes = bytes + #reply.inlineData[1].data
  end
  return bytes
end

function workloads.upload()
  return assert(client.media:upload { path = arg[4], mimeType = "application/octet-stream" }).sizeBytes
end

if arg[1] ~= "startup" then client = gemini.new { apiKey = "k", baseUrl = arg[2] } end
print(workloads[arg[1]](tonumber(arg[3])))
