local calling = require "spec.support.calling"
local cjson = require "cjson"
local gemini = require "gemini"
local loop = require "gemini.loop"
local talk = require "spec.support.talk"

local function user(text) return { role = "user", parts = { { text = text } } } end
local function model(...)
  local parts = {}
  for i, text in ipairs { ... } do parts[i] = { text = text } end
  return { role = "model", parts = parts }
end

local BLOCKED = talk.ok '{"promptFeedback":{"blockReason":"SAFETY"}}'
local REFUSED = talk.ok '{"candidates":[{"content":{"parts":[{"text":"I w"}]},"finishReason":"SAFETY"}]}'
local EMPTY = talk.ok '{"candidates":[{"content":{"role":"model","parts":[{"text":""}]},"finishReason":"STOP"}]}'
local FAILED = talk.http("400 Bad Request", '{"error":{"code":400,"message":"no","status":"INVALID_ARGUMENT"}}')

local function read(stream)
  local texts = {}
  while true do
    local chunk, err = stream:next()
    if not chunk then return table.concat(texts), err end
    texts[#texts + 1] = chunk.text
  end
end

describe("a chat", function()
  after_each(talk.stop)

  it("sends its turns again, with what it was told for each request", function()
    local client = talk.answering(calling.text "Hello!", calling.text "Six.")
    local chat = client:chat {
      model = "m", systemInstruction = "Be brief.", generationConfig = { temperature = 0 }, tools = { { googleSearch = {} } },
    }
    assert.equal("Hello!", assert(chat:send "Hi.").text)
    assert.equal("Six.", assert(chat:send { "How many?", { inlineData = { mimeType = "image/png", data = "AAAA" } } }).text)
    local second = talk.sent(2)
    assert.equal("/v1beta/models/m:generateContent", second.target)
    assert.same({ parts = { { text = "Be brief." } } }, second.body.systemInstruction)
    assert.same({ temperature = 0 }, second.body.generationConfig)
    local asked = { role = "user", parts = { { text = "How many?" }, { inlineData = { mimeType = "image/png", data = "AAAA" } } } }
    assert.same({ user "Hi.", model "Hello!", asked }, second.body.contents)
    assert.same({ user "Hi.", model "Hello!", asked, model "Six." }, chat.history)
    assert.equal("gemini.chat with m: 4 contents", tostring(chat))
  end)

  it("merges a stream's chunks into one content, with thoughts and signatures", function()
    local client = talk.answering(calling.stream({ text = "Hm", thought = true }, { text = ", well.", thought = true }, "Hel", "lo",
      { text = "", thoughtSignature = "c2ln" }), calling.stream "Bye.")
    local chat = client:chat { model = "m" }
    assert.equal("Hello", (read(chat:stream "Hi.")))
    assert.same({ user "Hi.", { role = "model", parts = {
      { text = "Hm, well.", thought = true }, { text = "Hello" }, { text = "", thoughtSignature = "c2ln" },
    } } }, chat.history)
    assert.equal("Bye.", assert(chat:stream("Go."):collect()).text)
    assert.same(chat.history[2], talk.sent(2).body.contents[2])
    assert.equal("/v1beta/models/m:streamGenerateContent?alt=sse", talk.sent(2).target)
  end)

  for name, answer in pairs { blocked = BLOCKED, refused = REFUSED, empty = EMPTY } do
    it("is as it was behind an answer that was " .. name, function()
      local client = talk.answering(calling.text "a", answer, calling.text "c")
      local chat = client:chat { model = "m" }
      assert(chat:send "1")
      assert(chat:send "2")
      assert.same({ user "1", model "a" }, chat.history)
      assert(chat:send "3")
      assert.same({ user "1", model "a", user "3" }, talk.sent(3).body.contents)
    end)
  end

  it("is as it was behind an error", function()
    local blocked = talk.sse 'data: {"promptFeedback":{"blockReason":"OTHER"}}\n\n'
    local client = talk.answering(calling.text "a", FAILED, talk.sse(talk.chunk "half"), blocked)
    local chat = client:chat { model = "m" }
    assert(chat:send "1")
    local before = gemini.json.encode(chat.history)
    local _, err = chat:send "2"
    assert.equal("INVALID_ARGUMENT", err.status)
    local text
    text, err = read(chat:stream "3")
    assert.same({ "half", "truncated", "half" }, { text, err.kind, err.partial.text })
    assert.equal("OTHER", chat:stream("4"):next().blockReason)
    assert.equal(before, gemini.json.encode(chat.history))
  end)

  it("keeps what was said where a stream is left, and marks it", function()
    local client = talk.answering(calling.stream("One", " two", " three"), calling.text "ok", calling.text "fine")
    local chat = client:chat { model = "m" }
    local stream = chat:stream "Count."
    assert.equal("One", stream:next().text)
    assert.equal(" two", stream:next().text)
    stream:close()
    assert.same({ { text = "One two", partMetadata = { interrupted = true } } }, chat.history[2].parts)
    assert.same(user "Count.", chat.history[1])
    assert(chat:send "Go on.")
    assert.same({ user "Count.", model "One two", user "Go on." }, talk.sent(2).body.contents)
    -- Saved and loaded, it is marked still.
    local again = client:chat { model = "m", history = cjson.decode(cjson.encode(chat.history)) }
    assert(again:send "And?")
    assert.same(model "One two", talk.sent(3).body.contents[2])
    assert.is_true(again.history[2].parts[1].partMetadata.interrupted)
  end)

  it("has no turn of a stream that was left before it said anything", function()
    local client = talk.answering(calling.stream "One")
    local chat = client:chat { model = "m" }
    local stream = chat:stream "Count."
    stream:close()
    assert.same({}, chat.history)
  end)

  it("ends a stream whose reader says something else", function()
    local client = talk.answering(calling.stream("One", " two"), calling.text "ok")
    local chat = client:chat { model = "m" }
    local stream = chat:stream "Count."
    assert.equal("One", stream:next().text)
    assert(chat:send "Something else.")
    assert.equal("cancelled", select(2, stream:next()).kind)
    assert.same({ user "Count.", model "One", user "Something else." }, talk.sent(2).body.contents)
  end)

  it("ends a stream that its caller has never read", function()
    local client, server = talk.answering(calling.stream "One", calling.text "ok")
    local chat = client:chat { model = "m" }
    local stream = chat:stream "Count."
    while #server:requests() == 0 do gemini.sleep(0.01) end
    assert(chat:send "Something else.")
    assert.equal("cancelled", select(2, stream:next()).kind)
    assert.same({ user "Something else.", model "ok" }, chat.history)
  end)

  it("takes the turns of several tasks one after the other", function()
    local client, server = talk.answering(calling.text "a", calling.stream("b", "b"), calling.text "c")
    local chat = client:chat { model = "m" }
    local results = gemini.all {
      function() return chat:send("1").text end,
      function()
        local stream = chat:stream "2"
        gemini.sleep(0.02)
        assert.equal(1 + 1, #server:requests())
        return (read(stream))
      end,
      function() return chat:send("3").text end,
    }
    assert.same({ "a", "bb", "c" }, { results[1], results[2], results[3] })
    assert.same({ user "1", model "a", user "2", model "bb", user "3", model "c" }, chat.history)
    assert.same({ user "1", model "a", user "2", model "bb", user "3" }, talk.sent(3).body.contents)
  end)

  it("goes on when a task that had its turn was cancelled, or has dropped its stream", function()
    local client = talk.answering(calling.stream("One", " two"), calling.stream("Three", " four"), calling.text "ok")
    local chat = client:chat { model = "m" }
    gemini.run(function()
      local left = gemini.spawn(function()
        local stream = chat:stream "1"
        stream:next()
        gemini.sleep(60)
        stream:next()
      end)
      local forgetful = gemini.spawn(function()
        chat:stream("2"):next()
        gemini.sleep(60)
      end)
      local last = gemini.spawn(function() return chat:send("3").text end)
      gemini.sleep(0.05)
      left:cancel()
      assert.equal("ok", last:await())
      forgetful:cancel()
    end)
    assert.equal("ok", chat.history[#chat.history].parts[1].text)
    assert.equal(6, #chat.history)
  end)

  it("gives a turn up with the task that waits for it", function()
    local client, server = talk.answering(calling.text "a")
    local chat = client:chat { model = "m" }
    local first = gemini.spawn(chat.send, chat, "1")
    local second = gemini.spawn(chat.send, chat, "2")
    second:cancel()
    assert.equal("cancelled", select(2, second:await()).kind)
    assert.equal("a", first:await().text)
    assert.equal(1, #server:requests())
  end)

  it("can be forked and undone", function()
    local client = talk.answering(calling.text "a", calling.answer(calling.part "f"), calling.text "b", calling.text "c", calling.text "d")
    local chat = client:chat { model = "m", tools = calling.tools { f = function() return 1 end } }
    assert(chat:send "1")
    local other = chat:fork()
    assert(chat:send "2")
    assert.equal(6, #chat.history)
    assert.equal(2, #other.history)
    assert(other:send "3")
    assert.same({ user "1", model "a", user "3" }, talk.sent(4).body.contents)
    assert.equal("f", talk.sent(4).body.tools[1].functionDeclarations[1].name)
    local undone = chat:undo()
    assert.equal(4, #undone)
    assert.same(user "2", undone[1])
    assert.same({ user "1", model "a" }, chat.history)
    assert.equal(2, #chat:undo())
    assert.is_nil(chat:undo())
    assert(chat:send "4")
    assert.same({ user "4" }, talk.sent(5).body.contents)
    assert.equal(4, #other.history)
  end)

  it("takes back what was left in the midst", function()
    local client = talk.answering(calling.text "a", calling.stream("One", " two"), calling.text "c")
    local chat = client:chat { model = "m" }
    assert(chat:send "1")
    local stream = chat:stream "Count."
    assert(stream:next())
    local undone = chat:undo()
    assert.same(user "Count.", undone[1])
    assert.equal("One", undone[2].parts[1].text)
    assert.equal("cancelled", select(2, stream:next()).kind)
    assert(chat:send "2")
    assert.same({ user "1", model "a", user "2" }, talk.sent(3).body.contents)
  end)

  it("has calls and what came of them in its history", function()
    local client = talk.answering(calling.answer(calling.part("add", { a = 1, b = 2 }, "1", "c2ln")), calling.text "Three.",
      calling.stream("So:", calling.part("add", { a = 3, b = 4 }, "2")), calling.stream "Seven.", calling.text "Bye.")
    local chat = client:chat { model = "m", tools = calling.tools { add = function(args) return args.a + args.b end } }
    assert.equal("Three.", assert(chat:send "1 and 2?").text)
    assert.equal("So:Seven.", (read(chat:stream "3 and 4?")))
    assert(chat:send "Thanks.")
    local contents = talk.sent(5).body.contents
    assert.equal(9, #contents)
    assert.same({ role = "model", parts = { calling.part("add", { a = 1, b = 2 }, "1", "c2ln") } }, contents[2])
    assert.same({ id = "1", name = "add", response = { output = 3 } }, contents[3].parts[1].functionResponse)
    assert.same({ { text = "So:" }, calling.part("add", { a = 3, b = 4 }, "2") }, contents[6].parts)
    assert.same({ output = 7 }, contents[7].parts[1].functionResponse.response)
    assert.same(model "Seven.", contents[8])
  end)

  it("answers calls that nobody has carried out before it goes on", function()
    local client = talk.answering(calling.answer(calling.part("mine", { a = 1 }, "7")), calling.text "Never mind.",
      calling.answer(calling.part "mine"), calling.text "Good.")
    local chat = client:chat { model = "m", tools = calling.tools { mine = false } }
    assert.equal("mine", assert(chat:send "Go.").functionCalls[1].name)
    assert(chat:send "Leave it.")
    assert.same({
      { functionResponse = { id = "7", name = "mine", response = { error = "it was not carried out" } } }, { text = "Leave it." },
    }, talk.sent(2).body.contents[3].parts)
    assert(chat:send "Again.")
    assert(chat:send { functionResponse = { name = "mine", response = { output = 5 } } })
    assert.same({ { functionResponse = { name = "mine", response = { output = 5 } } } }, talk.sent(4).body.contents[7].parts)
  end)

  it("keeps what functions did where its stream is left behind them", function()
    local client = talk.answering(calling.stream(calling.part("f", nil, "1")), calling.stream("a", "b"), calling.text "x")
    local chat = client:chat { model = "m", tools = calling.tools { f = function() return "done" end } }
    local stream = chat:stream "Go."
    assert(stream:next())
    assert.equal("a", stream:next().text)
    stream:close()
    assert.equal(4, #chat.history)
    assert.same({ output = "done" }, chat.history[3].parts[1].functionResponse.response)
    assert.equal("a", chat.history[4].parts[1].text)
  end)

  it("refuses a function of its own to speak in it", function()
    local client = talk.answering(calling.answer(calling.part "f"), calling.text "x")
    local chat, raised
    chat = client:chat { model = "m", tools = calling.tools { f = function()
      raised = select(2, pcall(chat.send, chat, "in between"))
      error(raised, 0)
    end } }
    assert(chat:send "Go.")
    assert.truthy(raised:find("chat:send: a function that the model has called can't speak in the same chat", 1, true), raised)
  end)

  it("copies the history that it is given", function()
    local client = talk.answering(calling.text "b")
    local given = { user "1", model "a" }
    local chat = client:chat { model = "m", history = given }
    assert(chat:send "2")
    assert.equal(2, #given)
    chat.history[1].parts[1].text = "changed"
    assert.equal("1", given[1].parts[1].text)
  end)

  for message, make in pairs {
    ["chat: unknown option 'modle', did you mean 'model'?"] = function(client) client:chat { modle = "m" } end,
    ["chat: unknown option 'contents'"] = function(client) client:chat { model = "m", contents = "x" } end,
    ["chat: model must be a string, got nil"] = function(client) client:chat {} end,
    ["chat: expected a table of options, got nil"] = function(client) client:chat() end,
    ["chat: call it with a colon: client:chat{…}"] = function(client) client.chat { model = "m" } end,
    ['chat: history[1] must be a content with parts and the role "user" or "model"'] =
      function(client) client:chat { model = "m", history = { "x" } } end,
    ["chat: history must be a list of contents, and has names"] =
      function(client) client:chat { model = "m", history = { role = "user" } } end,
    ["chat:send: message must be a string or a table, got nil"] = function(client) client:chat({ model = "m" }):send() end,
    ["chat:send: message has no parts"] = function(client) client:chat({ model = "m" }):send { role = "user", parts = {} } end,
    ["chat:stream: message must be one turn of the user's"] = function(client) client:chat({ model = "m" }):stream(model "x") end,
    ["chat:send: call it with a colon"] = function(client) client:chat({ model = "m" }).send "x" end,
    ["chat:send: onToolCall must be a function, got 1"] = function(client) client:chat({ model = "m", onToolCall = 1 }):send "x" end,
    ["chat:send: generationConfig.candidateCount"] = function(client)
      client:chat({ model = "m", generationConfig = { candidateCount = 0 / 0 } }):send "x"
    end,
  } do
    it("refuses with: " .. message, function()
      local client, server = talk.answering(calling.text "x")
      local ok, raised = pcall(make, client)
      assert.is_false(ok)
      assert.truthy(raised:find(message, 1, true), raised)
      assert.truthy(raised:find("chats_spec", 1, true), raised)
      assert.equal(0, #server:requests())
    end)
  end

  it("has its turn back when a message was refused", function()
    local client = talk.answering(calling.text "x")
    local chat = client:chat { model = "m" }
    assert.is_false(pcall(chat.send, chat, nil))
    assert.equal("x", assert(chat:send "1").text)
  end)

  if _VERSION == "Lua 5.4" then
    it("keeps what was said where the loop is left", function()
      local client = talk.answering(calling.stream("One", " two"))
      local chat = client:chat { model = "m" }
      assert(load([[
        local chat = ...
        for chunk in chat:stream "Count." do if chunk.text == "One" then break end end
      ]]))(chat)
      assert.same({ { text = "One", partMetadata = { interrupted = true } } }, chat.history[2].parts)
      assert.equal(0, loop.live())
    end)
  end

  it("shows no key in what it gives out", function()
    local client = talk.answering(calling.text "x")
    local chat = client:chat { model = "m" }
    assert(chat:send "1")
    local seen = {}
    local function walk(value)
      if type(value) == "string" then assert.falsy(value:find("k-secret-1", 1, true)) end
      if type(value) ~= "table" or seen[value] then return end
      seen[value] = true
      for name, inner in next, value do walk(name) walk(inner) end
      local meta = getmetatable(value)
      if type(meta) == "table" then walk(meta) end
    end
    walk(chat)
    assert.is_true(seen[chat])
  end)
end)
