-- Ours: gemini.lua WORKLOAD URL COUNT [FILE]. Prints how many bytes of text, or of what was asked for, came.
local gemini = require "gemini"

local client = gemini.new { apiKey = "k", baseUrl = arg[2] }
local workloads = {}

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

local function read(model, events)
  local count, bytes = 0, 0
  for chunk in client.models:streamGenerateContent { model = model, contents = "Why is the sky blue?" } do
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

function workloads.startup() return 0 end

print(workloads[arg[1]](tonumber(arg[3])))
