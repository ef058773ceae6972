---Embeddings of any number of texts: what goes over the wire, and what comes back in which order.

local cjson = require "cjson"
local emu = require "spec.support.emulator"
local gemini = require "gemini"
local talk = require "spec.support.talk"

local MODEL = "gemini-embedding-001"

local function texts(count)
  local all = {}
  for i = 1, count do all[i] = "text " .. i end
  return all
end

-- The answer to a request for texts that end with numbers: each embedding is its text's number.
local function answer(first, last)
  local embeddings = {}
  for i = first, last do embeddings[#embeddings + 1] = ('{"values":[%d,0.5]}'):format(i) end
  return talk.ok('{"embeddings":[' .. table.concat(embeddings, ",") .. "]}")
end

local function fault(status) return talk.http(status, ('{"error":{"code":%s,"message":"no"}}'):format(status:match "%d+")) end

describe("client.models:embedMany", function()
  after_each(talk.stop)

  it("sends so many texts a request, and gives the embeddings in the order of the texts", function()
    local client, server = talk.answering(answer(1, 3), answer(4, 6), answer(7, 7))
    local told = {}
    local given = texts(7)
    local found = assert(client.models:embedMany {
      model = MODEL, texts = given, batchSize = 3, concurrency = 1, taskType = "RETRIEVAL_DOCUMENT", title = "t",
      outputDimensionality = 2, onProgress = function(done, total) told[#told + 1] = done .. " of " .. total end,
    })
    assert.same({ { 1, 0.5 }, { 2, 0.5 }, { 3, 0.5 }, { 4, 0.5 }, { 5, 0.5 }, { 6, 0.5 }, { 7, 0.5 } }, found)
    assert.same({ "3 of 7", "6 of 7", "7 of 7" }, told)
    assert.same(texts(7), given)
    assert.equal(3, #server:requests())
    local sent = {}
    for i = 1, 3 do
      assert.same({ "POST", "/v1beta/models/gemini-embedding-001:batchEmbedContents" }, { talk.sent(i).verb, talk.sent(i).target })
      for _, each in ipairs(talk.sent(i).body.requests) do
        assert.same({ "models/gemini-embedding-001", "RETRIEVAL_DOCUMENT", "t", 2 },
          { each.model, each.taskType, each.title, each.outputDimensionality })
        sent[#sent + 1] = each.content.parts[1].text
      end
    end
    assert.same(texts(7), sent)
  end)

  it("gives vectors where they are asked for", function()
    local client = talk.answering(answer(1, 2))
    local found = assert(client.models:embedMany { model = MODEL, texts = texts(2), packed = true })
    assert.equal("gemini.vector: 2 numbers", tostring(found[2]))
    assert.same({ 2, 0.5 }, found[2]:toTable())
    assert.is_nil(talk.sent(1).body.packed)
  end)

  it("sends nothing for no texts", function()
    local client, server = talk.answering(answer(1, 1))
    assert.same({}, assert(client.models:embedMany { model = MODEL, texts = {} }))
    assert.equal(0, #server:requests())
  end)

  it("gives the error of a request, with what has come by place, and begins no further ones", function()
    local client, server = talk.answering(answer(1, 2), fault "400 Bad Request", answer(5, 6))
    local found, err = client.models:embedMany { model = MODEL, texts = texts(8), batchSize = 2, concurrency = 1 }
    assert.is_nil(found)
    assert.same({ "api", 400, "models.batchEmbedContents" }, { err.kind, err.code, err.method })
    assert.same({ { 1, 0.5 }, { 2, 0.5 } }, err.partial)
    assert.equal(2, #server:requests())
    client = talk.answering(answer(1, 3))
    found, err = client.models:embedMany { model = MODEL, texts = texts(2) }
    assert.is_nil(found)
    assert.same({ "protocol", "3 embeddings came for 2 texts", {} }, { err.kind, err.message, err.partial })
  end)

  it("tells of an embedding that is none, and leaves no hole", function()
    for _, packed in ipairs { true, false } do
      for _, other in ipairs { '{"values":null}', "{}" } do
        local client = talk.answering(talk.ok('{"embeddings":[{"values":[1]},' .. other .. "]}"))
        local found, err = client.models:embedMany { model = "e", texts = { "a", "b" }, packed = packed }
        assert.is_nil(found)
        assert.same({ "protocol", "no embedding came for texts[2]" }, { err.kind, err.message })
        assert.equal(1, #err.partial[1])
      end
    end
  end)

  it("gives an error of the world that a caller's function raises", function()
    local answers = {}
    for i = 1, 2 do answers[i] = talk.ok '{"embeddings":[{"values":[1]}]}' end
    for name, raises in pairs { onProgress = 2, onRequest = 1 } do
      local calls = 0
      local function raise()
        calls = calls + 1
        if calls == raises then error({ kind = "io", message = "the disk is full" }, 0) end
      end
      local client = talk.scripted({ talk.last(answers[1]), talk.last(answers[2]) }, { onRequest = name == "onRequest" and raise or nil })
      local found, err = client.models:embedMany {
        model = "e", texts = { "a", "b" }, batchSize = 1, concurrency = 1, onProgress = name == "onProgress" and raise or nil,
      }
      assert.is_nil(found)
      assert.equal("the disk is full", err.message)
    end
  end)

  it("sends a request again as any call does", function()
    local client, server = talk.scripted({
      talk.last(fault "503 Service Unavailable"), talk.last(answer(1, 2)),
    }, { retry = { delay = 0.01 } })
    assert.equal(2, #assert(client.models:embedMany { model = MODEL, texts = texts(2) }))
    assert.equal(2, #server:requests())
    client, server = talk.answering(fault "503 Service Unavailable")
    local _, err = client.models:embedMany({ model = MODEL, texts = texts(2) }, { headers = { ["X-Mine"] = "7" } })
    assert.equal(503, err.code)
    assert.equal("7", talk.sent(1).headers["x-mine"])
    assert.equal(1, #server:requests())
  end)

  it("refuses what is wrong at the call, and sends nothing", function()
    local client, server = talk.answering(answer(1, 1))
    local function refused(args, call)
      local ok, problem = pcall(client.models.embedMany, client.models, args, call)
      assert.is_false(ok)
      return (problem:gsub("^models%.embedMany: ", ""))
    end
    for expected, args in pairs {
      ["texts is missing"] = { model = MODEL },
      ["model is missing"] = { texts = { "a" } },
      ["texts[2] must be a string, got table"] = { model = MODEL, texts = { "a", {}, "c" } },
      ["batchSize must be a whole number from 1 to 100, got 101"] = { model = MODEL, texts = { "a" }, batchSize = 101 },
      ["unknown option 'pack', did you mean 'packed'?"] = { model = MODEL, texts = { "a" }, pack = true },
    } do
      assert.equal(expected, refused(args))
    end
    assert.truthy(refused({ model = MODEL, texts = { "a", "\255" } }):find "^texts%[2%]: .*UTF%-8")
    assert.truthy(refused({ model = MODEL, texts = { "a" } }, { timout = 1 }):find "did you mean 'timeout'")
    assert.equal(0, #server:requests())
  end)

  describe("from the emulator", function()
    local server, client

    setup(function()
      server = emu.start { delay = 0 }
      client = gemini.new { apiKey = "k", baseUrl = server.url }
    end)
    teardown(function() server.stop() end)

    local function nearest(found, text)
      local asked = { model = MODEL, content = text, packed = true, outputDimensionality = 64 }
      return gemini.vector.topK(assert(client.models:embedContent(asked)).embedding.values, found, 1)[1].index
    end

    it("keeps the order of 1,050 texts, several requests at once, in a task", function()
      local most, now, all = 0, 0, texts(1050)
      local watched = gemini.new {
        apiKey = "k", baseUrl = server.url,
        onRequest = function()
          now = now + 1
          most = math.max(most, now)
        end,
        onResponse = function() now = now - 1 end,
      }
      local found = gemini.run(function()
        return watched.models:embedMany { model = MODEL, texts = all, packed = true, outputDimensionality = 64, concurrency = 3 }
      end)
      assert.equal(1050, #found)
      assert.equal(3, most)
      for _, place in ipairs { 1, 100, 101, 777, 1050 } do assert.equal(place, nearest(found, "text " .. place)) end
    end)

    it("holds no requests before they are sent #memory", function()
      local long, all, most = ("x"):rep(20000), {}, 0
      for i = 1, 1000 do all[i] = long end
      collectgarbage()
      collectgarbage()
      local before = collectgarbage "count"
      local watched = gemini.new {
        apiKey = "k", baseUrl = server.url,
        onRequest = function(request)
          assert.is_true(#cjson.decode(request.body).requests == 10)
          collectgarbage()
          most = math.max(most, collectgarbage "count")
        end,
      }
      assert(watched.models:embedMany {
        model = MODEL, texts = all, packed = true, outputDimensionality = 8, batchSize = 10, concurrency = 2,
      })
      -- 20 MB went, 200 KB at a time.
      assert.is_true(most - before < 5000, ("%.0f KB"):format(most - before))
    end)
  end)
end)
