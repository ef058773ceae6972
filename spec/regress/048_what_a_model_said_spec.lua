---What models and functions may give, beyond what is usual: it was changed by hooks, refused, or run in pieces.

local calling = require "spec.support.calling"
local cjson = require "cjson"
local gemini = require "gemini"
local talk = require "spec.support.talk"

local function ask(client, fn, more)
  local args = { model = "m", contents = "Go.", tools = calling.tools { f = { description = "A function", call = fn } } }
  for name, value in pairs(more or {}) do args[name] = value end
  return client.models:generateContent(args)
end

describe("what a model said", function()
  after_each(talk.stop)

  it("goes back to it as it came, whatever a hook and a function do to what they are shown", function()
    local client = talk.answering(calling.answer(calling.part("f", { a = 1 })), calling.text "x")
    local got
    assert(ask(client, function(args, context)
      got = args.a
      context.call.args.a = 3
    end, { onToolCall = function(call)
      call.args.a = 2
      return call.args
    end }))
    assert.same({ a = 1 }, talk.sent(2).body.contents[2].parts[1].functionCall.args)
    assert.equal(2, got)
  end)

  it("is not refused for fields that nobody knows", function()
    local part = { functionCall = { name = "f", args = { a = cjson.null }, newer = 1 }, thoughtSignature = "c2ln", newer = { 1 } }
    local client = talk.scripted({ talk.last(calling.answer(part)), talk.last(calling.text "x") }, { check = true })
    assert.equal("x", assert(ask(client, function() end)).text)
    assert.same(part, talk.sent(2).body.contents[2].parts[1])
    local ok, raised = pcall(ask, client, print, { contents = { { role = "user", parts = { { newer = 1 } } } } })
    assert.is_false(ok)
    assert.truthy(raised:find("unknown field 'contents[1].parts[1].newer'", 1, true), raised)
  end)

  it("is the caller's where arguments come in pieces", function()
    local function piece(call) return { functionCall = call } end
    local client, server = talk.answering(calling.stream(piece { name = "f", willContinue = true },
      piece { partialArgs = { { jsonPath = "$.a", stringValue = "x" } }, willContinue = true }, piece(cjson.decode "{}")))
    local whole = assert(client.models:streamGenerateContent({
      model = "m", contents = "Go.", tools = calling.tools { f = function() error "not to be called" end },
    }):collect())
    assert.equal("x", whole.functionCalls[2].partialArgs[1].stringValue)
    assert.equal(1, #server:requests())
  end)

  it("may have null for its role, and for a part's metadata", function()
    local body = '{"candidates":[{"content":{"role":null,"parts":[{"text":"a","partMetadata":null,"thought":true}]}}]}'
    local client = talk.answering(talk.sse("data: " .. body .. "\n\n" .. talk.chunk("b", "STOP")), talk.ok(body))
    local chat = client:chat { model = "m" }
    local stream = chat:stream "x"
    assert(stream:next())
    stream:close()
    assert.equal("model", chat.history[2].role)
    assert.same({ interrupted = true }, chat.history[2].parts[1].partMetadata)
    assert(chat:send "y")
    assert(client:chat { model = "m", history = gemini.json.decode(gemini.json.encode(chat.history)) })
  end)

  for _, reason in ipairs { "TOO_MANY_TOOL_CALLS", "MISSING_THOUGHT_SIGNATURE" } do
    it("is not kept where it ended with " .. reason, function()
      local client = talk.answering(talk.ok(('{"candidates":[{"content":{"parts":[{"text":"I"}]},"finishReason":"%s"}]}'):format(reason)))
      local chat = client:chat { model = "m" }
      assert.equal(reason, assert(chat:send "x").finishReason)
      assert.same({}, chat.history)
    end)
  end

  it("has no turns before it where there is no function", function()
    local client = talk.answering(calling.text "x")
    local reply = assert(client.models:generateContent { model = "m", contents = "x", tools = { { googleSearch = {} } } })
    assert.is_nil(reply.toolTurns)
  end)
end)

describe("an answer that was refused", function()
  after_each(talk.stop)

  it("has none of its calls carried out", function()
    local parts = '{"content":{"parts":[{"functionCall":{"name":"f"}}]},"finishReason":"UNEXPECTED_TOOL_CALL"}'
    local client, server = talk.answering(talk.ok('{"candidates":[' .. parts .. "]}"))
    local reply = assert(ask(client, function() error "not to be called" end))
    assert.equal("UNEXPECTED_TOOL_CALL", reply.finishReason)
    assert.equal(1, #server:requests())
  end)
end)

describe("an answer whose reader leaves it with its last chunk", function()
  after_each(talk.stop)

  it("is whole in the history", function()
    local client = talk.answering(calling.stream("One", " two"))
    local chat = client:chat { model = "m" }
    local stream = chat:stream "Count."
    repeat until assert(stream:next()).finishReason
    stream:close()
    assert.same({ { text = "One two" } }, chat.history[2].parts)
  end)
end)

describe("what a function gives", function()
  after_each(talk.stop)

  it("stays what it was, though the function goes on with the table", function()
    local call = calling.answer(calling.part "f")
    local client = talk.answering(call, call, calling.text "x")
    local own = { n = 0, list = gemini.array() }
    local reply = assert(ask(client, function()
      own.n = own.n + 1
      return own
    end))
    assert.equal(1, talk.sent(3).body.contents[3].parts[1].functionResponse.response.n)
    assert.truthy(talk.sent(3).bytes:find('"list":[]', 1, true))
    assert.equal(1, reply.toolTurns[2].parts[1].functionResponse.response.n)
  end)

  it("may be an error that is no UTF-8", function()
    local client = talk.answering(calling.answer(calling.part "f"), calling.text "x")
    assert(ask(client, function() return nil, "\255" end))
    assert.truthy(calling.told(2)[1].response.error:find("^the result can't be sent: "))
  end)

  it("may have a locked metatable", function()
    for _, lock in ipairs { "locked", false } do
      local client = talk.answering(calling.answer(calling.part "f"), calling.text "x")
      local chat = client:chat { model = "m", tools = calling.tools { f = function()
        return setmetatable({ a = 1 }, { __metatable = lock })
      end } }
      assert.equal("x", assert(chat:send "Go.").text)
      assert.same({ a = 1 }, chat.history[3].parts[1].functionResponse.response)
    end
  end)

  it("may be an error that is no text", function()
    local client = talk.answering(calling.answer(calling.part "f"), calling.text "x")
    local odd = setmetatable({}, { __tostring = function() error "no text" end })
    assert(ask(client, function() error(odd) end))
    assert.same({ error = "a table" }, calling.told(2)[1].response)
  end)
end)
