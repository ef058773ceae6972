---Settings out of range were taken, a patch's body was judged beyond its mask, and an owner could be no address.

local clock = require "spec.support.clock"
local emu = require "spec.support.emulator"
local expect = require "spec.support.expect"
local gemini = require "gemini"

local MODEL = "models/gemini-2.5-flash"

local function examples(count)
  local list = {}
  for i = 1, count do list[i] = { textInput = "1", output = "2" } end
  return { examples = { examples = list } }
end

describe("the emulator", function()
  local server, client

  setup(function()
    server = clock.start [[
      function(request)
        if request.text == "odd code" then return { error = { code = "x" } } end
        if request.text == "other code" then return { error = { code = 200 } } end
        if request.text == "odd error" then return { error = "x" } end
        if request.text == "odd status" then return { status = "200" } end
      end
    ]]
    client = gemini.new { apiKey = "k", baseUrl = server.url }
  end)
  teardown(function() server.stop() end)

  it("tunes no more steps than it can count", function()
    local function create(epochs)
      return client.tunedModels:create {
        baseModel = MODEL,
        tuningTask = { trainingData = examples(5), hyperparameters = { epochCount = epochs, batchSize = 4 } },
      }
    end
    expect.invalid(create(2147483647))
    expect.good("google.longrunning.Operation", create(1073741823))
  end)

  it("gives a tuned model to an address, however it is written", function()
    local name = "tunedModels/given"
    assert(client.tunedModels:create { tunedModelId = "given", baseModel = MODEL, tuningTask = { trainingData = examples(1) } })
    assert(client.tunedModels.permissions:create {
      parent = name, granteeType = "USER", emailAddress = "ann@example.com", role = "READER",
    })
    expect.invalid(client.tunedModels:transferOwnership { name = name, emailAddress = "not an address" })
    assert(client.tunedModels:transferOwnership { name = name, emailAddress = "Ann@Example.com" })
    local all = {}
    for permission in client.tunedModels.permissions:list { parent = name } do all[#all + 1] = permission end
    assert.equal(1, #all)
    assert.same({ "ann@example.com", "OWNER" }, { all[1].emailAddress, all[1].role })
  end)

  it("takes of a cache's patch what the mask says", function()
    local made = assert(client.cachedContents:create { model = MODEL, contents = "long", displayName = "Anna" })
    local target = ("/v1beta/%s"):format(made.name)
    local body = '{"name":"%s","model":"%s","displayName":"Lewin","ttl":"7200s"}'
    body = body:format(made.name, MODEL)
    local patched = emu.json(emu.call(server.url, "PATCH", target .. "?updateMask=ttl", body))
    assert.equal("Anna", patched.displayName)
    assert.not_equal(made.expireTime, patched.expireTime)
    assert.equal(400, emu.call(server.url, "PATCH", target, body).status)
    assert.equal(200, emu.call(server.url, "PATCH", target, ('{"name":"%s","ttl":"60s"}'):format(made.name)).status)
  end)

  it("caches nothing that is empty", function()
    expect.invalid(client.cachedContents:create { model = MODEL })
    assert(client.cachedContents:create { model = MODEL, systemInstruction = "Be brief." })
  end)

  it("runs no trigger for less than a second", function()
    assert(client.agents:create { id = "runner" })
    local function create(more)
      more.schedule, more.time_zone, more.interaction = "* * * * *", "UTC", { agent = "runner", input = "x" }
      return client.triggers:create(more)
    end
    expect.invalid(create { execution_timeout_seconds = -5 })
    expect.invalid(create { max_consecutive_failures = 0 })
    assert(create { execution_timeout_seconds = 60, max_consecutive_failures = 3 })
  end)

  it("forgets the secrets of a webhook that have expired", function()
    local made = assert(client.webhooks:create { uri = "https://a.b", subscribed_events = { "batch.failed" } })
    assert(client.webhooks:rotateSigningSecret { id = made.id })
    clock.later(client, 24 * 3600 + 60)
    assert(client.webhooks:rotateSigningSecret { id = made.id })
    assert.equal(2, #assert(client.webhooks:get { id = made.id }).signing_secrets)
  end)

  it("says what is wrong with a script's error", function()
    for text, expected in pairs {
      ["odd code"] = "code", ["other code"] = "code", ["odd error"] = "error", ["odd status"] = "status",
    } do
      local response = emu.call(server.url, "POST", "/v1beta/" .. MODEL .. ":generateContent",
        ('{"contents":[{"parts":[{"text":"%s"}]}]}'):format(text))
      assert.equal(500, response.status)
      assert.truthy(emu.json(response).error.message:find(expected, 1, true))
    end
  end)
end)
