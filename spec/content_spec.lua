local gemini = require "gemini"
local talk = require "spec.support.talk"

-- What a caller gives, and what goes over the wire.
local function text(t) return { text = t } end
local function user(...) return { role = "user", parts = { ... } } end

local image = { inlineData = { mimeType = "image/png", data = "AAAA" } }
local answer = { role = "model", parts = { text "hello" } }

local contents = {
  { "a string", "hi", { user(text "hi") } },
  { "a part", image, { user(image) } },
  { "strings and parts", { "what is", image, "?" }, { user(text "what is", image, text "?") } },
  { "a content", user(text "hi"), { user(text "hi") } },
  { "a content without parts", { role = "model" }, { { role = "model" } } },
  { "contents", { user(text "hi"), answer, user(text "bye") }, { user(text "hi"), answer, user(text "bye") } },
  { "a mixture", { user(text "hi"), answer, "and", "bye" }, { user(text "hi"), answer, user(text "and", text "bye") } },
}

local instructions = {
  { "a string", "be brief", { parts = { text "be brief" } } },
  { "a part", text "be brief", { parts = { text "be brief" } } },
  { "strings and parts", { "be", text "brief" }, { parts = { text "be", text "brief" } } },
  { "a content", { parts = { text "x" } }, { parts = { text "x" } } },
}

local function copy(value)
  if type(value) ~= "table" then return value end
  local out = {}
  for k, v in pairs(value) do out[k] = copy(v) end
  return out
end

describe("contents", function()
  after_each(talk.stop)

  for _, case in ipairs(contents) do
    it("may be " .. case[1], function()
      local client = talk.answering(talk.ok "{}")
      local before = copy(case[2])
      assert(client.models:generateContent { model = "m", contents = case[2] })
      assert.same({ contents = case[3] }, talk.sent().body)
      assert.same(before, case[2])
    end)
  end

  for _, case in ipairs(instructions) do
    it("of a system instruction may be " .. case[1], function()
      local client = talk.answering(talk.ok "{}")
      local before = copy(case[2])
      assert(client.models:generateContent { model = "m", contents = "x", systemInstruction = case[2] })
      assert.same(case[3], talk.sent().body.systemInstruction)
      assert.same(before, case[2])
    end)
  end

  it("may be an empty list, which stays a list", function()
    local client = talk.answering(talk.ok "{}")
    client.models:generateContent { model = "m", contents = {}, tools = gemini.array() }
    assert.truthy(talk.sent().raw:find('"contents":[]', 1, true))
    assert.truthy(talk.sent().raw:find('"tools":[]', 1, true))
  end)

  it("may be the reply's own content", function()
    local client = talk.answering(
      talk.ok '{"candidates":[{"content":{"role":"model","parts":[{"text":"a","thoughtSignature":"cw=="}]}}]}',
      talk.ok "{}"
    )
    local reply = client.models:generateContent { model = "m", contents = "x" }
    client.models:generateContent { model = "m", contents = { "x", reply.candidates[1].content, "y" } }
    assert.same({ text = "a", thoughtSignature = "cw==" }, talk.sent(2).body.contents[2].parts[1])
  end)
end)

describe("names", function()
  after_each(talk.stop)

  for given, target in pairs {
    ["gemini-2.5-flash"] = "/v1beta/models/gemini-2.5-flash:generateContent",
    ["models/gemini-2.5-flash"] = "/v1beta/models/gemini-2.5-flash:generateContent",
    ["tunedModels/my one"] = "/v1beta/tunedModels/my%20one:generateContent",
    ["ä:b%2Fc"] = "/v1beta/models/%C3%A4%3Ab%252Fc:generateContent",
  } do
    it("are completed and escaped: " .. given, function()
      local client = talk.answering(talk.ok "{}")
      assert(client.models:generateContent { model = given, contents = "x" })
      assert.equal(target, talk.sent().target)
      assert.is_nil(talk.sent().body.model)
    end)
  end

  it("are completed in the body too", function()
    local client = talk.answering(talk.ok '{"totalTokens":1}', talk.ok '{"totalTokens":1}', talk.ok "{}")
    client.models:countTokens { model = "m", generateContentRequest = { contents = "x", systemInstruction = "y" } }
    assert.same({
      model = "models/m",
      contents = { user(text "x") },
      systemInstruction = { parts = { text "y" } },
    }, talk.sent(1).body.generateContentRequest)
    client.models:countTokens { model = "m", generateContentRequest = { model = "n", contents = "x" } }
    assert.equal("models/n", talk.sent(2).body.generateContentRequest.model)
    client.models:generateContent { model = "m", contents = "x", cachedContent = "abc" }
    assert.equal("cachedContents/abc", talk.sent(3).body.cachedContent)
  end)

  it("of a query are escaped", function()
    local client = talk.answering(talk.ok "{}")
    client.models:list({ pageSize = 2, pageToken = "a&b=c d" }):page()
    assert.equal("/v1beta/models?pageSize=2&pageToken=a%26b%3Dc%20d", talk.sent().target)
    if math.type then
      client = talk.answering(talk.ok "{}")
      client.models:list({ pageSize = math.maxinteger }):page()
      assert.equal("/v1beta/models?pageSize=9223372036854775807", talk.sent().target)
    end
  end)
end)
