---Streams with functions behind them, and chats' streams: two readers ran the functions twice and kept a turn twice, and
---what ended a reader, or came while the next answer waited for its turn, was not seen.

local calling = require "spec.support.calling"
local gemini = require "gemini"
local loop = require "gemini.loop"
local talk = require "spec.support.talk"

-- A connection that streams an answer piece by piece.
local function slowly(...)
  local bytes = calling.stream(...)
  local _, last = bytes:find("\r\n\r\n", 1, true)
  local rest = bytes:sub(last + 1)
  return { { "recv" }, { "send", bytes:sub(1, last) }, { "drip", rest, math.ceil(#rest / 4), 0.02 }, { "close" } }
end

local function readers(count, stream)
  local errs = {}
  gemini.run(function()
    for i = 1, count do
      gemini.spawn(function()
        local chunk, err
        repeat chunk, err = stream:next() until not chunk
        errs[i] = err or false
      end)
    end
  end)
  return errs
end

local function user(text) return { role = "user", parts = { { text = text } } } end

describe("a stream that goes on behind functions", function()
  after_each(talk.stop)

  it("runs them once, however many read it", function()
    local client, server = talk.scripted { slowly("a", calling.part "f"), slowly("b", "c") }
    local count = 0
    local stream = client.models:streamGenerateContent {
      model = "m", contents = "Go.", tools = calling.tools { f = function() count = count + 1 end },
    }
    assert.same({ false, false, false }, readers(3, stream))
    assert.same({ 1, 2 }, { count, #server:requests() })
    assert.equal("bc", assert(stream:collect()).text)
  end)

  it("is a chat's turn once, however many read it", function()
    local client = talk.scripted { slowly("a", "b", "c"), slowly("x", "y") }
    local chat = client:chat { model = "m" }
    assert.same({ false, false }, readers(2, chat:stream "1"))
    assert.equal(2, #chat.history)
    local stream = chat:stream "2"
    gemini.run(function()
      for _ = 1, 2 do gemini.spawn(function() repeat local chunk = stream:next() until not chunk end) end
      gemini.sleep(0.05)
      stream:close()
    end)
    assert.equal(4, #chat.history)
  end)

  it("gives nothing more where it is closed before the next answer has its turn", function()
    local client = talk.scripted({
      talk.last(calling.stream(calling.part "f")), { { "recv" }, { "sleep", 0.1 }, { "send", calling.text "other" }, { "close" } },
      talk.last(calling.stream "never"),
    }, { limit = { concurrency = 1 } })
    local chunk, err
    gemini.run(function()
      local stream
      stream = client.models:streamGenerateContent { model = "m", contents = "Go.", tools = calling.tools { f = function()
        gemini.spawn(client.models.generateContent, client.models, { model = "m", contents = "other" })
        gemini.spawn(function()
          gemini.sleep(0.03)
          stream:close()
        end)
      end } }
      assert(stream:next())
      chunk, err = stream:next()
    end)
    assert.is_nil(chunk)
    assert.equal("cancelled", err.kind)
    assert.equal(0, loop.live())
  end)

  it("leaves a chat's history as it was when the hook raises, as other errors do", function()
    local client = talk.answering(calling.stream(calling.part "f"), calling.stream(calling.part "f"))
    local count = 0
    local chat = client:chat { model = "m", tools = calling.tools { f = function() end }, onToolCall = function()
      count = count + 1
      if count == 2 then error("the hook is wrong", 0) end
    end }
    assert.same({ false, "the hook is wrong" }, { pcall(function() return chat:stream("Go."):collect() end) })
    assert.same({}, chat.history)
  end)

  -- PUC Lua 5.1 hears of it when the chat is spoken to again.
  if _VERSION ~= "Lua 5.1" or rawget(_G, "jit") then
    it("keeps what was said as soon as its reader is cancelled", function()
      local client = talk.scripted { { { "recv" }, { "send", talk.sse(talk.chunk "One") }, { "hold" } } }
      local chat = client:chat { model = "m" }
      local task = gemini.spawn(function()
        local stream = chat:stream "Count."
        repeat local chunk = stream:next() until not chunk
      end)
      for _ = 1, 10 do gemini.step(0.01) end
      task:cancel()
      assert.same(user "Count.", chat.history[1])
      assert.same({ text = "One", partMetadata = { interrupted = true } }, chat.history[2].parts[1])
    end)
  end

  it("shows nobody what is in its requests", function()
    local client = talk.scripted({ talk.last(calling.stream "x") }, { proxy = "http://user:pass-secret@127.0.0.1:1" })
    local seen, found = {}, 0
    local function walk(value)
      if type(value) == "string" and (value:find "pass%-secret" or value:find "header%-secret") then found = found + 1 end
      if type(value) ~= "table" or seen[value] then return end
      seen[value] = true
      for name, inner in next, value do walk(name) walk(inner) end
    end
    local call = { headers = { ["x-other"] = "header-secret" } }
    local stream = client.models:streamGenerateContent({ model = "m", contents = "x", tools = calling.tools { f = print } }, call)
    local chat = client:chat { model = "m" }
    local other = chat:stream("x", call)
    walk(stream)
    walk(chat)
    assert.equal(0, found)
    stream:close()
    other:close()
  end)
end)
