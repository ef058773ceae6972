-- codec.lua NAME URL RUNS: decodes what the fixture answers, by each codec in turn; medians. `packed` gives vectors
-- where embeddings have lists.
local codec = require "gemini.codec"
local DECODERS = {
  { "gemini.json", require("gemini").json.decode },
  { "packed", function(text) return codec.decode(text, nil, "values") end },
  { "lua-cjson", require("cjson").decode },
}
local NAME, URL, RUNS = arg[1], arg[2], tonumber(arg[3])
local EVENTS, ROUNDS, ANSWERS = 64, 100, 5

local function answer(path)
  local pipe = assert(io.popen(("curl -sS -d '{}' '%s/v1beta/models/%s'"):format(URL, path)))
  local text = pipe:read "*a"
  pipe:close()
  return text
end

local function eventsOf(text)
  local list = {}
  for json in text:gmatch "data: (.-)\r\n" do list[#list + 1] = json end
  assert(#list == EVENTS, "an event is missing")
  return list
end

-- Without what the one before has left behind; with the collections that it takes itself.
local function timed(work)
  collectgarbage()
  local start = os.clock()
  work()
  return os.clock() - start
end

local function median(list)
  table.sort(list)
  return list[math.ceil(#list / 2)]
end

local embeddings = answer "gemini-embedding-001:batchEmbedContents"
local events = eventsOf(answer("events-" .. EVENTS .. ":streamGenerateContent"))

local function decodeAnswers(decode)
  for _ = 1, ANSWERS do decode(embeddings) end
end

local function decodeEvents(decode)
  for _ = 1, ROUNDS do
    for i = 1, EVENTS do decode(events[i]) end
  end
end

local function measure(name, work, count)
  for _, decoder in ipairs(DECODERS) do decoder[name] = {} end
  for run = 1, RUNS do
    for _, decoder in ipairs(DECODERS) do
      decoder[name][run] = timed(function() work(decoder[2]) end) / count
    end
  end
end

-- The small ones first: large ones leave a heap behind in which others take longer.
measure("small", decodeEvents, ROUNDS * EVENTS)
measure("large", decodeAnswers, ANSWERS)
for _, decoder in ipairs(DECODERS) do
  local large, small = median(decoder.large), median(decoder.small)
  print(("%-18s %18.0f %18.2f %12.0f"):format(decoder[1] .. ", " .. NAME, #embeddings / large / 1e6, small * 1e6,
    #events[1] / small / 1e6))
end
