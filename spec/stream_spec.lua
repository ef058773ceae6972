-- luacheck: ignore 512 (loops that are left at once are what some specs are about)
local cjson = require "cjson"
local loop = require "gemini.loop"
local talk = require "spec.support.talk"

local chunk, sse = talk.chunk, talk.sse

local function stream(client, call)
  return client.models:streamGenerateContent({ model = "m", contents = "x" }, call)
end

local function event(value)
  return "data: " .. (type(value) == "string" and value or cjson.encode(value)) .. "\r\n\r\n"
end

local function failed(bytes)
  local client = talk.answering(bytes)
  local texts = {}
  local ok, err = pcall(function()
    for each in stream(client) do texts[#texts + 1] = each.text end
  end)
  assert.is_false(ok)
  return err, texts
end

describe("a stream", function()
  after_each(talk.stop)

  it("asks for events and gives each chunk", function()
    local client = talk.answering(sse(chunk("a") .. chunk("b") .. chunk("c", "STOP")))
    local texts = {}
    for each in stream(client) do texts[#texts + 1] = each.text .. (each.finishReason or "-") end
    assert.same({ "a-", "b-", "cSTOP" }, texts)
    assert.equal("/v1beta/models/m:streamGenerateContent?alt=sse", talk.sent().target)
  end)

  it("gives chunk by chunk with next, and nil again and again at the end", function()
    local client = talk.answering(sse(chunk("a") .. chunk("b", "STOP")))
    local s = stream(client)
    assert.equal("a", s:next().text)
    assert.equal("b", s:next().text)
    for _ = 1, 2 do
      local none, err = s:next()
      assert.is_nil(none)
      assert.is_nil(err)
    end
  end)

  it("takes what servers and gateways make of it", function()
    local client = talk.answering(
      sse(chunk("a") .. ": ping\n\n" .. event "[DONE]"  .. chunk("b", "STOP") .. "[DONE]\n"),
      sse(chunk("a", "STOP") .. chunk("b", "STOP") .. chunk("", "STOP")),
      sse("[" .. chunk("a"):sub(7, -5) .. "\r\n,\r\n" .. chunk("b", "STOP"):sub(7, -5) .. "\r\n]"),
      sse(event { promptFeedback = { blockReason = "SAFETY" } }),
      sse(event '{"promptFeedback":{},"candidates":[]}')
    )
    assert.equal("ab", stream(client):collect().text)
    assert.equal("ab", stream(client):collect().text)
    assert.equal("ab", stream(client):collect().text)
    assert.equal("SAFETY", stream(client):collect().blockReason)
    assert.equal("BLOCK_REASON_UNSPECIFIED", stream(client):collect().blockReason)
  end)

  describe("that breaks", function()
    it("without a finish reason is truncated, with what had come", function()
      local err, texts = failed(sse(chunk "a" .. chunk "b"))
      assert.equal("truncated", err.kind)
      assert.same({ "a", "b" }, texts)
      assert.equal("ab", err.partial.text)
      assert.equal("models.streamGenerateContent", err.method)
      assert.equal("models.streamGenerateContent: truncated: the stream ended without a finish reason",
        tostring(err))
    end)

    it("before its first event is truncated", function()
      local err = failed(sse "")
      assert.equal("truncated", err.kind)
      assert.equal("", err.partial.text)
    end)

    it("behind a null finish reason, or feedback without a reason, is truncated", function()
      for _, bytes in ipairs {
        event '{"candidates":[{"content":{"parts":[{"text":"hi"}]},"finishReason":null}]}',
        event '{"promptFeedback":{"blockReason":null}}' .. chunk "hi",
        event '{"promptFeedback":{"safetyRatings":[]}}' .. chunk "hi",
      } do
        local err = failed(sse(bytes))
        assert.equal("truncated", err.kind)
        assert.equal("hi", err.partial.text)
      end
    end)

    it("in the middle of an event is never complete", function()
      local bytes = chunk "a" .. chunk("b", "STOP")
      for at = #chunk "a", #bytes - 5 do
        local err, texts = failed(sse(bytes:sub(1, at)))
        assert.truthy(err.kind == "truncated" or err.kind == "protocol", err.kind)
        assert.same({ "a" }, texts)
        assert.equal("a", err.partial.text)
      end
    end)

    it("with its connection raises even behind a finish reason", function()
      local head = "HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n"
      local err, texts = failed(head .. chunk "a" .. chunk("b", "STOP"))
      assert.equal("truncated", err.kind)
      assert.same({ "a", "b" }, texts)
      assert.equal("ab", err.partial.text)
    end)

    it("with an error object raises it, with what had come", function()
      local object = { error = { code = 503, message = "The model is overloaded.", status = "UNAVAILABLE" } }
      for _, bytes in ipairs {
        chunk "a" .. event(object),
        chunk "a" .. cjson.encode(object),
        chunk "a" .. '{\r\n  "error": {\r\n    "code": 503,\r\n    "message": "The model is overloaded.",\r\n'
          .. '    "status": "UNAVAILABLE"\r\n  }\r\n}\r\n',
        chunk "a" .. event("[" .. cjson.encode(object) .. "]"),
      } do
        local err, texts = failed(sse(bytes))
        assert.same({ "api", 503, "UNAVAILABLE", "The model is overloaded." },
          { err.kind, err.code, err.status, err.message })
        assert.same({ "a" }, texts)
        assert.equal("a", err.partial.text)
        assert.equal("models.streamGenerateContent: 503 UNAVAILABLE: The model is overloaded. (try again later)", tostring(err))
      end
    end)

    it("with an error that has no code has none", function()
      local err = failed(sse(chunk "a" .. event '{"error":{"message":"over"}}'))
      assert.is_nil(err.code)
      assert.equal("models.streamGenerateContent: api: over", tostring(err))
    end)

    it("only where the error is one", function()
      local client = talk.answering(sse(event '{"error":null,"candidates":[{"finishReason":"STOP"}]}'))
      assert.equal("STOP", assert(stream(client):collect()).finishReason)
    end)

    it("with what is no object says what it is", function()
      local err = failed(sse(event "null"))
      assert.equal("protocol", err.kind)
      assert.equal("an event is no JSON object but null", err.message)
    end)

    it("with what is no JSON says how that begins", function()
      local err = failed(sse(chunk "a" .. event "{nonsense}"))
      assert.equal("protocol", err.kind)
      assert.truthy(err.message:find("{nonsense}", 1, true))
      err = failed(sse "<html><h1>Bad\r\n gateway</h1></html>")
      assert.equal("protocol", err.kind)
      assert.truthy(err.message:find("<html><h1>Bad gateway</h1></html>", 1, true))
    end)

    it("with an HTTP error raises that in the loop", function()
      local body = '{\n  "error": {\n    "code": 404,\n    "message": "no such model",\n    "status": "NOT_FOUND"\n  }\n}\n'
      local err = failed(talk.http("404 Not Found", body, "Content-Type: text/event-stream\r\n"))
      assert.same({ "api", 404, "NOT_FOUND" }, { err.kind, err.code, err.status })
      assert.is_nil(err.partial)
    end)

    it("says so with next and collect without raising, each time", function()
      local client = talk.answering(sse(chunk "a"), sse(chunk "a"))
      local s = stream(client)
      assert.equal("a", s:next().text)
      for _ = 1, 2 do
        local none, err = s:next()
        assert.is_nil(none)
        assert.equal("truncated", err.kind)
      end
      local none, err = stream(client):collect()
      assert.is_nil(none)
      assert.equal("a", err.partial.text)
    end)

    it("for want of time says which", function()
      local client = talk.scripted { { { "recv" }, { "send", sse(chunk "a") }, { "hold" } } }
      local s = stream(client, { idleTimeout = 0.1 })
      s:next()
      local _, err = s:next()
      assert.same({ "timeout", "no byte for 100 ms" }, { err.kind, err.message })
      assert.equal("a", err.partial.text)
    end)
  end)

  describe("that is left early", function()
    local client, server

    before_each(function()
      client, server = talk.scripted { { { "recv" }, { "send", sse(chunk "a" .. chunk "b") }, { "hold" } } }
    end)

    local leave = {
      ["break"] = function()
        for _ in stream(client) do break end
      end,
      ["return"] = function()
        return (function()
          for each in stream(client) do return each end
        end)()
      end,
      ["an error"] = function()
        pcall(function()
          for _ in stream(client) do error "mine" end
        end)
      end,
    }

    for how, go in pairs(leave) do
      it("by " .. how .. " ends its connection", function()
        go()
        if _VERSION == "Lua 5.4" then
          assert.equal(0, loop.live())
        else
          assert.equal(1, loop.live())
          collectgarbage()
          assert.equal(0, loop.live())
        end
        assert.is_true(server:waitClosed(2))
      end)
    end

    it("by close ends its connection at once", function()
      local s = stream(client)
      assert.equal("a", s:next().text)
      s:close()
      s:close()
      assert.equal(0, loop.live())
      assert.is_true(server:waitClosed(2))
    end)

    it("does not look complete", function()
      local s = stream(client)
      s:next()
      s:close()
      for _, read in ipairs { "next", "collect" } do
        local none, err = s[read](s)
        assert.is_nil(none)
        assert.equal("cancelled", err.kind)
        assert.equal("a", err.partial.text)
      end
    end)
  end)

  it("runs beside other calls", function()
    local held = { { "recv" }, { "send", sse(chunk "a") }, { "sleep", 0.1 }, { "send", chunk("b", "STOP") } }
    local quick = { { "recv" }, { "send", talk.ok '{"name":"models/x"}' } }
    local client = talk.scripted { held, quick }
    local texts = {}
    for each in stream(client) do
      texts[#texts + 1] = each.text
      if #texts == 1 then assert.equal("models/x", client.models:get({ name = "x" }).name) end
    end
    assert.same({ "a", "b" }, texts)
  end)
end)

describe("a stream's chunks", function()
  after_each(talk.stop)

  it("can be changed without a trace in the merged reply, and merged replies are apart", function()
    local call = '{"functionCall":{"name":"f","args":{"a":[1]}}}'
    local client = talk.answering(sse(event('{"candidates":[{"finishReason":"STOP","content":{"parts":[' .. call .. "]}}]}")))
    local s = stream(client)
    local first = s:next()
    first.functionCalls[1].args.a = "mine"
    local one = assert(s:collect())
    one.functionCalls[1].args.a[1] = "mine too"
    assert.same({ a = { 1 } }, s:collect().functionCalls[1].args)
  end)
end)

describe("collect", function()
  after_each(talk.stop)

  local function collected(...)
    local events = {}
    for i = 1, select("#", ...) do events[i] = event((select(i, ...))) end
    local client = talk.answering(sse(table.concat(events)))
    return assert(stream(client):collect())
  end

  it("joins text, keeps signatures and the order of parts, and the last of all else", function()
    local reply = collected(
      [[{"candidates":[{"content":{"role":"model","parts":[{"text":"Let","thought":true}]}}],"usageMetadata":{"a":1}}]],
      [[{"candidates":[{"content":{"parts":[{"text":" me","thought":true},{"text":"I "}]},"index":0}],"modelVersion":"v"}]],
      [[{"candidates":[{"content":{"parts":[{"text":"call"},{"functionCall":{"name":"f","args":{}},"thoughtSignature":"s1"}]}}]}]],
      [[{"candidates":[{"content":{"parts":[{"functionCall":{"name":"g","args":{}}},{"text":"so"}]}}]}]],
      [[{"candidates":[{"content":{"parts":[{"text":"","thoughtSignature":"s2"}]},"finishReason":"STOP"}],"usageMetadata":{"a":2}}]],
      [[{"candidates":[{"content":{"parts":[{"text":"!"}]},"finishReason":"MAX_TOKENS"}],"responseId":"r"}]]
    )
    assert.same({
      candidates = { {
        index = 0,
        finishReason = "MAX_TOKENS",
        content = { role = "model", parts = {
          { text = "Let me", thought = true },
          { text = "I call" },
          { functionCall = { name = "f", args = {} }, thoughtSignature = "s1" },
          { functionCall = { name = "g", args = {} } },
          { text = "so" },
          { text = "", thoughtSignature = "s2" },
          { text = "!" },
        } },
      } },
      usageMetadata = { a = 2 },
      modelVersion = "v",
      responseId = "r",
    }, reply)
    assert.equal("I callso!", reply.text)
    assert.equal("Let me", reply.thoughts)
    assert.equal(2, #reply.functionCalls)
  end)

  it("keeps candidates apart", function()
    local reply = collected(
      [[{"candidates":[{"index":1,"content":{"parts":[{"text":"x"}]}},{"index":0,"content":{"parts":[{"text":"a"}]}}]}]],
      [[{"candidates":[{"index":1,"content":{"parts":[{"text":"y"}]},"finishReason":"STOP"}]}]],
      [[{"candidates":[{"index":0,"content":{"parts":[{"text":"b"}]},"finishReason":"STOP"}]}]]
    )
    assert.equal("ab", reply.text)
    assert.equal("xy", reply.candidates[2].content.parts[1].text)
  end)

  it("takes candidates without content and content without parts", function()
    local reply = collected([[{"candidates":[{"finishReason":"SAFETY"}]}]], [[{"candidates":[{"content":{}}]}]])
    assert.same({ { finishReason = "SAFETY", content = {} } }, reply.candidates)
    assert.equal("", reply.text)
  end)

  it("does not take a null for news", function()
    local reply = collected(
      [[{"candidates":[{"content":{"role":"model","parts":[{"text":"a"}]},"finishReason":"STOP"}],"usageMetadata":{"a":1}}]],
      [[{"candidates":[{"content":{"role":null},"finishReason":null}],"usageMetadata":null}]]
    )
    assert.equal("STOP", reply.finishReason)
    assert.equal("model", reply.candidates[1].content.role)
    assert.same({ a = 1 }, reply.usageMetadata)
  end)

  it("passes over what is no object", function()
    local reply = collected(
      [[{"candidates":[null,{"content":{"parts":[1,{"text":"a"}]}}]}]],
      [[{"candidates":[{"content":5,"finishReason":"STOP"}]}]]
    )
    assert.equal("a", reply.text)
  end)

  it("joins many chunks in order", function()
    local events, expected = {}, {}
    for i = 1, 5000 do
      expected[i] = i .. ","
      events[i] = chunk(expected[i], i == 5000 and "STOP" or nil)
    end
    local client = talk.answering(sse(table.concat(events)))
    local reply = stream(client):collect()
    assert.equal(table.concat(expected), reply.text)
    assert.equal(1, #reply.candidates[1].content.parts)
  end)

  it("gives all of a stream that was read in part", function()
    local client = talk.answering(sse(chunk("a") .. chunk("b", "STOP")))
    local s = stream(client)
    s:next()
    assert.equal("ab", s:collect().text)
  end)
end)
