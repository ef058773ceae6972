---Cassettes of calls that make several requests: another process plays them, at another time and another baseUrl, and
---with the server stopped. What such processes share is the cassette: Lua 5.4 orders names differently in each.

local cjson = require "cjson"
local emulator = require "spec.support.emulator"
local gemini = require "gemini"
local read = require "spec.support.read"
local run = require "spec.support.run"
local temporary = require "spec.support.temporary"

local KEY = "AIzaSecretKey-1234567890"

-- What scripts have, and what each is told of: its clock goes wrong by so many seconds.
local BEFORE = [[
local gemini = require "gemini"
local time, later = os.time, %d
os.time = function(at) return at and time(at) or time() + later end
local client = gemini.new { replay = %q, mode = %q, baseUrl = %q, apiKey = %q, retry = { delay = 0 } }
local MODEL = "gemini-2.5-flash"
local QUESTION = "What will the weather in Lisbon be for 3 days?"
local CONFIG = { temperature = 0.5, topP = 0.25, topK = 3, maxOutputTokens = 100, seed = 7, candidateCount = 1 }
local out = {}
local function say(...)
  for i = 1, select("#", ...) do out[#out + 1] = tostring((select(i, ...))) end
end
local function weather(more)
  local declaration = more or {}
  declaration.name, declaration.description = "weather", "The weather of the next days in a city"
  declaration.parameters = gemini.schema.object { city = "string", days = gemini.schema.integer { minimum = 1 } }
  declaration.call = function(args)
    gemini.sleep(0.002)
    return { city = args.city, days = args.days, wind = { north = 1, south = 2, east = 3 }, sky = "blue", degrees = { 18, 21 } }
  end
  return declaration
end
local function questions()
  local list = {}
  for i = 1, 4 do list[i] = { key = "k" .. i, request = { contents = "Number " .. i, generationConfig = CONFIG } } end
  return list
end
local function sayAll(results)
  for i = 1, 4 do say(results["k" .. i].response.text) end
end
]]

local function script(code, mode, path, url, later)
  local before = BEFORE:format(later or 0, path, mode, url, mode == "replay" and "" or KEY)
  before = mode == "replay" and before:gsub(', apiKey = ""', "", 1) or before
  return before .. code .. '\nprint(#out .. " texts: " .. table.concat(out, "|"))\n'
end

-- What a process prints that runs a script; in no environment is a key.
local function printed(...)
  local output, status = run.lua(script(...), "env -u GEMINI_API_KEY -u GOOGLE_API_KEY")
  assert.equal(0, status, output)
  return output
end

-- Records in one process, plays in another: both see the same. Gives what they see, and the cassette.
local function twice(code, options)
  local server = emulator.start(options or { delay = 0, work = 0.05 })
  local path = temporary.file(nil, ".json")
  local ok, before = pcall(printed, code, "record", path, server.url)
  server.stop()
  assert(ok, before)
  assert.equal(before, printed(code, "replay", path, "http://localhost:9", 90000))
  local text = read(path)
  assert.falsy(text:find(KEY, 1, true), "the key is in the cassette")
  assert.falsy(text:find("127.0.0.1", 1, true), "the server is in the cassette")
  return before, cjson.decode(text)
end

describe("a cassette plays", function()
  after_each(temporary.clean)

  it("a chat: sent, streamed, forked, left and taken back", function()
    local seen, kept = twice [[
      local chat = client:chat { model = MODEL, systemInstruction = "Be brief.", generationConfig = CONFIG }
      say(assert(chat:send "Hello").text)
      for chunk in chat:stream "And?" do say(chunk.text) end
      say(assert(chat:fork():send "Aside").text)
      local stream = chat:stream "Go on."
      say(assert(stream:next()).text)
      stream:close()
      say(#chat.history, assert(chat:send "Again").text, #chat:undo())
    ]]
    assert.truthy(seen:find("|6|", 1, true), seen)
    assert.equal(5, #kept.exchanges)
  end)

  it("functions that a model calls, in answers, chats and streams", function()
    local _, kept = twice [[
      local function tools() return { { functionDeclarations = { weather() } } } end
      local reply = assert(client.models:generateContent { model = MODEL, contents = QUESTION, tools = tools() })
      say(reply.text, #reply.toolTurns)
      local chat = client:chat { model = MODEL, tools = tools() }
      say(assert(chat:send(QUESTION)).text)
      for chunk in chat:stream(QUESTION) do say(chunk.text) end
      say(#chat.history)
    ]]
    assert.equal(6, #kept.exchanges)
  end)

  it("functions in several rounds", function()
    local seen = twice([[
      local reply = assert(client.models:generateContent {
        model = MODEL, contents = QUESTION, tools = { { functionDeclarations = { weather() } } },
      })
      say(reply.text, #reply.toolTurns)
    ]], { delay = 0, script = [[
      return function(request)
        local rounds = (#request.body.contents - 1) / 2
        if rounds == 3 then return "done" end
        local function call(n) return { functionCall = { name = "weather", args = { city = "C" .. n, days = n } } } end
        return { candidates = { { content = { role = "model", parts = { call(rounds + 1), call(5) } }, finishReason = "STOP" } } }
      end
    ]] })
    assert.equal("2 texts: done|6\n", seen)
  end)

  it("interactions:run, with functions, as a stream, and in the background", function()
    local seen = twice [[
      local function tools() return { weather { type = "function" } } end
      local done = assert(client.interactions:run { model = MODEL, input = QUESTION, tools = tools() })
      say(done.status, done.text, #done.toolTurns)
      local stream = client.interactions:run { model = MODEL, input = QUESTION, tools = tools(), stream = true }
      for event in stream do say(event.text) end
      say(stream:collect().text)
      say(assert(client.interactions:run { model = MODEL, input = "Hello", background = true, interval = 0.01 }).text)
    ]]
    assert.truthy(seen:find("completed|", 1, true), seen)
  end)

  it("batches:run, whose requests are in the batch", function()
    twice 'sayAll(assert(client.batches:run { model = MODEL, requests = questions(), interval = 0.01 }:collect()))'
  end)

  it("batches:run, whose requests are in a file", function()
    local _, kept = twice [[
      local given = { model = MODEL, requests = questions(), interval = 0.01, maxInlineSize = 0 }
      sayAll(assert(client.batches:run(given):collect()))
    ]]
    assert.equal("Number 2", kept.exchanges[2].request.media.json[2].request.contents[1].parts[1].text)
  end)

  it("batches:run, whose file is too large to be kept", function()
    local _, kept = twice [[
      local requests = questions()
      requests[2].request.contents = ("long "):rep(300000)
      local given = { model = MODEL, requests = requests, interval = 0.01, maxInlineSize = 0 }
      sayAll(assert(client.batches:run(given):collect()))
    ]]
    assert.equal("string", type(kept.exchanges[2].request.media.sha256))
  end)

  it("batches:run, whose file names the server", function()
    twice [[
      local file = assert(client.files:upload { data = "notes", mimeType = "text/plain" })
      local contents = { { fileData = { fileUri = file.uri, mimeType = "text/plain" } }, "What is this?" }
      local requests = { { key = "a", request = { contents = contents } } }
      local given = { model = MODEL, requests = requests, interval = 0.01, maxInlineSize = 0 }
      say(assert(client.batches:run(given):collect()).a.response.text)
    ]]
  end)

  for name, given in pairs { ["in the batch"] = "{ interval = 0.01 }", ["in a file"] = "{ interval = 0.01, maxInlineSize = 0 }" } do
    it("batches:map, requests " .. name, function()
      twice([[
        local results = client.batches:map({ "a", "b", "c" }, function(text)
          local first = assert(client.models:generateContent { model = MODEL, contents = text, generationConfig = CONFIG })
          return assert(client.models:generateContent { model = MODEL, contents = first.text }).text
        end, ]] .. given .. [[)
        say(results[1], results[2], results[3])
      ]])
    end)
  end

  it("batches:map, whose functions come to their calls in another order", function()
    twice [[
      local results = client.batches:map({ "a", "b", "c" }, function(text, place)
        for _ = place, 3 do assert(client.models:countTokens { model = MODEL, contents = text }) end
        return assert(client.models:generateContent { model = MODEL, contents = text }).text
      end, { interval = 0.01 })
      say(results[1], results[2], results[3])
    ]]
  end)

  it("embedMany, as lists and as vectors", function()
    local _, kept = twice [[
      local texts = {}
      for i = 1, 10 do texts[i] = "text " .. i end
      for _, packed in ipairs { false, true } do
        local given = { model = "gemini-embedding-001", texts = texts, batchSize = 3, concurrency = 2, packed = packed }
        given.taskType, given.outputDimensionality = "RETRIEVAL_DOCUMENT", 4
        local values = assert(client.models:embedMany(given))
        say(#values, values[10][1])
      end
    ]]
    -- As lists and as vectors the same is asked for.
    assert.equal(8, #kept.exchanges)
  end)

  it("cachedContents:ensure, which makes a cache and finds it, for a file of the server's", function()
    local _, kept = twice [[
      local file = assert(client.files:upload { data = ("A manual. "):rep(5000), mimeType = "text/plain", wait = true })
      local contents = { { fileData = { fileUri = file.uri, mimeType = "text/plain" } } }
      for _ = 1, 2 do
        local cache = assert(client.cachedContents:ensure { key = "manual", model = MODEL, contents = contents, ttl = 600 })
        say(cache.name)
      end
    ]]
    assert.equal(4, #kept.exchanges)
    assert.equal("cachedContents.list", kept.exchanges[4].request.method)
  end)

  it("uploads of JSON, whatever the order of its names", function()
    local _, kept = twice [[
      for _, protocol in ipairs { "multipart", "resumable", "raw" } do
        local text = gemini.json.encode(CONFIG)
        local file = assert(client.media:upload { data = text, mimeType = "application/json", protocol = protocol })
        local lines = assert(client.media:upload { data = text .. "\n" .. text, mimeType = "text/plain", protocol = protocol })
        say(file.name, lines.name)
      end
    ]]
    assert.equal(0.25, kept.exchanges[1].request.media.json[1].topP)
  end)
end)

describe("a cassette of media", function()
  after_each(temporary.clean)

  it("has no key where JSON has it", function()
    local server = emulator.start { delay = 0 }
    local path = temporary.file(nil, ".json")
    local client = gemini.new { replay = path, mode = "record", apiKey = KEY, baseUrl = server.url }
    local file, err = client.media:upload { data = gemini.json.encode { key = KEY }, mimeType = "application/json" }
    server.stop()
    assert(file, err)
    local text = read(path)
    assert.falsy(text:find(KEY, 1, true))
    assert.equal("(redacted)", cjson.decode(text).exchanges[1].request.media.json[1].key)
  end)
end)
