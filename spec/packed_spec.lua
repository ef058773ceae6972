---Embeddings that come as vectors, over the wire.

local cjson = require "cjson"
local codec = require "gemini.codec"
local emulator = require "spec.support.emulator"
local gemini = require "gemini"
local talk = require "spec.support.talk"

local ONE = '{"embedding":{"values":[0.5,-0.25,1]},"usageMetadata":{"promptTokenCount":3}}'
local TWO = '{"embeddings":[{"values":[1,2]},{"values":[3e0,-4.5]}]}'

local function embed(client, fields)
  local args = { model = "m", content = "Hello", packed = true }
  for name, value in pairs(fields or {}) do args[name] = value end
  return client.models:embedContent(args)
end

local function embedTwo(client)
  return client.models:batchEmbedContents {
    model = "m", requests = { { content = "a" }, { content = "b" } }, packed = true,
  }
end

-- The codecs that a client may have.
local codecs = { ["its own codec"] = {}, ["lua-cjson"] = { json = cjson } }

local function answering(options, body)
  return (talk.scripted({ talk.last(talk.ok(body)) }, options))
end

for name, options in pairs(codecs) do
  describe("packed embeddings, with " .. name, function()
    after_each(talk.stop)

    it("are vectors", function()
      local reply = assert(embed(answering(options, ONE)))
      assert.is_true(reply.embedding.values == gemini.vector.new { 0.5, -0.25, 1 })
      assert.equal(3, reply.usageMetadata.promptTokenCount)
      reply = assert(embedTwo(answering(options, TWO)))
      assert.is_true(reply.embeddings[1].values == gemini.vector.new { 1, 2 })
      assert.is_true(reply.embeddings[2].values == gemini.vector.new { 3, -4.5 })
    end)

    it("are asked for as others are", function()
      local client, server = talk.scripted({ talk.last(talk.ok(ONE)), talk.last(talk.ok(TWO)) }, options)
      assert(embed(client, { taskType = "RETRIEVAL_QUERY" }))
      assert(embedTwo(client))
      assert.equal("RETRIEVAL_QUERY", talk.sent(1).body.taskType)
      assert.equal("b", talk.sent(2).body.requests[2].content.parts[1].text)
      for _, request in ipairs(server:requests()) do assert.falsy(request:find("packed", 1, true)) end
    end)

    it("are lists where nobody asks, or asks not to", function()
      assert.same({ 0.5, -0.25, 1 }, assert(embed(answering(options, ONE), { packed = false })).embedding.values)
      local reply = assert(answering(options, ONE).models:embedContent { model = "m", content = "Hello" })
      assert.same({ 0.5, -0.25, 1 }, reply.embedding.values)
    end)

    it("are lists where no vector can hold them", function()
      for _, values in ipairs { "[]", '["a"]', "[1,null]", "[[1]]", "[1,1e39]", '{"1":2}', "5", '"text"', "null" } do
        local body = ('{"embedding":{"values":%s}}'):format(values)
        local packed = assert(embed(answering(options, body)))
        local plain = assert(embed(answering(options, body), { packed = false }))
        assert.same(plain, packed)
      end
    end)

    it("are as broken as others where the answer is", function()
      for n = 1, #ONE - 1, 3 do
        local _, packed = embed(answering(options, ONE:sub(1, n)))
        local _, plain = embed(answering(options, ONE:sub(1, n)), { packed = false })
        assert.equal("truncated", packed.kind)
        assert.equal(tostring(plain), tostring(packed))
      end
      local _, err = embed(answering(options, '{"embedding":{"values":[1,2,x]}}'))
      assert.equal("protocol", err.kind)
      assert.truthy(err.message:find("expected a value at byte 29", 1, true), err.message)
    end)

    it("have the server's errors", function()
      local body = '{"error":{"code":400,"message":"no","status":"INVALID_ARGUMENT","details":[{"values":[1]}]}}'
      local client = talk.scripted({ talk.last(talk.http("400 Bad Request", body)) }, options)
      local _, err = embed(client)
      assert.equal("INVALID_ARGUMENT", err.status)
      assert.same({ 1 }, err.details[1].values)
    end)

    it("come from the emulator as the numbers that lists have", function()
      local server = emulator.start()
      local client = gemini.new { apiKey = "k", baseUrl = server.url, json = options.json }
      local args = { model = "gemini-embedding-001", content = "The bees dance." }
      local plain = assert(client.models:embedContent(args)).embedding.values
      args.packed = true
      local packed = assert(client.models:embedContent(args)).embedding.values
      server.stop()
      assert.equal(768, #packed)
      assert.is_true(packed == gemini.vector.new(plain))
    end)
  end)
end

describe("packed embeddings", function()
  after_each(talk.stop)

  for _, case in ipairs {
    { "yes", 'packed must be true or false, got "yes"' },
    { 1, "packed must be true or false, got 1" },
    { {}, "packed must be true or false, got table" },
  } do
    it("are refused: " .. case[2], function()
      local client, server = talk.answering(talk.ok(ONE))
      local ok, err = pcall(embed, client, { packed = case[1] })
      assert.is_false(ok)
      assert.truthy(err:find("models.embedContent: " .. case[2], 1, true), err)
      assert.equal(0, #server:requests())
    end)
  end

  it("are what two methods know of", function()
    local client = answering({ check = true }, ONE)
    assert(embed(client))
    local ok, err = pcall(client.models.generateContent, client.models, { model = "m", contents = "x", packed = true })
    assert.is_false(ok)
    assert.truthy(err:find("unknown field 'packed'", 1, true), err)
  end)

  it("leave the caller's table as it is", function()
    local args = { model = "m", content = "Hello", packed = true }
    assert(answering(nil, ONE).models:embedContent(args))
    assert.same({ model = "m", content = "Hello", packed = true }, args)
  end)

  it("are asked for again as vectors where the first answer was an error", function()
    local client = talk.repeating(talk.http("503 Service Unavailable", "{}", "Retry-After: 0\r\n"), talk.ok(ONE))
    assert.equal(3, #assert(embed(client)).embedding.values)
  end)

  it("can be written as JSON and read again", function()
    local reply = assert(embed(answering(nil, ONE)))
    assert.same(codec.decode(ONE), codec.decode(gemini.json.encode(reply)))
  end)

  it("are many", function()
    local values = {}
    for i = 1, 3072 do values[i] = ("%.8g"):format(math.sin(i) / 7) end
    local one = ('{"values":[%s]}'):format(table.concat(values, ",\n        "))
    local reply = assert(embedTwo(answering(nil, '{"embeddings":[' .. one .. (", " .. one):rep(19) .. "]}")))
    assert.equal(20, #reply.embeddings)
    for _, embedding in ipairs(reply.embeddings) do
      assert.is_true(embedding.values == reply.embeddings[1].values)
    end
    for i = 1, 3072 do assert.is_true(math.abs(reply.embeddings[20].values[i] - math.sin(i) / 7) < 2e-8) end
  end)

  it("what another codec has read and no float32 holds stays a list", function()
    local pack = require "gemini.pack"
    for _, values in ipairs { { 0 / 0 }, { 1, 2 ^ 200 }, { 1, "2" }, {} } do
      local value = { embedding = { values = values } }
      pack(value, "values")
      assert.equal(values, value.embedding.values)
    end
  end)
end)
