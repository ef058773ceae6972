local cjson = require "cjson"
local check = require "gemini.emulator.check"
local clock = require "spec.support.clock"
local emu = require "spec.support.emulator"
local gemini = require "gemini"

local MODEL, EMBEDDING = "models/gemini-2.5-flash", "models/gemini-embedding-001"
local REPLY = [[
function(request)
  if request.text == "fail" then return { error = { status = "RESOURCE_EXHAUSTED", message = "enough" } } end
  if request.text == "raw" then return { status = 502, body = "<html>" } end
  if request.text:find("^say ") then return request.text:sub(5) end
end
]]

describe("the emulator's batches", function()
  local server, client, batches

  setup(function()
    server = clock.start(REPLY)
    client = gemini.new { apiKey = "k", baseUrl = server.url }
    batches = client.batches
  end)
  teardown(function() server.stop() end)

  local function status(_, err) return err and err.status end

  -- The metadata is a batch, without the requests that its message wants.
  local function checked(operation, kind)
    assert(check.reply("google.longrunning.Operation", operation))
    local batch = { inputConfig = { fileName = "files/x" } }
    for name, value in pairs(operation.metadata) do batch[name] = value end
    assert.truthy(batch["@type"]:find("^type%.googleapis%.com/[%w.]+%." .. (kind or "GenerateContentBatch") .. "$"))
    batch["@type"] = nil
    assert(check.reply(kind or "GenerateContentBatch", batch))
    return operation
  end

  local function get(operation, kind) return checked(assert(batches:get { name = operation.name }), kind) end

  local function request(text, key)
    return { request = { contents = { { parts = { { text = text } } } } }, metadata = key and { key = key } }
  end

  local function create(config, displayName)
    local batch = { displayName = displayName or "a batch", inputConfig = config }
    return checked(assert(client.models:batchGenerateContent { model = MODEL, batch = batch }))
  end

  local function inlined(...) return { requests = { requests = { ... } } } end

  -- Results by the key in their metadata, and the keys in their order.
  local function results(operation)
    local list, byKey, keys = operation.response.inlinedResponses.inlinedResponses, {}, {}
    for i, result in ipairs(list) do
      keys[i] = result.metadata.key
      byKey[keys[i]] = result
    end
    return byKey, keys
  end

  it("wait, run and succeed", function()
    local operation = create(inlined(request("say one", "1"), request("say two", "2"), request("say three", "3")), "mine")
    assert.truthy(operation.name:find("^batches/%w+$"))
    assert.is_nil(operation.done)
    local metadata = operation.metadata
    assert.equal("BATCH_STATE_PENDING", metadata.state)
    assert.equal(operation.name, metadata.name)
    assert.equal(MODEL, metadata.model)
    assert.equal("mine", metadata.displayName)
    assert.same({ requestCount = "3", pendingRequestCount = "3" }, metadata.batchStats)

    clock.later(client, clock.WORK / 2)
    local running = get(operation)
    assert.equal("BATCH_STATE_RUNNING", running.metadata.state)
    assert.is_nil(running.done)
    assert.is_nil(running.metadata.output)
    assert.is_true(running.metadata.updateTime > metadata.updateTime)

    clock.later(client, clock.WORK / 2)
    local done = get(operation)
    assert.is_true(done.done)
    assert.equal("BATCH_STATE_SUCCEEDED", done.metadata.state)
    assert.same({ requestCount = "3", successfulRequestCount = "3" }, done.metadata.batchStats)
    assert.equal(done.metadata.updateTime, done.metadata.endTime)
    assert.same(done.metadata.output.inlinedResponses, done.response.inlinedResponses)
    assert(check.reply("InlinedResponses", done.response.inlinedResponses))
    local byKey, keys = results(done)
    assert.not_same({ "1", "2", "3" }, keys)
    assert.equal("one", emu.text(byKey["1"].response))
    assert.equal("two", emu.text(byKey["2"].response))
    assert.equal("three", emu.text(byKey["3"].response))
  end)

  it("hold the emulator's own replies where no script has one", function()
    local operation = create(inlined(request("Why is the sky blue?", "sky")))
    clock.later(client, clock.WORK)
    local reply = results(get(operation)).sky.response
    assert(check.reply("GenerateContentResponse", reply))
    assert.truthy(emu.text(reply):find("Why is the sky blue?", 1, true))
  end)

  it("give each request an error of its own", function()
    local odd = { request = { contents = { { role = "nobody", parts = { { text = "x" } } } } }, metadata = { key = "odd" } }
    local stray = request("x", "stray")
    stray.request.model = "models/gemini-2.5-pro"
    local operation = create(inlined(request("fail", "scripted"), odd, request("say fine", "fine"), request("raw", "raw"), stray))
    clock.later(client, clock.WORK)
    operation = get(operation)
    assert.equal("BATCH_STATE_SUCCEEDED", operation.metadata.state)
    assert.same({ requestCount = "5", successfulRequestCount = "1", failedRequestCount = "4" }, operation.metadata.batchStats)
    local byKey = results(operation)
    assert.same({ code = 8, message = "enough" }, byKey.scripted.error)
    assert.equal(3, byKey.odd.error.code)
    assert.equal(3, byKey.stray.error.code)
    assert.equal(2, byKey.raw.error.code)
    assert.truthy(byKey.raw.error.message:find("502", 1, true))
    assert.is_nil(byKey.odd.response)
    assert.equal("fine", emu.text(byKey.fine.response))
  end)

  describe("of a file", function()
    local LINES = {
      '{"key":"a","request":{"contents":[{"parts":[{"text":"say alpha"}]}]}}', "",
      '{"key":"b","request":{"contents":[{"parts":[{"text":"say beta"}]}]}}',
      '{"key":"c","request":{"contents":[],"colour":1}}',
      '{"key":"d"}',
      "no JSON",
    }

    local function upload(lines)
      return assert(client.media:upload { data = table.concat(lines, "\n"), mimeType = "application/jsonl" }).name
    end

    it("make a file", function()
      local operation = create { fileName = upload(LINES) }
      assert.equal("5", operation.metadata.batchStats.requestCount)
      clock.later(client, clock.WORK)
      operation = get(operation)
      local name = operation.response.responsesFile
      assert.same({ responsesFile = name }, operation.metadata.output)
      assert.is_nil(operation.response.inlinedResponses)
      assert.same({ requestCount = "5", successfulRequestCount = "2", failedRequestCount = "3" }, operation.metadata.batchStats)

      local byKey, keys, keyless = {}, {}, nil
      for line in assert(client.files:download { name = name }):gmatch("([^\n]*)\n") do
        local result = cjson.decode(line)
        if result.key then keys[#keys + 1] = result.key else keyless = result end
        byKey[result.key or ""] = result
      end
      assert.not_same({ "a", "b", "c", "d" }, keys)
      assert.equal("alpha", emu.text(byKey.a.response))
      assert.equal("beta", emu.text(byKey.b.response))
      assert.truthy(byKey.c.error.message:find("colour", 1, true))
      assert.truthy(byKey.d.error.message:find("contents", 1, true))
      assert.equal(3, keyless.error.code)
    end)

    it("have it when they are done, and not when they are cancelled", function()
      local function generated()
        local count = 0
        for file in client.files:list() do
          if file.source == "GENERATED" then count = count + 1 end
        end
        return count
      end
      local before = generated()
      local operation = create { fileName = upload(LINES) }
      assert.equal(before, generated())
      assert(batches:cancel { name = operation.name })
      create { fileName = upload(LINES) }
      clock.later(client, clock.WORK)
      assert.equal(before + 1, generated())
    end)
  end)

  it("are cancelled while they are under way", function()
    local operation = create(inlined(request("say x", "x")))
    assert(batches:cancel { name = operation.name })
    operation = get(operation)
    assert.is_true(operation.done)
    assert.equal(1, operation.error.code)
    assert.truthy(operation.error.message:find("cancelled", 1, true))
    assert.is_nil(operation.response)
    assert.equal("BATCH_STATE_CANCELLED", operation.metadata.state)
    clock.later(client, clock.WORK)
    assert.same(operation, get(operation))

    operation = create(inlined(request("say x", "x")))
    clock.later(client, clock.WORK)
    assert(batches:cancel { name = operation.name })
    assert.equal("BATCH_STATE_SUCCEEDED", get(operation).metadata.state)
    assert.equal("NOT_FOUND", status(batches:cancel { name = "batches/none" }))
  end)

  it("are deleted", function()
    local operation = create(inlined(request("say x")))
    assert(batches:delete { name = operation.name })
    assert.equal("NOT_FOUND", status(batches:get { name = operation.name }))
    assert.equal("NOT_FOUND", status(batches:delete { name = operation.name }))
  end)

  it("are listed page by page, and not filtered", function()
    local names, seen = {}, {}
    for i = 1, 3 do names[i] = create(inlined(request("say x"))).name end
    local pager = batches:list { pageSize = 2 }
    for page in function() return pager:page() end do
      assert(check.reply("ListOperationsResponse", page))
      assert.is_true(#page.operations <= 2)
      for _, operation in ipairs(page.operations) do seen[operation.name] = checked(operation) end
    end
    for _, name in ipairs(names) do assert.equal(name, seen[name].metadata.name) end
    assert.equal("INVALID_ARGUMENT", status(batches:list({ filter = "done" }):page()))
  end)

  it("are changed where the mask says so", function()
    local config = inlined(request("say x"))
    local operation = create(config, "old")
    local batch = assert(batches:updateGenerateContentBatch { name = operation.name, displayName = "new", priority = "7" })
    assert(check.reply("GenerateContentBatch", batch))
    assert.equal("new", batch.displayName)
    assert.equal("7", batch.priority)
    assert.equal("new", get(operation).metadata.displayName)
    assert.equal("INVALID_ARGUMENT", status(batches:updateEmbedContentBatch { name = operation.name, displayName = "x" }))
    local mask = { name = operation.name, displayName = "x", updateMask = "state" }
    assert.equal("INVALID_ARGUMENT", status(batches:updateGenerateContentBatch(mask)))
    assert.equal("new", get(operation).metadata.displayName)
  end)

  it("need requests, a file that is there, and a model that can", function()
    local function refused(model, config)
      return status(client.models:batchGenerateContent { model = model, batch = { inputConfig = config } })
    end
    assert.equal("INVALID_ARGUMENT", refused(MODEL, {}))
    assert.equal("INVALID_ARGUMENT", refused(MODEL, { requests = { requests = gemini.array {} } }))
    assert.equal("NOT_FOUND", refused(MODEL, { fileName = "files/none" }))
    assert.equal("NOT_FOUND", refused(EMBEDDING, inlined(request("x"))))
    assert.equal("NOT_FOUND", refused("tunedModels/none", inlined(request("x"))))
  end)

  describe("of contents to embed", function()
    local function content(text, key)
      return { request = { content = { parts = { { text = text } } }, outputDimensionality = 8 }, metadata = { key = key } }
    end

    it("hold what embedContent answers", function()
      local batch = { displayName = "vectors", inputConfig = inlined(content("cats", "1"), content("", "2")) }
      local operation = assert(client.models:asyncBatchEmbedContent { model = EMBEDDING, batch = batch })
      assert.equal("BATCH_STATE_PENDING", checked(operation, "EmbedContentBatch").metadata.state)
      clock.later(client, clock.WORK)
      operation = get(operation, "EmbedContentBatch")
      assert(check.reply("InlinedEmbedContentResponses", operation.response.inlinedResponses))
      local byKey = results(operation)
      local fields = { model = EMBEDDING, content = { parts = { { text = "cats" } } }, outputDimensionality = 8 }
      assert.same(assert(client.models:embedContent(fields)).embedding, byKey["1"].response.embedding)
      assert.equal(3, byKey["2"].error.code)
      local changed = assert(batches:updateEmbedContentBatch { name = operation.name, displayName = "new" })
      assert(check.reply("EmbedContentBatch", changed))
      assert.equal("new", changed.displayName)
      assert(batches:delete { name = operation.name })
    end)
  end)

  it("are for tuned models too", function()
    local task = { trainingData = { examples = { examples = { { textInput = "1", output = "2" } } } } }
    assert(client.tunedModels:create { tunedModelId = "mine", baseModel = MODEL, tuningTask = task })
    local fields = { model = "tunedModels/mine", batch = { inputConfig = inlined(request("say tuned", "1")) } }
    assert.equal("FAILED_PRECONDITION", status(client.tunedModels:batchGenerateContent(fields)))
    clock.later(client, clock.WORK)
    local operation = checked(assert(client.tunedModels:batchGenerateContent(fields)))
    assert.equal("tunedModels/mine", operation.metadata.model)
    fields.batch.inputConfig = inlined { request = { content = { parts = { { text = "x" } } } } }
    local embedding = assert(client.tunedModels:asyncBatchEmbedContent(fields))
    clock.later(client, clock.WORK)
    assert.equal("tuned", emu.text(results(get(operation))["1"].response))
    local values = get(embedding, "EmbedContentBatch").response.inlinedResponses.inlinedResponses[1].response.embedding.values
    assert.is_true(#values > 0)
  end)
end)
