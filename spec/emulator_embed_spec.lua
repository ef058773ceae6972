-- The emulator's embeddings: no model's, but alike for texts that are alike.
local cjson = require "cjson"
local emu = require "spec.support.emulator"
local expect = require "spec.support.expect"
local gemini = require "gemini"

local good, refused, invalid = expect.good, expect.refused, expect.invalid

local MODEL = "models/gemini-embedding-001"
local OLD = "models/embedding-gecko-001"

local function dot(a, b)
  assert.equal(#a, #b)
  local sum = 0
  for i = 1, #a do sum = sum + a[i] * b[i] end
  return sum
end

local function content(text) return { parts = { { text = text } } } end

describe("embeddings of the emulator", function()
  local server, client, models

  setup(function()
    server = emu.start()
    client = gemini.new { apiKey = "k", baseUrl = server.url }
    models = client.models
  end)

  teardown(function() server.stop() end)

  local function embed(text, fields)
    local request = { model = MODEL, content = content(text) }
    for name, value in pairs(fields or {}) do request[name] = value end
    return good("EmbedContentResponse", models:embedContent(request))
  end

  local function values(text, fields) return embed(text, fields).embedding.values end

  it("have 768 dimensions, or as many as are wanted, and the length 1", function()
    assert.equal(768, #values "Hello")
    for _, wanted in ipairs { 1, 2, 128, 3072 } do
      for _, text in ipairs { "Hello", "?!", "世界", "a b c" } do
        local vector = values(text, { outputDimensionality = wanted })
        assert.equal(wanted, #vector)
        assert.is_true(math.abs(dot(vector, vector) - 1) < 1e-9)
      end
    end
    for _, wanted in ipairs { 0, -1, 3073 } do
      invalid(models:embedContent { model = MODEL, content = content "x", outputDimensionality = wanted })
    end
  end)

  it("are the same for the same text, and alike for texts that share words or parts of them", function()
    local bees = values "Bees dance to tell where the flowers are."
    assert.same(bees, values "Bees dance to tell where the flowers are.")
    assert.is_true(dot(bees, values "BEES dance, to tell where the flowers are") > 0.999)
    local near = dot(bees, values "A dancing bee tells of a flower.")
    local far = dot(bees, values "The stock market fell sharply on Monday.")
    assert.is_true(near > 0.3, near)
    assert.is_true(near > 3 * math.abs(far), far)
  end)

  it("are alike for words with a stem in common, and little alike for short words in common", function()
    assert.is_true(dot(values "volcano", values "volcanoes") > 0.4)
    local whale = values "the size of the whale"
    assert.is_true(dot(whale, values "whale song") > 2 * dot(whale, values "the end of the year"))
  end)

  -- The suite runs on every Lua.
  it("are the same in every Lua", function()
    local expected = { -0.084515425, 0.084515425, -0.253546276, -0.422577127, -0.169030851, -0.845154255 }
    local vector = values("Grüße aus 東京, 42!", { outputDimensionality = 6 })
    for i = 1, 6 do assert.is_true(math.abs(vector[i] - expected[i]) < 1e-8) end
  end)

  it("count the tokens of the text", function()
    local usage = embed("four words are here").usageMetadata
    assert.equal(5, usage.promptTokenCount)
    assert.same({ { modality = "TEXT", tokenCount = 5 } }, usage.promptTokenDetails)
  end)

  it("take a title into account for documents alone", function()
    local plain = values("body", { taskType = "RETRIEVAL_DOCUMENT" })
    assert.not_same(plain, values("body", { taskType = "RETRIEVAL_DOCUMENT", title = "Head" }))
    assert.same(plain, values("body", { taskType = "RETRIEVAL_QUERY", title = "Head" }))
  end)

  it("come for a batch in the order of its requests", function()
    local requests = {}
    for i = 1, 100 do requests[i] = { content = content("text number " .. i), outputDimensionality = i % 2 == 0 and 8 or nil } end
    local reply = good("BatchEmbedContentsResponse", models:batchEmbedContents { model = MODEL, requests = requests })
    assert.equal(100, #reply.embeddings)
    assert.same(values "text number 99", reply.embeddings[99].values)
    assert.same(values("text number 100", { outputDimensionality = 8 }), reply.embeddings[100].values)
    local total = 0
    for i = 1, 100 do total = total + #("text number " .. i) end
    assert.equal(math.ceil(total / 4), reply.usageMetadata.promptTokenCount)
    requests[101] = requests[1]
    invalid(models:batchEmbedContents { model = MODEL, requests = requests })
  end)

  it("are refused for an empty content, or one that is no text", function()
    for _, each in ipairs { {}, { parts = {} }, content "", { parts = { { inlineData = { mimeType = "a/b", data = "AA==" } } } } } do
      invalid(models:embedContent { model = MODEL, content = each })
      invalid(models:batchEmbedContents { model = MODEL, requests = { { content = content "x" }, { content = each } } })
    end
    invalid(models:embedContent { model = MODEL })
    invalid(models:batchEmbedContents { model = MODEL })
  end)

  it("want a model that embeds, the same in each request", function()
    refused(404, "NOT_FOUND", models:embedContent { model = "models/none", content = content "x" })
    refused(404, "NOT_FOUND", models:embedContent { model = "models/gemini-2.5-flash", content = content "x" })
    refused(404, "NOT_FOUND", models:embedContent { model = OLD, content = content "x" })
    refused(404, "NOT_FOUND", models:embedText { model = MODEL, text = "x" })
    local function post(method, body) return emu.call(server.url, "POST", "/v1beta/" .. MODEL .. method, cjson.encode(body)) end
    local request = { model = "models/other", content = content "x" }
    assert.equal(400, post(":embedContent", request).status)
    assert.equal(400, post(":batchEmbedContents", { requests = { request } }).status)
    request.model = nil
    assert.equal(200, post(":embedContent", request).status)
    local response = post(":batchEmbedContents", { requests = { request } })
    assert.equal(400, response.status)
    assert.truthy(cjson.decode(response.body).error.message:find("requests[0].model", 1, true))
    request.model = MODEL
    assert.equal(200, post(":batchEmbedContents", { requests = { request } }).status)
  end)

  it("come from the old methods too", function()
    local one = good("EmbedTextResponse", models:embedText { model = OLD, text = "Hello" }).embedding.value
    assert.same(values "Hello", one)
    local reply = good("BatchEmbedTextResponse", models:batchEmbedText { model = OLD, texts = { "Hi", "Hello" } })
    assert.same({ values "Hi", one }, { reply.embeddings[1].value, reply.embeddings[2].value })
    reply = good("BatchEmbedTextResponse", models:batchEmbedText { model = OLD, requests = { { text = "Hello" } } })
    assert.same(one, reply.embeddings[1].value)
    invalid(models:embedText { model = OLD })
    invalid(models:batchEmbedText { model = OLD })
    invalid(models:batchEmbedText { model = OLD, texts = { "a" }, requests = { { text = "b" } } })
    invalid(models:batchEmbedText { model = OLD, texts = { "a", "" } })
    local many = {}
    for i = 1, 101 do many[i] = "text" end
    invalid(models:batchEmbedText { model = OLD, texts = many })
  end)
end)
