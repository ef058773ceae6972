local gemini = require "gemini"
local talk = require "spec.support.talk"

local function ask(body)
  local client = talk.answering(talk.ok(body))
  return assert(client.models:generateContent { model = "m", contents = "x" })
end

describe("a reply", function()
  after_each(talk.stop)

  it("is the REST object, with helpers beside it", function()
    local reply = ask [[{"candidates":[
      {"index":1,"content":{"parts":[{"text":"other"}]},"finishReason":"OTHER"},
      {"content":{"role":"model","parts":[
        {"text":"Hm, ","thought":true},{"text":"{\"a\":"},{"inlineData":{"mimeType":"image/png","data":"iVBO"}},
        {"functionCall":{"id":"1","name":"f","args":{"x":[]}}},{"text":"[1]}"},{"text":"ok","thought":true},{}]},
       "finishReason":"STOP"}]}]]
    assert.equal("other", reply.candidates[1].content.parts[1].text)
    assert.equal('{"a":[1]}', reply.text)
    assert.equal("Hm, ok", reply.thoughts)
    assert.same({ { id = "1", name = "f", args = { x = {} } } }, reply.functionCalls)
    assert.same({ { mimeType = "image/png", data = "\137PN" } }, reply.inlineData)
    assert.equal("STOP", reply.finishReason)
    assert.is_nil(reply.blockReason)
    assert.same({ a = { 1 } }, reply.parsed)
  end)

  it("without an answer has empty helpers", function()
    for _, body in ipairs {
      "{}",
      '{"candidates":[]}',
      '{"candidates":null}',
      '{"candidates":[{}]}',
      '{"candidates":[{"content":{}}]}',
      '{"candidates":[{"content":{"role":"model","parts":[{}]}}]}',
    } do
      local reply = ask(body)
      assert.same({ "", "", {}, {} }, { reply.text, reply.thoughts, reply.functionCalls, reply.inlineData })
      assert.is_nil(reply.finishReason)
      assert.is_nil(reply.blockReason)
      assert.is_nil(reply.parsed)
    end
  end)

  it("passes over what is no object", function()
    local reply = ask '{"candidates":[1,null,{"content":{"parts":[5,{"text":"a"},null,{"text":7},{"text":"b"}]}}]}'
    assert.equal("ab", reply.text)
    assert.same({}, ask('{"candidates":{"a":1},"promptFeedback":5}').functionCalls)
  end)

  it("says why a prompt was refused", function()
    assert.equal("SAFETY", ask('{"promptFeedback":{"blockReason":"SAFETY"}}').blockReason)
    assert.equal("BLOCK_REASON_UNSPECIFIED", ask('{"promptFeedback":{"safetyRatings":[]}}').blockReason)
    assert.equal("BLOCK_REASON_UNSPECIFIED", ask('{"promptFeedback":{},"candidates":[]}').blockReason)
    assert.is_nil(ask('{"promptFeedback":{"safetyRatings":[]},"candidates":[{"finishReason":"STOP"}]}').blockReason)
  end)

  it("takes null for absent", function()
    local reply = ask [[{"promptFeedback":{"blockReason":null},"candidates":[{"index":null,"finishReason":null,
      "content":{"parts":[{"text":"a"},{"functionCall":null},{"inlineData":{"data":null}},{"inlineData":{"data":{}}}]}}]}]]
    assert.equal("a", reply.text)
    assert.is_nil(reply.finishReason)
    assert.is_nil(reply.blockReason)
    assert.same({}, reply.functionCalls)
    assert.same({}, reply.inlineData)
  end)

  it("passes on reasons that do not exist yet", function()
    assert.equal("NEW_REASON", ask('{"candidates":[{"finishReason":"NEW_REASON"}]}').finishReason)
    assert.equal(7, ask('{"candidates":[{"finishReason":7}]}').finishReason)
  end)

  it("shows and sends its REST fields alone", function()
    local reply = ask '{"candidates":[],"modelVersion":"v"}'
    local names = {}
    for name in pairs(reply) do names[name] = true end
    assert.same({ candidates = true, modelVersion = true }, names)
    assert.same({ candidates = {}, modelVersion = "v" }, gemini.json.decode(gemini.json.encode(reply)))
    assert.truthy(gemini.json.encode(reply):find('"candidates":[]', 1, true))
  end)

  it("can be changed, its helpers can't", function()
    local reply = ask '{"candidates":[{"content":{"parts":[{"text":"a"}]}}]}'
    reply.candidates[1].content.parts[1].text = "b"
    reply.mine = 1
    assert.equal("b", reply.text)
    assert.equal(1, reply.mine)
    assert.has_error(function() reply.text = "c" end, "text is derived from the reply's parts and can't be set")
  end)
end)
