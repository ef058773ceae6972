---A chat that its own hook spoke to waited for itself for ever, or ended its stream; on PUC Lua 5.1 so did one whose
---turn a pcall had cut off. Each of those who waited for a turn had all memory collected, every second.

local calling = require "spec.support.calling"
local gemini = require "gemini"
local talk = require "spec.support.talk"

local PROBLEM = "a function that the model has called can't speak in the same chat, nor can onToolCall"

describe("a chat's turn", function()
  after_each(talk.stop)

  for name, speak in pairs {
    send = function(chat) return chat:send "Go." end,
    stream = function(chat) return chat:stream("Go."):collect() end,
  } do
    it("can't be taken by its own hook: " .. name, function()
      local client, server = talk.answering(calling.answer(calling.part "f"), calling.text "x")
      if name == "stream" then
        client, server = talk.answering(calling.stream(calling.part "f"), calling.stream "x")
      end
      local chat, raised, inTask
      chat = client:chat { model = "m", tools = calling.tools { f = function() end }, onToolCall = function()
        raised = select(2, pcall(chat[name], chat, "in between"))
        gemini.spawn(function() inTask = select(2, pcall(chat[name], chat, "in a task")) end)
      end }
      local reply = assert(gemini.run(speak, chat))
      assert.equal("x", reply.text)
      assert.truthy(raised:find(("chat:%s: %s"):format(name, PROBLEM), 1, true), raised)
      assert.truthy(inTask:find(PROBLEM, 1, true), inTask)
      assert.equal(2, #server:requests())
      assert.equal(4, #chat.history)
    end)

    it("can't be taken by its own hook, outside of tasks: " .. name, function()
      local client = talk.answering(calling.answer(calling.part "f"), calling.text "x")
      if name == "stream" then client = talk.answering(calling.stream(calling.part "f"), calling.stream "x") end
      local chat, raised
      chat = client:chat { model = "m", tools = calling.tools { f = function() end }, onToolCall = function()
        assert.is_nil(chat:undo())
        raised = select(2, pcall(chat[name], chat, "in between"))
      end }
      assert.equal("x", assert(speak(chat)).text)
      assert.truthy(raised:find(PROBLEM, 1, true), raised)
      assert.equal(4, #chat.history)
    end)
  end

  it("is over where who had it speaks again", function()
    local client = talk.answering(calling.text "a", calling.text "b")
    local chat = client:chat { model = "m" }
    local task = gemini.spawn(function()
      pcall(chat.send, chat, "1")
      return chat:send "2"
    end)
    assert.is_table((gemini.timeout(5, task.await, task)))
  end)

  it("is over where a coroutine that reads its stream is forgotten", function()
    local client = talk.answering(calling.stream("a", "b"), calling.text "ok")
    local chat = client:chat { model = "m" }
    local reader = coroutine.wrap(function()
      local stream = chat:stream "1"
      while true do coroutine.yield(stream:next().text) end
    end)
    assert.equal("a", reader())
    reader = nil -- luacheck: ignore 311
    local task = gemini.spawn(chat.send, chat, "2")
    assert.equal("ok", assert(gemini.timeout(5, task.await, task)).text)
    assert.equal(4, #chat.history)
  end)

  it("is not waited for where nobody could end it", function()
    local client = talk.answering(calling.stream("a", "b"), calling.text "ok")
    local chat, stream = client:chat { model = "m" }, nil
    local reader = coroutine.wrap(function()
      stream = chat:stream "1"
      while true do coroutine.yield(stream:next().text) end
    end)
    assert.equal("a", reader())
    local ok, raised = pcall(function() chat:send "2" end)
    assert.is_false(ok)
    assert.truthy(raised:find("047.*chat:send: another coroutine has begun to read a stream of this chat"), raised)
    assert.equal("b", reader())
    stream:close()
    assert.equal("ok", assert(chat:send "2").text)
  end)

  it("is looked after by one of those who wait", function()
    local client = talk.scripted { talk.last(calling.stream "x") }
    local chat, own, count = client:chat { model = "m" }, collectgarbage, 0
    local stream = chat:stream "1"
    repeat local chunk = stream:next() until chunk
    local waiting = {}
    for i = 1, 5 do waiting[i] = gemini.spawn(chat.send, chat, "never") end
    waiting[1]:cancel()
    _G.collectgarbage = function(...)
      count = count + 1
      return own(...)
    end
    pcall(gemini.sleep, 1.5)
    _G.collectgarbage = own
    for i = 2, 5 do waiting[i]:cancel() end
    stream:close()
    assert.equal(1, count)
  end)

  it("is kept where the history was thrown away, or taken back, meanwhile", function()
    local client = talk.answering(calling.text "a", calling.stream("b", "c"), calling.answer(calling.part "f"), calling.text "d")
    local chat
    chat = client:chat { model = "m", tools = calling.tools { f = function()
      assert.equal(2, #chat:undo())
      assert.same({}, chat:fork().history)
    end } }
    assert(chat:send "1")
    local stream = chat:stream "2"
    assert(stream:next())
    chat.history = nil
    assert.equal("gemini.chat with m: 0 contents", tostring(chat))
    assert(stream:collect())
    assert.same({ "2", "bc" }, { chat.history[1].parts[1].text, chat.history[2].parts[1].text })
    assert(chat:send "3")
    assert.equal(4, #chat.history)
    assert.equal("3", chat.history[1].parts[1].text)
  end)

  it("is refused with a history that is none", function()
    local client, server = talk.answering(calling.text "x")
    local chat = client:chat { model = "m" }
    for problem, history in pairs {
      ["chat:send: history must be a list of contents, got boolean"] = false,
      ['chat:send: history[1] must be a content with parts and the role "user" or "model"'] = { { role = "system", parts = {} } },
    } do
      chat.history = history
      local _, raised = pcall(chat.send, chat, "x")
      assert.truthy(raised:find(problem, 1, true), raised)
    end
    assert.equal(0, #server:requests())
    chat.history = {}
    assert(chat:send "x")
  end)
end)
