-- What one writes oneself: peer.lua TRANSPORT WORKLOAD URL COUNT FILE, on one of the transports beside this file and
-- lua-cjson. Prints what gemini.lua prints.
--
-- A transport has post(path, body), which gives the answer's body; stream(path, body, take), which calls take with the
-- JSON of each event; together(count, path, body, take), so many streams at once; and upload(path, file), which gives
-- the body of the last answer. All raise what goes wrong.
local cjson = require "cjson"

local transport = require("bench.clients." .. arg[1])(arg[3])
local workloads = {}

local function say(text)
  return cjson.encode { contents = { { role = "user", parts = { { text = text } } } } }
end

local function generate(model, text)
  return cjson.decode(transport.post(("/v1beta/models/%s:generateContent"):format(model), say(text)))
end

local function streamPath(model) return ("/v1beta/models/%s:streamGenerateContent?alt=sse"):format(model) end

function workloads.startup() return 0 end

function workloads.unary(count)
  local bytes = 0
  for _ = 1, count do
    bytes = bytes + #generate("gemini-2.5-flash", "Why is the sky blue?").candidates[1].content.parts[1].text
  end
  return bytes
end

-- Something to call with the JSON of each event, and something that says at the end how many bytes of text there were.
local function counter(events)
  local count, bytes = 0, 0
  return function(json)
    count, bytes = count + 1, bytes + #cjson.decode(json).candidates[1].content.parts[1].text
  end, function()
    assert(count == events, "an event is missing")
    return bytes
  end
end

function workloads.stream(count)
  local take, total = counter(count)
  transport.stream(streamPath("events-" .. count), say "Why is the sky blue?", take)
  return total()
end

function workloads.many(count)
  local take, total = counter(count * 50)
  transport.together(count, streamPath(("together-%d-50"):format(count)), say "Why is the sky blue?", take)
  return total()
end

function workloads.first(count)
  local now, delays = require("socket").gettime, {}
  local function take(json)
    local text = cjson.decode(json).candidates[1].content.parts[1].text
    delays[#delays + 1] = now() - tonumber(text)
  end
  for _ = 1, count do transport.stream(streamPath "clock", say "Why is the sky blue?", take) end
  assert(#delays == count, "an event is missing")
  table.sort(delays)
  return count, ("%.1f"):format(delays[math.ceil(count / 2)] * 1e6)
end

function workloads.embeddings(count)
  local model, floats = "models/gemini-embedding-001", 0
  for _ = 1, count do
    local requests = {}
    for i = 1, 100 do requests[i] = { model = model, content = { parts = { { text = "Text " .. i } } } } end
    local body = cjson.encode { requests = requests }
    local reply = cjson.decode(transport.post("/v1beta/" .. model .. ":batchEmbedContents", body))
    for _, embedding in ipairs(reply.embeddings) do floats = floats + #embedding.values end
  end
  return floats
end

function workloads.image(count)
  local unb64, bytes = require("mime").unb64, 0
  for _ = 1, count do
    local reply = generate("gemini-2.5-flash-image", "Paint the sky.")
    bytes = bytes + #unb64(reply.candidates[1].content.parts[1].inlineData.data)
  end
  return bytes
end

function workloads.upload()
  return cjson.decode(transport.upload("/upload/v1beta/files", arg[5])).file.sizeBytes
end

print(workloads[arg[2]](tonumber(arg[4])))
