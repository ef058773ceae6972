local check = require "gemini.emulator.check"
local clock = require "spec.support.clock"
local emu = require "spec.support.emulator"
local gemini = require "gemini"

local OPERATION = "google.longrunning.Operation"
local IMAGEN, VEO = "models/imagen-4.0-generate-001", "models/veo-3.0-generate-001"
local PROMPT = { prompt = "A cat on a mat" }

describe("the emulator", function()
  local server, client

  setup(function()
    server = clock.start()
    client = gemini.new { apiKey = "k", baseUrl = server.url }
  end)
  teardown(function() server.stop() end)

  local function status(_, err) return err and err.status end

  describe("predicts pictures", function()
    local function predict(fields)
      local reply = assert(client.models:predict(fields))
      assert(check.reply("PredictResponse", reply))
      return reply.predictions
    end

    it("as many as are wanted", function()
      local predictions = predict { model = IMAGEN, instances = { PROMPT }, parameters = { sampleCount = 2 } }
      assert.equal(2, #predictions)
      for _, prediction in ipairs(predictions) do
        assert.equal("image/png", prediction.mimeType)
        local bytes = gemini.base64.decode(prediction.bytesBase64Encoded)
        assert.equal("\137PNG\r\n\26\n", bytes:sub(1, 8))
        assert.equal("IEND", bytes:sub(-8, -5))
      end
      assert.equal(4, #predict { model = IMAGEN, instances = { PROMPT } })
    end)

    it("not without a prompt, too many, or with a model that cannot", function()
      local function refused(fields) return status(client.models:predict(fields)) end
      assert.equal("INVALID_ARGUMENT", refused { model = IMAGEN, instances = { { text = "A cat" } } })
      assert.equal("INVALID_ARGUMENT", refused { model = IMAGEN, instances = { "A cat" } })
      for _, count in ipairs { 0, 5, 1.5, "2" } do
        local parameters = { sampleCount = count }
        assert.equal("INVALID_ARGUMENT", refused { model = IMAGEN, instances = { PROMPT }, parameters = parameters })
      end
      assert.equal("NOT_FOUND", refused { model = "models/gemini-2.5-flash", instances = { PROMPT } })
    end)
  end)

  it("predicts a video, which can be downloaded when the operation is done", function()
    local operation = assert(client.models:predictLongRunning { model = VEO, instances = { PROMPT } })
    assert(check.reply(OPERATION, operation))
    assert.truthy(operation.name:find("^models/veo%-3%.0%-generate%-001/operations/%w+$"))
    assert.is_nil(operation.done)
    assert.is_nil(operation.response)
    local page = assert(client.generatedFiles:list():page())
    assert(check.reply("ListGeneratedFilesResponse", page))
    local made = page.generatedFiles[1]
    assert.equal("GENERATING", made.state)
    local name = made.name:gsub("^generatedFiles/", "files/")
    assert.equal("NOT_FOUND", status(client.files:get { name = name }))
    assert.is_nil(assert(client.files:list():page()).files)

    clock.later(client, clock.WORK)
    operation = assert(client.models.operations:get { name = operation.name })
    assert(check.reply(OPERATION, operation))
    assert.is_true(operation.done)
    local samples = operation.response.generateVideoResponse.generatedSamples
    assert.equal(1, #samples)
    assert.equal(("%s/v1beta/%s:download?alt=media"):format(server.url, name), samples[1].video.uri)
    local file = assert(client.files:get { name = name })
    assert(check.reply("File", file))
    assert.equal("GENERATED", file.source)
    assert.equal("ACTIVE", file.state)
    assert.equal(samples[1].video.uri, file.downloadUri)
    assert.equal("GENERATED", assert(client.generatedFiles:list():page()).generatedFiles[1].state)

    local bytes = assert(client.files:download { name = name })
    assert.equal("ftyp", bytes:sub(5, 8))
    assert.equal(file.sizeBytes, ("%d"):format(#bytes))

    local id = operation.name:match("[^/]+$")
    local same = assert(client.generatedFiles.operations:get { name = made.name .. "/operations/" .. id })
    assert.same(operation.response, same.response)
  end)

  it("finishes after a restart what was under way, at its new address", function()
    local state = os.tmpname()
    local first = clock.start(nil, { state = state })
    local user = gemini.new { apiKey = "k", baseUrl = first.url }
    local operation = assert(user.models:predictLongRunning { model = VEO, instances = { PROMPT } })
    first.stop()

    local second = clock.start(nil, { state = state })
    user = gemini.new { apiKey = "k", baseUrl = second.url }
    assert.is_nil(assert(user.models.operations:get { name = operation.name }).done)
    clock.later(user, clock.WORK)
    local video = assert(user.models.operations:get { name = operation.name }).response.generateVideoResponse
    local name = video.generatedSamples[1].video.uri:match("^" .. second.url:gsub("%p", "%%%0") .. "/v1beta/(files/%w+):")
    assert.equal("ftyp", assert(user.files:download { name = name }):sub(5, 8))
    second.stop()
    os.remove(state)
  end)

  it("sends a download to another path of its own", function()
    assert(client.models:predictLongRunning { model = VEO, instances = { PROMPT } })
    clock.later(client, clock.WORK)
    local name = assert(client.files:list():page()).files[1].name
    local path = ("/v1beta/%s:download?alt=media"):format(name)
    -- luasocket waits for a byte even where none is wanted, and so the head must do.
    local connection = emu.connect(server.url)
    connection:request("GET", path)
    local response = connection:head()
    connection:close()
    assert.equal(302, response.status)
    assert.equal("http://localhost/download" .. path, response.headers.location)
    response = emu.call(server.url, "GET", "/download" .. path)
    assert.equal("video/mp4", response.headers["content-type"])
    assert.equal("ftyp", response.body:sub(5, 8))
  end)

  describe("lists the operations of a model", function()
    it("page by page", function()
      local started = {}
      for _ = 1, 3 do
        local operation = assert(client.models:predictLongRunning { model = VEO, instances = { PROMPT } })
        started[operation.name] = true
      end
      local pager, seen = client.models.operations:list { name = VEO, pageSize = 2 }, 0
      for page in function() return pager:page() end do
        assert(check.reply("ListOperationsResponse", page))
        for _, operation in ipairs(page.operations) do
          if started[operation.name] then seen = seen + 1 end
        end
      end
      assert.equal(3, seen)
    end)

    it("not filtered, and of no unknown one", function()
      local operations = client.models.operations
      assert.equal("INVALID_ARGUMENT", status(operations:list({ name = VEO, filter = "done=true" }):page()))
      assert.equal("NOT_FOUND", status(operations:list({ name = "models/none" }):page()))
      assert.equal("NOT_FOUND", status(operations:get { name = VEO .. "/operations/none" }))
    end)
  end)

  it("answers for dynamic models, whatever their ID", function()
    local reply = assert(client.dynamic:generateContent { model = "dynamic/whatever", contents = "Hello" })
    assert(check.reply("GenerateContentResponse", reply))
    assert.truthy(reply.text:find("Hello", 1, true))
    local texts = {}
    for chunk in client.dynamic:streamGenerateContent { model = "dynamic/other", contents = "Hello" } do
      assert(check.reply("GenerateContentResponse", chunk))
      texts[#texts + 1] = chunk.text
    end
    assert.is_true(#texts > 1)
    assert.truthy(table.concat(texts):find("dynamic/other", 1, true))
  end)

  describe("makes tokens for sessions", function()
    local function hoursAhead(hours) return os.date("!%Y-%m-%dT%H:%M:%S", os.time() + hours * 3600) end

    it("with times of its own, or those that are given", function()
      local token = assert(client.auth_tokens:create { uses = 3 })
      assert(check.reply("AuthToken", token))
      assert.truthy(token.name:find("^auth_tokens/%w+$"))
      assert.equal(3, token.uses)
      assert.is_true(token.newSessionExpireTime < token.expireTime)
      local time = hoursAhead(10) .. "Z"
      assert.equal(time, assert(client.auth_tokens:create { expireTime = time }).expireTime)
    end)

    it("not for the past, nor for days", function()
      local function create(expireTime) return status(client.auth_tokens:create { expireTime = expireTime }) end
      assert.equal("INVALID_ARGUMENT", create("2001-01-01T00:00:00Z"))
      assert.equal("INVALID_ARGUMENT", create(hoursAhead(30) .. "Z"))
      assert.equal("INVALID_ARGUMENT", create(hoursAhead(15) .. "-12:00"))
      assert.is_nil(create(hoursAhead(25) .. "+12:00"))
      assert.equal("INVALID_ARGUMENT", status(client.auth_tokens:create { uses = -1 }))
    end)
  end)
end)
