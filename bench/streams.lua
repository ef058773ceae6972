-- The client of the stream benchmark: streams.lua COUNT, the server's URL on stdin. Reads so many streams at once, each
-- in a task, and prints its memory in kB: before, while all are open, and at its peak.
local gemini = require "gemini"
local loop = require "gemini.loop"

local count = tonumber(arg[1])
local client = gemini.new { apiKey = "k", baseUrl = io.read() }

local function memory(name)
  local file = io.open "/proc/self/status"
  local text = file:read "*a"
  file:close()
  return tonumber(text:match(name .. ":%s*(%d+) kB"))
end

-- Reads a stream, whose events tell whose they are; gives that.
local function read(begun)
  local stream = client.models:streamGenerateContent { model = "gemini-2.5-flash", contents = "Tell me a story." }
  local number, whose, last = 0, nil, nil
  repeat
    local chunk, err = stream:next()
    assert(not err, tostring(err))
    if chunk then
      local from, place, events = chunk.text:match "^(%d+) (%d+) of (%d+)"
      number, whose, last = number + 1, whose or from, tonumber(events)
      assert(from == whose and tonumber(place) == number, chunk.text)
      if number == 1 then begun() end
    end
  until not chunk
  assert(number == last, "an event is missing")
  return whose
end

local before, open
local seen, complete, begun = {}, 0, 0

-- All have begun and none has ended: the server waits for this call.
local function measure()
  open = memory "VmRSS"
  print("live", loop.live())
  assert(client.models:get { name = "go" })
end

local function main()
  for _ = 1, count do
    gemini.spawn(function()
      local whose = read(function()
        begun = begun + 1
        if begun == count then gemini.spawn(measure) end
      end)
      assert(not seen[whose], "a stream came twice")
      seen[whose], complete = true, complete + 1
    end)
  end
end

gemini.run(function() read(function() end) end)
collectgarbage()
collectgarbage()
before = memory "VmRSS"
gemini.run(main)
assert(open, "the streams were never open at once")
print("complete", complete)
print(("memory\t%d\t%d\t%d"):format(before, open, memory "VmHWM"))
