---Waiting for files that the server still looks through.

local emu = require "spec.support.emulator"
local gemini = require "gemini"
local talk = require "spec.support.talk"

local function answer(state, more)
  return talk.ok(('{"name":"files/a","state":"%s"%s}'):format(state, more or ""))
end

describe("client.files:waitActive", function()
  after_each(talk.stop)

  it("asks for the file until it is active, and gives it", function()
    local client, server = talk.answering(answer "PROCESSING", answer "PROCESSING", answer "ACTIVE")
    local seen = {}
    local active = assert(client.files:waitActive {
      name = "a", interval = 0.01, onProgress = function(each) seen[#seen + 1] = each.state end,
    })
    assert.same({ "files/a", "ACTIVE" }, { active.name, active.state })
    assert.same({ "PROCESSING", "PROCESSING" }, seen)
    assert.equal(3, #server:requests())
    for i = 1, 3 do assert.same({ "GET", "/v1beta/files/a" }, { talk.sent(i).verb, talk.sent(i).target }) end
  end)

  it("waits for nothing where the file is active", function()
    local client, server = talk.answering(answer "ACTIVE")
    assert.equal("ACTIVE", assert(client.files:waitActive { name = "files/a" }).state)
    assert.equal(1, #server:requests())
  end)

  it("gives the error of a file that could not be used", function()
    local client = talk.answering(answer "PROCESSING", answer("FAILED", ',"error":{"code":3,"message":"no such codec"}'))
    local active, err = client.files:waitActive { name = "a", interval = 0.01 }
    assert.is_nil(active)
    assert.same({ "api", 400, "INVALID_ARGUMENT", "no such codec" }, { err.kind, err.code, err.status, err.message })
    client = talk.answering(answer "FAILED")
    active, err = client.files:waitActive { name = "a" }
    assert.is_nil(active)
    assert.same({ "api", "FAILED", "files/a could not be processed" }, { err.kind, err.status, err.message })
  end)

  it("ends at its timeout, between two looks and within one", function()
    local client = talk.answering(answer "PROCESSING", answer "PROCESSING")
    local active, err = client.files:waitActive { name = "a", interval = 0.3, timeout = 0.1 }
    assert.is_nil(active)
    assert.same({ "timeout", "files/a is not active after 0.1 seconds" }, { err.kind, err.message })
    client = talk.scripted { { { "recv" }, { "send", answer "PROCESSING" }, { "recv" }, { "hold" } } }
    active, err = client.files:waitActive { name = "a", interval = 0.01, timeout = 0.2 }
    assert.is_nil(active)
    assert.same({ "timeout", "files/a is not active after 0.2 seconds" }, { err.kind, err.message })
  end)

  it("keeps to its timeout at its first look, and to a look's own", function()
    local client = talk.scripted { { { "recv" }, { "hold" } } }
    local active, err = client.files:waitActive { name = "a", timeout = 0.2 }
    assert.is_nil(active)
    assert.same({ "timeout", "a is not active after 0.2 seconds" }, { err.kind, err.message })
    client = talk.scripted { { { "recv" }, { "send", answer "PROCESSING" }, { "recv" }, { "hold" } } }
    active, err = client.files:waitActive({ name = "a", timeout = 100, interval = 0.01 }, { timeout = 0.3 })
    assert.is_nil(active)
    assert.same({ "timeout", "no complete answer within 300 ms" }, { err.kind, err.message })
  end)

  it("takes a name of the server's that is none for its fault", function()
    local client = talk.answering(talk.ok '{"name":"models/a","state":"PROCESSING"}')
    local active, err = client.files:waitActive { name = "a", interval = 0.01 }
    assert.is_nil(active)
    assert.equal("protocol", err.kind)
    client = talk.answering(talk.ok '{"file":{"name":"models/a","state":"PROCESSING"}}')
    active, err = client.media:upload { data = "x", mimeType = "a/b", wait = { interval = 0.01 } }
    assert.is_nil(active)
    assert.same({ "protocol", "models/a" }, { err.kind, err.partial.name })
  end)

  it("gives the server's error, and takes options of the call", function()
    local client = talk.answering(talk.http("404 Not Found", '{"error":{"code":404,"status":"NOT_FOUND","message":"no"}}'))
    local active, err = client.files:waitActive({ name = "a" }, { headers = { ["X-Own"] = "1" } })
    assert.is_nil(active)
    assert.same({ "NOT_FOUND", "files.get" }, { err.status, err.method })
    assert.equal("1", talk.sent().headers["x-own"])
  end)

  for message, args in pairs {
    ["name is missing"] = {},
    ["name must look like files/*"] = { name = "models/a" },
    ["unknown option 'intervall', did you mean 'interval'?"] = { name = "a", intervall = 1 },
    ["interval must be a positive number of seconds, got 0"] = { name = "a", interval = 0 },
    ["unknown option 'retries'"] = { { name = "a" }, { retries = 1 } },
  } do
    it("is refused: " .. message, function()
      local client, server = talk.answering(answer "ACTIVE")
      local first, second = args, nil
      if args[1] then first, second = args[1], args[2] end
      local ok, err = pcall(client.files.waitActive, client.files, first, second)
      assert.is_false(ok)
      assert.truthy(err:find("files.waitActive: " .. message, 1, true), err)
      assert.equal(0, #server:requests())
    end)
  end
end)

describe("an upload that waits", function()
  local server, client

  setup(function()
    server = emu.start { work = 0.6 }
    client = gemini.new { apiKey = "k", baseUrl = server.url }
  end)
  teardown(function() server.stop() end)

  it("gives the file when it can be used", function()
    local states = {}
    local file = assert(client.media:upload {
      data = "x", mimeType = "video/mp4",
      wait = { interval = 0.05, onProgress = function(each) states[#states + 1] = each.state end },
    })
    assert.equal("ACTIVE", file.state)
    assert.is_true(#states > 1)
    for _, state in ipairs(states) do assert.equal("PROCESSING", state) end
    assert.equal("ACTIVE", assert(client.media:upload { data = "x", mimeType = "text/plain", wait = true }).state)
    assert.equal("PROCESSING", assert(client.media:upload { data = "x", mimeType = "video/mp4", wait = false }).state)
  end)

  it("gives a store's operation when it is done", function()
    local store = assert(client.fileSearchStores:create {})
    local operation = assert(client.media:uploadToFileSearchStore {
      fileSearchStoreName = store.name, data = "x", mimeType = "text/plain", wait = { interval = 0.05 },
    })
    assert.is_true(operation.done)
  end)

  it("is over with its call, and asks as it was told to", function()
    local file, err = client.media:upload({ data = "x", mimeType = "video/mp4", wait = { interval = 0.01 } }, { timeout = 0.1 })
    assert.is_nil(file)
    assert.equal("timeout", err.kind)
    local seen = {}
    local observed = gemini.new {
      apiKey = "k", baseUrl = server.url, onRequest = function(request) seen[#seen + 1] = request.headers["x-own"] end,
    }
    assert(observed.media:upload(
      { data = "x", mimeType = "video/mp4", wait = { interval = 0.1 } }, { headers = { ["X-Own"] = "1" } }))
    assert.is_true(#seen > 1)
  end)

  it("gives the error where it waits for too long", function()
    local file, err = client.media:upload { data = "x", mimeType = "video/mp4", wait = { interval = 0.01, timeout = 0.05 } }
    assert.is_nil(file)
    assert.equal("timeout", err.kind)
    assert.truthy(err.message:find "^files/%w+ is not active after 0.05 seconds$")
    assert.equal("ACTIVE", assert(client.files:waitActive { name = err.partial.name, interval = 0.05 }).state)
  end)
end)
