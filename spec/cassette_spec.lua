---Recorded answers: what a program sees of them is what it saw of the server.

local cjson = require "cjson"
local emulator = require "spec.support.emulator"
local gemini = require "gemini"
local loop = require "gemini.loop"
local loopback = require "loopback"
local read = require "spec.support.read"
local run = require "spec.support.run"
local talk = require "spec.support.talk"
local temporary = require "spec.support.temporary"

local KEY = "AIza+k/secret-1234567890"
-- Nobody listens there.
local NOWHERE = "http://127.0.0.1:9"

local function with(path, mode, more)
  local given = { replay = path, mode = mode, apiKey = KEY, baseUrl = NOWHERE, retry = { delay = 0 } }
  for name, value in pairs(more or {}) do given[name] = value end
  return gemini.new(given)
end

-- What a client without a key and without a server makes of it.
local function replayed(path, script, more)
  local getenv, given = os.getenv, { replay = path, mode = "replay", baseUrl = NOWHERE }
  for name, value in pairs(more or {}) do given[name] = value end
  os.getenv = function() return nil end -- luacheck: ignore 122
  local ok, client = pcall(gemini.new, given)
  os.getenv = getenv -- luacheck: ignore 122
  return script(assert(ok and client, client))
end

-- What a person and a program see of an error.
local function seen(err)
  return { kind = err.kind, code = err.code, status = err.status, message = err.message, attempts = err.attempts }
end

-- Runs a script at a scripted server and then at its cassette; both must see the same.
local function twice(answers, script, more)
  local scripts = {}
  for i, answer in ipairs(answers) do scripts[i] = type(answer) == "table" and answer or talk.last(answer) end
  local path = temporary.file(nil, ".json")
  local server = loopback.start(scripts)
  local options = { baseUrl = server.url }
  for name, value in pairs(more or {}) do options[name] = value end
  local before = script(with(path, "record", options))
  server:stop()
  assert.same(before, replayed(path, script, more))
  local text = read(path)
  assert.falsy(text:find("secret", 1, true), "the key is in the cassette")
  return before, cjson.decode(text), path
end

local function say(text) return talk.ok(cjson.encode { candidates = { { content = { parts = { { text = text } } } } } }) end

local function asking(text)
  return function(client)
    local reply, err = client.models:generateContent { model = "m", contents = text }
    return reply and reply.text or seen(err)
  end
end

after_each(function()
  talk.stop()
  temporary.clean()
end)

describe("a cassette", function()
  it("gives what the server gave, kept so that people can read it", function()
    local answer = '{"modelVersion":"m1", "x":{"e":[], "o":{}, "n":null, "i":12345678901, "f":0.1, "one":1.0, "v":[1, 2.5]}}'
    local reply, kept, path = twice({ talk.ok(answer) }, function(client)
      local got = assert(client.models:generateContent { model = "m", contents = "Hi" })
      return { gemini.json.encode(got.x.e), gemini.json.encode(got.x.o), got.x.n, got.x.i, got.x.f, tostring(got.x.one), got.x.v[2] }
    end)
    assert.same({ "[]", "{}", gemini.null, 12345678901, 0.1, tostring(gemini.json.decode "1.0"), 2.5 }, reply)
    assert.equal(1, kept.cassette)
    assert.same({
      method = "models.generateContent", verb = "POST", path = "/v1beta/models/m:generateContent",
      body = { contents = { { role = "user", parts = { { text = "Hi" } } } } },
    }, kept.exchanges[1].request)
    assert.same({ ["content-type"] = "application/json" }, kept.exchanges[1].response.headers)
    assert.truthy(read(path):find('\n  "exchanges": [\n    {\n      "request": {\n        "body": {\n', 1, true))
    assert.truthy(read(path):find('"v": [1, 2.5]\n', 1, true))
  end)

  it("keeps numbers that this Lua can't hold", function()
    local big = twice({ talk.ok '{"name":"models/a","big":9007199254740993}' }, function(client)
      return gemini.json.encode(assert(client.models:get { name = "a" }).big)
    end)
    local _, kept = twice({ talk.ok '{"name":"models/a","huge":123456789012345678901}' }, function(client)
      return assert(client.models:get { name = "a" }).huge
    end)
    assert.equal(gemini.json.encode(gemini.json.decode "9007199254740993"), big)
    assert.equal('{"name":"models/a","huge":123456789012345678901}', kept.exchanges[1].response.text)
  end)

  it("gives equal requests their answers in turn, and a look the last one again", function()
    local answers = { say "one", say "two", talk.ok '{"name":"models/a","version":"1"}', talk.ok '{"name":"models/a","version":"2"}' }
    local _, _, path = twice(answers, function(client)
      local ask, got = asking "again", {}
      got[1], got[2] = ask(client), ask(client)
      for i = 3, 4 do got[i] = client.models:get({ name = "a" }).version end
      return got
    end)
    replayed(path, function(client)
      local versions = {}
      for i = 1, 4 do versions[i] = client.models:get({ name = "a" }).version end
      assert.same({ "1", "2", "2", "2" }, versions)
      local ask = asking "again"
      assert.same({ "one", "two" }, { ask(client), ask(client) })
      local third = ask(client)
      assert.same({ "io", 0 }, { third.kind, third.attempts })
      assert.truthy(third.message:find("its answers to that are used up (recorded: 2)", 1, true), third.message)
    end)
  end)

  it("polls an operation as often as it was polled", function()
    local looks = twice({
      talk.ok '{"name":"batches/a"}', talk.ok '{"name":"batches/a","done":false}', talk.ok '{"name":"batches/a"}',
      talk.ok '{"name":"batches/a","done":true,"response":{}}',
    }, function(client)
      local looks = 0
      local batch = assert(client.models:batchGenerateContent { model = "m", batch = { displayName = "b" } })
      assert(batch:wait { interval = 0.001, onProgress = function() looks = looks + 1 end })
      return looks
    end)
    assert.equal(3, looks)
  end)

  it("is not looked into without a pause for what it has not", function()
    local _, _, path = twice({ talk.ok '{"name":"batches/a","done":false}' }, function(client)
      return assert(client.batches:get { name = "batches/a" }).name
    end)
    replayed(path, function(client)
      local looks = 0
      local batch = assert(client.batches:get { name = "batches/a" })
      local _, err = batch:wait { interval = 0.02, timeout = 0.1, onProgress = function() looks = looks + 1 end }
      assert.equal("timeout", err.kind)
      assert.is_true(looks < 10, looks .. " looks")
    end)
  end)

  it("says how a request differs from what it has, and sends nothing", function()
    local _, _, path = twice({ say "one", say "two" }, function(client)
      return { asking "one"(client), client.models:generateContent({
        model = "m", contents = "two", generationConfig = { temperature = 0.5 },
      }).text }
    end)
    replayed(path, function(client)
      local function problem(method, args)
        local reply, err = client.models[method](client.models, args)
        assert.is_nil(reply)
        assert.same({ "io", "models." .. method, 0 }, { err.kind, err.method, err.attempts })
        return err.message
      end
      local message = problem("generateContent", { model = "m", contents = "three" })
      assert.truthy(message:find("has no answer for POST /v1beta/models/m:generateContent: in exchange 1, the nearest, "
        .. 'body.contents[1].parts[1].text is "one", and here "three"', 1, true), message)
      message = problem("generateContent", { model = "m", contents = "two", generationConfig = { temperature = 1 } })
      assert.truthy(message:find("in exchange 2, the nearest, body.generationConfig.temperature is 0.5, and here 1", 1, true), message)
      message = problem("generateContent", { model = "other", contents = "one" })
      assert.truthy(message:find("the nearest is exchange 1: POST /v1beta/models/m:generateContent", 1, true), message)
      message = problem("countTokens", { model = "m", contents = "one" })
      assert.truthy(message:find("it holds 2 exchanges, and none of models.countTokens", 1, true), message)
      local ok, raised = pcall(function()
        for _ in client.models:streamGenerateContent { model = "m", contents = "one" } do error "a chunk" end
      end)
      assert.is_false(ok)
      assert.equal("io", raised.kind)
      assert.equal(0, loop.live())
    end)
  end)

  it("gives errors, and repeats without their waits", function()
    local busy = talk.http("503 Busy", '{"error":{"code":503,"status":"UNAVAILABLE","message":"later"}}')
    local page = talk.http("400 Bad", "<html><title>no</title></html>", "Content-Type: text/html\r\n")
    local repeats
    local function script(client)
      repeats = {}
      local function onRetry(err, attempt) repeats[#repeats + 1] = { err.status, attempt } end
      local call = { retry = { delay = 0, maxDelay = 8000 }, onRetry = onRetry, timeout = 1e5 }
      local reply = client.models:generateContent({ model = "m", contents = "a" }, call)
      return { reply and reply.text, repeats, asking "b"(client) }
    end
    local got, kept, path = twice({ busy, say "well", page }, script)
    assert.same({ "well", { { "UNAVAILABLE", 1 } } }, { got[1], got[2] })
    assert.same({ "api", 400, "no" }, { got[3].kind, got[3].code, got[3].message })
    assert.equal(503, kept.exchanges[1].response.status)
    local text = read(path):gsub('"status": 503', '"headers": { "retry-after": "7200" }, "status": 503', 1)
    assert.same(got, replayed(temporary.file(text), script))
  end)

  it("gives failures of the network", function()
    local cut = { { "recv" }, { "send", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"name\": \"mod" }, { "close" } }
    local got, kept = twice({ { { "recv" }, { "close" } }, cut }, function(client)
      local one, two = asking "a"(client), asking "b"(client)
      return { one, two }
    end, { retry = false })
    assert.same({ "network", "truncated" }, { got[1].kind, got[2].kind })
    assert.truthy(got[2].message:find('{"name": "mod', 1, true))
    assert.same({ kind = "network", sent = true, message = got[1].message }, kept.exchanges[1].response.failure)
    assert.is_nil(kept.exchanges[1].response.status)
  end)

  it("gives what errors quote as it stood", function()
    local odd = '{"z":1,  "a":2}'
    local got = twice({
      talk.http("400 Bad", odd), talk.http("404 No", "[" .. odd .. "]"), talk.ok("[ 3,\t" .. odd .. "]"),
      { { "recv" }, { "send", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" .. odd }, { "close" } },
    }, function(client)
      local messages = {}
      for i = 1, 4 do messages[i] = asking("a")(client).message end
      return messages
    end, { retry = false })
    assert.same({ '{"z":1, "a":2}', '[{"z":1, "a":2}]' }, { got[1], got[2] })
    assert.equal('the answer is no JSON object: [ 3, {"z":1, "a":2}]', got[3])
    assert.truthy(got[4]:find('{"z":1, "a":2}', 1, true), got[4])
  end)

  it("goes on behind failures as the server let it", function()
    local first = '{"models":[{"name":"models/a"}],"nextPageToken":"p 2"}'
    local names = twice({
      talk.ok(first), { { "recv" }, { "close" } }, talk.ok '{"models":[{"name":"models/b"}]}',
    }, function(client)
      local names = {}
      for model in client.models:list() do names[#names + 1] = model.name end
      return names
    end)
    assert.same({ "models/a", "models/b" }, names)
  end)
end)

describe("a cassette's stream", function()
  local HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 10000\r\n\r\n"

  local function streaming(client)
    local texts = {}
    local stream = client.models:streamGenerateContent { model = "m", contents = "a" }
    local chunk, err
    repeat
      chunk, err = stream:next()
      texts[#texts + 1] = chunk and chunk.text
    until not chunk
    return { texts = texts, err = err and seen(err), partial = err and err.partial and err.partial.text }
  end

  it("has its events", function()
    local got, kept = twice({ talk.sse(talk.chunk "a" .. ": a comment\n\n" .. talk.chunk("b", "STOP")) }, streaming)
    assert.same({ texts = { "a", "b" } }, got)
    assert.equal("b", kept.exchanges[1].response.events[2].candidates[1].content.parts[1].text)
  end)

  it("is put together", function()
    local whole = twice({ talk.sse(talk.chunk "a" .. talk.chunk "b" .. talk.chunk("c", "STOP")) }, function(client)
      local stream = client.models:streamGenerateContent { model = "m", contents = "a" }
      stream:next()
      return gemini.json.encode(assert(stream:collect()).text)
    end)
    assert.equal('"abc"', whole)
  end)

  for name, body in pairs {
    ["breaks"] = talk.chunk "a" .. 'data: {"candi',
    ["holds what is no JSON"] = talk.chunk "a" .. "data: {no}\n\n",
    ["holds bytes that are no text"] = talk.chunk "a" .. "data: {\255}\n\n",
    ["holds an error"] = talk.chunk "a" .. 'data: {"error":{"code":500,"status":"INTERNAL","message":"m"}}\n\n',
    ["is none"] = '[{"candidates":[]}]',
    ["is empty"] = "",
  } do
    it(name .. ", as it did", function()
      local got = twice({ talk.sse(body) }, streaming, { retry = false })
      assert.truthy(got.err)
      if body:find("^data") then assert.same({ "a", "a" }, { got.texts[1], got.partial }) end
    end)
  end

  it("breaks in the middle of the connection", function()
    local got = twice({ { { "recv" }, { "send", HEAD .. talk.chunk "a" }, { "close" } } }, streaming, { retry = false })
    assert.same({ "truncated", "a" }, { got.err.kind, got.partial })
  end)

  it("that was left is kept as far as it was read", function()
    local function script(client)
      local texts = {}
      for chunk in client.models:streamGenerateContent { model = "m", contents = "a" } do
        texts[#texts + 1] = chunk.text
        if #texts == 2 then break end
      end
      -- Where a loop closes nothing, its stream ends with its collection.
      collectgarbage()
      collectgarbage()
      return texts
    end
    local begun = HEAD .. talk.chunk "a" .. talk.chunk "b"
    local got, _, path = twice({ { { "recv" }, { "send", begun }, { "recv" } } }, script)
    assert.same({ "a", "b" }, got)
    replayed(path, function(client)
      local further = streaming(client)
      assert.same({ { "a", "b" }, "cancelled" }, { further.texts, further.err.kind })
      assert.truthy(further.err.message:find("when the cassette was recorded", 1, true))
    end)
  end)

  it("that a program leaves at its end is kept", function()
    local server, path = loopback.start { { { "recv" }, { "send", HEAD .. talk.chunk "a" }, { "recv" } } }, temporary.file()
    local output, status = run.lua(([[
      local client = require("gemini").new { replay = %q, baseUrl = %q, apiKey = "k" }
      kept = client.models:streamGenerateContent { model = "m", contents = "a" }
      print(kept:next().text)
    ]]):format(path, server.url))
    server:stop()
    assert.same({ "a\n", 0 }, { output, status })
    assert.equal(1, #cjson.decode(read(path)).exchanges[1].response.events)
  end)

  it("of an interaction is taken up again", function()
    local function event(id, fields) return "data: " .. cjson.encode(fields):gsub("^{", '{"event_id":"' .. id .. '",') .. "\n\n" end
    local created = event("e1", { event_type = "interaction.created", interaction = { id = "v1_a", status = "in_progress" } })
    local started = event("e2", { event_type = "step.start", index = 0, step = { type = "model_output" } })
    local function delta(id, text)
      return event(id, { event_type = "step.delta", index = 0, delta = { type = "text", text = text } })
    end
    local completed = event("e5", {
      event_type = "interaction.completed", interaction = { id = "v1_a", status = "completed" },
    })
    local got, kept = twice({
      { { "recv" }, { "send", HEAD .. created .. started .. delta("e3", "Hel") }, { "close" } },
      talk.sse(delta("e4", "lo") .. completed),
    }, function(client)
      local stream = client.interactions:create { model = "m", input = "Hi", stream = true }
      return assert(stream:collect()).steps[1].content[1].text
    end)
    assert.equal("Hello", got)
    assert.equal("truncated", kept.exchanges[1].response.failure.kind)
    assert.equal("/v1beta/interactions/v1_a?last_event_id=e3&stream=true", kept.exchanges[2].request.path)
  end)
end)

describe("a cassette's media", function()
  it("are known by their size and their hash, whatever stands between them", function()
    local file = temporary.file(("x"):rep(70000), ".txt")
    local got, kept = twice({
      talk.ok '{"file":{"name":"files/a","sizeBytes":"5"}}', talk.ok '{"file":{"name":"files/b","sizeBytes":"70000"}}',
    }, function(client)
      local one = assert(client.media:upload { data = "hello", mimeType = "text/plain", displayName = "n" })
      return { one.name, assert(client.media:upload { path = file, displayName = "n" }).name }
    end)
    assert.same({ "files/a", "files/b" }, got)
    assert.same({
      size = 5, sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", mimeType = "text/plain",
      metadata = { file = { displayName = "n", mimeType = "text/plain" } },
    }, kept.exchanges[1].request.media)
    assert.equal(70000, kept.exchanges[2].request.media.size)
  end)

  it("that are others are refused", function()
    local _, _, path = twice({ talk.ok '{"file":{"name":"files/a"}}' }, function(client)
      return assert(client.media:upload { data = "hello", mimeType = "text/plain" }).name
    end)
    local file, err = replayed(path, function(client) return client.media:upload { data = "hullo", mimeType = "text/plain" } end)
    assert.is_nil(file)
    assert.equal("io", err.kind)
    assert.truthy(err.message:find("in exchange 1, the nearest, media.sha256 is \"2cf24dba", 1, true), err.message)
  end)

  it("are sent by a session, which goes on where it broke", function()
    local function script(client)
      local given = ("a"):rep(262144) .. ("b"):rep(262144) .. "c"
      local file = assert(client.media:upload({
        data = given, mimeType = "text/plain", protocol = "resumable", chunkSize = 262144,
      }, { retry = { delay = 0 } }))
      return { file.name, file.sizeBytes }
    end
    local path = temporary.file(nil, ".json")
    local server = emulator.start { delay = 0 }
    assert(server.fail { { command = "upload", after = 1, dropRequest = 100000 } })
    local before = script(with(path, "record", { baseUrl = server.url }))
    server.stop()
    assert.same(before, replayed(path, script))
    local text = read(path)
    assert.truthy(text:find('"x-goog-upload-url": "{baseUrl}/upload/', 1, true), text)
    assert.truthy(text:find('"x-goog-upload-command": "query"', 1, true))
    assert.falsy(text:find("127.0.0.1:%d%d%d%d", 1))
  end)

  it("come down: bytes, text, in parts, and from another place", function()
    local bytes = "\0\255PNG" .. ("y"):rep(300000)
    local ranged = "HTTP/1.1 200 OK\r\nContent-Length: 300005\r\nETag: e\r\n\r\n" .. bytes:sub(1, 1000)
    local rest = talk.http("206 Partial", bytes:sub(1001), "Content-Range: bytes 1000-300004/300005\r\nETag: e\r\n")
    local target = temporary.file()
    local got, kept = twice({
      talk.http("302 Found", "", "Location: /there?x=1\r\n"), talk.http("200 OK", bytes),
      talk.http("200 OK", '{"a": 1}\n{"a":2}\n', "Content-Type: application/jsonl\r\n"),
      { { "recv" }, { "send", ranged }, { "close" } }, rest,
      talk.http("404 Not Found", '{"error":{"code":404,"status":"NOT_FOUND","message":"none"}}'),
    }, function(client)
      local out, total = {}, nil
      out[1] = client.files:download { name = "f", onProgress = function(_, all) total = all end } == bytes
      out[2] = total
      out[3] = client.files:download { name = "g" }
      assert(client.files:download { name = "h", path = target })
      out[4] = read(target) == bytes
      os.remove(target)
      local _, err = client.files:download { name = "i", path = target }
      out[5] = { err.status, io.open(target) == nil }
      return out
    end)
    assert.same({ true, 300005, '{"a": 1}\n{"a":2}\n', true, { "NOT_FOUND", true } }, got)
    assert.equal("/there?x=1", kept.exchanges[2].request.path)
    assert.equal("string", type(kept.exchanges[2].response.base64))
    assert.equal("bytes=1000-", kept.exchanges[5].request.headers.range)
  end)
end)

describe("a cassette of the emulator", function()
  local server, path

  before_each(function()
    server = emulator.start { delay = 0, work = 0.05 }
    path = temporary.file(nil, ".json")
  end)
  after_each(function() server.stop() end)

  local function same(script)
    local before = script(with(path, "record", { baseUrl = server.url }))
    server.stop()
    assert.same(before, replayed(path, script))
    return before
  end

  it("has a batch and its results", function()
    local texts = same(function(client)
      local batch = assert(client.models:batchGenerateContent {
        model = "gemini-2.5-flash", batch = { inputConfig = { requests = { requests = { { request = { contents = "q" } } } } } },
      })
      local done, texts = assert(batch:wait { interval = 0.02 }), {}
      for each in done:results() do texts[#texts + 1] = each.response.text end
      return texts
    end)
    assert.equal(1, #texts)
  end)

  it("does not wait between two looks", function()
    local function script(client, interval)
      local file = assert(client.media:upload { data = "a", mimeType = "video/mp4" })
      local active = assert(client.files:waitActive { name = file.name, interval = interval })
      return { active.state, (active.uri:gsub("^http://[^/]*", "")) }
    end
    local before = script(with(path, "record", { baseUrl = server.url }), 0.01)
    server.stop()
    assert.same(before, replayed(path, function(client) return script(client, 3600) end))
  end)

  it("leads to no other place: what named the server names the client's", function()
    local function script(client)
      local file = assert(client.media:upload { data = "a", mimeType = "text/plain" })
      local reply = assert(client.models:generateContent {
        model = "gemini-2.5-flash",
        contents = { { fileData = { fileUri = file.uri, mimeType = "text/plain" } }, "literally {baseUrl} and {baseUrl.}" },
      })
      return { file.uri, reply.text }
    end
    local before = script(with(path, "record", { baseUrl = server.url }))
    local after = replayed(path, script)
    assert.equal(server.url .. before[1]:sub(#server.url + 1), before[1])
    assert.equal(NOWHERE .. before[1]:sub(#server.url + 1), after[1])
    assert.equal(before[2], after[2])
    assert.truthy(after[2]:find("literally {baseUrl} and {baseUrl.}", 1, true), after[2])
  end)

  it("gives packed vectors, and what another codec reads", function()
    local size = same(function(client)
      local reply = assert(client.models:embedContent { model = "gemini-embedding-001", content = "a", packed = true })
      return { #reply.embedding.values, reply.embedding.values:toTable() }
    end)
    assert.is_true(size[1] > 100)
    replayed(path, function(client)
      local reply = assert(client.models:embedContent { model = "gemini-embedding-001", content = "a" })
      assert.equal(size[1], #reply.embedding.values)
    end, { json = cjson })
  end)

  it("answers calls at the same time, in whatever order they come", function()
    local names = { "a", "b", "c", "d", "e", "f" }
    local function texts(client, list)
      local got = gemini.map(list, function(name)
        return assert(client.models:generateContent { model = "gemini-2.5-flash", contents = name }).text
      end, { concurrency = 3 })
      local by = {}
      for i, name in ipairs(list) do by[name] = got[i] end
      return by
    end
    local before = texts(with(path, "record", { baseUrl = server.url }), names)
    server.stop()
    assert.same(before, replayed(path, function(client) return texts(client, { "f", "c", "a", "e", "b", "d" }) end))
  end)
end)

describe("the mode", function()
  local path

  before_each(function() path = temporary.file(nil, ".json") end)

  it("auto sends what the cassette has not, and keeps it", function()
    local server = loopback.start { talk.last(say "one"), talk.last(say "two") }
    assert.equal("one", asking "a"(with(path, nil, { baseUrl = server.url })))
    local client = with(path, "auto", { baseUrl = server.url })
    assert.same({ "one", "two" }, { asking "a"(client), asking "b"(client) })
    assert.equal(2, #server:requests())
    server:stop()
    assert.equal(2, #cjson.decode(read(path)).exchanges)
    client = with(path, nil, { retry = false })
    assert.same({ "one", "two" }, { asking "a"(client), asking "b"(client) })
    assert.equal("network", asking "a"(client).kind)
  end)

  it("auto needs a key where something has to be sent, and then alone", function()
    local _, _, recorded = twice({ say "one" }, asking "a")
    local getenv = os.getenv
    os.getenv = function() return nil end -- luacheck: ignore 122
    local client = gemini.new { replay = recorded, baseUrl = NOWHERE }
    os.getenv = getenv -- luacheck: ignore 122
    assert.equal("one", asking "a"(client))
    assert.same({
      kind = "io", attempts = 0, message = "no API key: give apiKey, or set GEMINI_API_KEY in the environment",
    }, asking "b"(client))
  end)

  it("record sends all, and begins anew", function()
    local _, _, recorded = twice({ say "one", say "two" }, function(client) return { asking "a"(client), asking "b"(client) } end)
    local server = loopback.start { talk.last(say "new") }
    assert.equal("new", asking "a"(with(recorded, "record", { baseUrl = server.url })))
    server:stop()
    assert.equal(1, #cjson.decode(read(recorded)).exchanges)
  end)

  it("replay shows requests and answers to those who look", function()
    local seenThen = {}
    local function script(client)
      local answer = asking "a"(client)
      return answer
    end
    local _, _, recorded = twice({ say "one" }, script)
    replayed(recorded, script, {
      onRequest = function(request) seenThen[#seenThen + 1] = request.verb end,
      onResponse = function(response) seenThen[#seenThen + 1] = response.status end,
    })
    assert.same({ "POST", 200 }, seenThen)
  end)

  it("replay knows no minute and no queue", function()
    local _, _, recorded = twice({ say "one", say "two" }, function(client)
      return { asking "a"(client), asking "b"(client) }
    end)
    replayed(recorded, function(client)
      assert.same({ "one", "two" }, { asking "a"(client), asking "b"(client) })
    end, { limit = { perMinute = 1 } })
  end)
end)

describe("a cassette's file", function()
  local function problem(options)
    options.apiKey = KEY
    local ok, raised = pcall(gemini.new, options)
    assert.is_false(ok)
    return (raised:gsub("^.-gemini.new: ", "", 1))
  end

  local function refused(text, mode)
    local path = temporary.file(text)
    return (problem({ replay = path, mode = mode }):gsub(path:gsub("%p", "%%%0"), "FILE"))
  end

  it("has to be one", function()
    for _, mode in ipairs { "auto", "replay", "record" } do
      assert.equal("FILE is no cassette", refused("{}", mode))
      assert.equal("FILE is no cassette: it has no exchanges", refused('{"cassette":1}', mode))
      for _, exchange in ipairs {
        "{}", '{"request":{"verb":"GET"},"response":{"status":200}}', '{"request":{"verb":"GET","path":"/"},"response":{}}',
      } do
        assert.equal("FILE is no cassette: exchange 1 is none", refused('{"cassette":1,"exchanges":[' .. exchange .. "]}", mode))
      end
      assert.equal("FILE is a cassette of another version of lua-gemini", refused('{"cassette":2}', mode))
      assert.truthy(refused("print 'hello'", mode):find "^FILE is no cassette: .* at byte")
      assert.truthy(refused("", mode):find "^FILE is no cassette: ")
    end
    assert.equal("/nowhere/x.json: No such file or directory", problem { replay = "/nowhere/x.json", mode = "replay" })
  end)

  it("is named by replay, and mode says what for", function()
    assert.equal("mode is for a cassette: give replay, the name of its file", problem { mode = "auto" })
    assert.equal('mode must be "record", "replay" or "auto", got "replya"', problem { replay = "x", mode = "replya" })
    assert.equal('replay must be the name of a file, got ""', problem { replay = "" })
  end)

  it("is looked at before anything is sent that it could not keep", function()
    local server = loopback.start { talk.last(say "one") }
    local got = asking "a"(with("/nowhere/x.json", "record", { baseUrl = server.url }))
    assert.same({
      kind = "io", attempts = 0, message = "the cassette can't be written: /nowhere/x.json.new: No such file or directory",
    }, got)
    assert.equal(0, #server:requests())
    server:stop()
  end)

  it("is whole after each exchange", function()
    local path = temporary.file(nil, ".json")
    local server = loopback.start { talk.last(say "one"), talk.last(say "two") }
    local client = with(path, "record", { baseUrl = server.url })
    for i, text in ipairs { "one", "two" } do
      assert.equal(text, asking(text)(client))
      assert.equal(i, #cjson.decode(read(path)).exchanges)
    end
    server:stop()
    assert.equal(read(path), (function()
      local again = temporary.file(nil, ".json")
      server = loopback.start { talk.last(say "one"), talk.last(say "two") }
      client = with(again, "record", { baseUrl = server.url })
      asking "one"(client)
      asking "two"(client)
      server:stop()
      return read(again)
    end)())
  end)

  it("holds nothing of a call that was ended before its answer began", function()
    local path = temporary.file(nil, ".json")
    local server = loopback.start { { { "recv" }, { "recv" } } }
    local client = with(path, "record", { baseUrl = server.url })
    gemini.run(function()
      local task = gemini.spawn(asking "a", client)
      gemini.sleep(0.02)
      task:cancel()
    end)
    server:stop()
    assert.is_nil(io.open(path))
  end)
end)

describe("the key", function()
  local function base64Of(text) return gemini.base64.encode(text) end

  local function percent(text, form)
    return (text:gsub("[^%w-]", function(byte) return ("%%" .. form):format(byte:byte()) end))
  end

  local UPPER, LOWER = percent(KEY, "%02X"), percent(KEY, "%02x")

  it("is in no text of JSON that is kept as it stands, however that escapes it", function()
    local slashed = KEY:gsub("/", "\\/") .. ""
    local function coded(form) return (KEY:gsub("[^%w-]", function(byte) return ("\\u" .. form):format(byte:byte()) end)) end
    for _, key in ipairs { slashed, coded "%04x", coded "%04X" } do
      local path = temporary.file(nil, ".json")
      local broken = "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{\"a\":\"" .. key .. '","b'
      local server = loopback.start {
        talk.last(talk.http("400 Bad", '{"why":"' .. key .. '"}')), { { "recv" }, { "send", broken }, { "close" } },
      }
      local client = with(path, "record", { baseUrl = server.url, retry = false })
      assert.equal(400, asking "a"(client).code)
      assert.equal("truncated", asking "b"(client).kind)
      server:stop()
      local text = read(path)
      assert.falsy(text:find("secret", 1, true), text)
      assert.truthy(text:find('"text": "{\\"why\\":\\"(redacted)\\"}"', 1, true), text)
    end
  end)

  for name, options in pairs {
    ["as a key"] = { apiKey = KEY },
    ["as a token"] = { token = KEY, apiKey = false },
    ["as a function's token"] = { token = function() return KEY end, apiKey = false },
  } do
    it("is in no cassette, though the server repeats it: " .. name, function()
      local answers = {
        talk.ok(cjson.encode { text = KEY, [KEY] = 1, url = UPPER, low = LOWER, b = base64Of("ab" .. KEY .. "c") }),
        talk.ok("a text with " .. KEY),
        talk.http("400 Bad", "\255" .. KEY, "Content-Type: " .. KEY .. "\r\nX-Goog-Upload-URL: /" .. KEY .. "\r\nX-Other: 1\r\n"),
        talk.http("302 Found", "", "Location: /x?key=" .. KEY .. "\r\n"),
        talk.http("200 OK", "\0\1" .. KEY .. "\255"),
        talk.sse(talk.chunk(KEY) .. "data: " .. KEY .. "\n\n"),
        { { "recv" }, { "send", "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{\"a\":\"" .. KEY:sub(1, -3) }, { "close" } },
      }
      local scripts = {}
      for i, answer in ipairs(answers) do scripts[i] = type(answer) == "table" and answer or talk.last(answer) end
      local path = temporary.file(nil, ".json")
      local server = loopback.start(scripts)
      local given = { replay = path, mode = "record", baseUrl = server.url, retry = false }
      for option, value in pairs(options) do given[option] = value or nil end
      local client = gemini.new(given)
      for _ = 1, 3 do client.models:generateContent { model = "m", contents = "the key is " .. KEY } end
      client.files:download { name = "a" }
      client.files:download { name = "b" }
      client.models:streamGenerateContent({ model = "m", contents = "a" }):collect()
      client.models:generateContent { model = "m", contents = "z" }
      assert.equal(7, #server:requests())
      server:stop()
      local text = read(path)
      assert.equal(7, #cjson.decode(text).exchanges)
      for _, form in ipairs {
        KEY, KEY:gsub("/", "\\/") .. "", UPPER, LOWER, "secret", base64Of(KEY):sub(1, -5),
        base64Of("a" .. KEY):sub(5, -5), base64Of("ab" .. KEY):sub(5, -5), KEY:sub(1, -3),
      } do
        assert.falsy(text:find(form, 1, true), form .. " is in:\n" .. text)
      end
      assert.truthy(text:find("the key is (redacted)", 1, true))
    end)
  end
end)
