---The emulator's media: large ones in files, parts of them by Range, and faults that it was told to have.

local cjson = require "cjson"
local emu = require "spec.support.emulator"
local emulator = require "gemini.emulator"
local gemini = require "gemini"
local socket = require "socket"
local temporary = require "spec.support.temporary"

local GRANULE = 262144

describe("the emulator's media", function()
  local server, client, environment

  local function start(given)
    if server then server.stop() end
    server = emu.start(given)
    client = gemini.new { apiKey = "k", baseUrl = server.url }
  end

  setup(function()
    start { work = 0 }
    environment = assert(client.environments:create {}).id
  end)
  teardown(function() server.stop() end)
  after_each(function() temporary.clean() end)

  local function call(verb, target, body, headers) return emu.call(server.url, verb, target, body, headers) end

  local function begin(headers, body)
    local all = { ["X-Goog-Upload-Protocol"] = "resumable", ["X-Goog-Upload-Command"] = "start" }
    for name, value in pairs(headers or {}) do all[name] = value end
    local response = call("POST", "/upload/v1beta/files", body or "{}", all)
    return (assert(response.headers["x-goog-upload-url"], response.body):match("^http://[^/]+(/.*)$"))
  end

  local function send(target, command, bytes, offset)
    return call("POST", target, bytes, { ["X-Goog-Upload-Command"] = command, ["X-Goog-Upload-Offset"] = offset })
  end

  local function received(target)
    return tonumber(send(target, "query", "").headers["x-goog-upload-size-received"])
  end

  local function put(path, data)
    assert(client.environments.files:upload {
      environment = environment, path = path, overwrite = true, data = data, mimeType = "application/x-test",
    })
    return ("/v1beta/environments/%s/files/%s?alt=media"):format(environment, path)
  end

  describe("come in parts", function()
    local DATA = ("0123456789"):rep(30000)

    for size, data in pairs { few = DATA:sub(1, 1000), many = DATA } do
      it("by Range: of " .. size .. " bytes", function()
        local target, last = put("a", data), #data - 1
        for range, expected in pairs {
          ["bytes=0-0"] = { 0, 0 }, ["bytes=5-9"] = { 5, 9 }, ["bytes=990-"] = { 990, last },
          ["bytes=-7"] = { last - 6, last }, ["bytes=5-99999999"] = { 5, last }, ["bytes=-99999999"] = { 0, last },
        } do
          local response = call("GET", target, nil, { Range = range })
          assert.equal(206, response.status, range)
          local first, stop = expected[1], expected[2]
          assert.equal(("bytes %d-%d/%d"):format(first, stop, #data), response.headers["content-range"])
          assert.is_true(data:sub(first + 1, stop + 1) == response.body, range)
        end
      end)
    end

    it("not by what is no such range", function()
      local target = put("a", DATA)
      for _, range in ipairs { "bytes=5-4", "bytes=300000-", "bytes=-0" } do
        local response = call("GET", target, nil, { Range = range })
        assert.same({ 416, "bytes */300000" }, { response.status, response.headers["content-range"] })
      end
      for _, range in ipairs { "bytes=0-1,4-5", "lines=0-1", "bytes=-", "bytes=x-" } do
        local response = call("GET", target, nil, { Range = range })
        assert.same({ 200, "300000" }, { response.status, response.headers["content-length"] }, range)
      end
    end)

    it("of the bytes that were meant", function()
      local target = put("a", DATA)
      local tag = call("GET", target).headers.etag
      assert.equal(206, call("GET", target, nil, { Range = "bytes=0-4", ["If-Range"] = tag }).status)
      assert.equal(200, call("GET", target, nil, { Range = "bytes=0-4", ["If-Range"] = '"other"' }).status)
      put("a", DATA .. "!")
      assert.not_equal(tag, call("GET", target).headers.etag)
    end)
  end)

  describe("are held against what was announced:", function()
    local HASH = gemini.base64.encode "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    it("their hash", function()
      local body = cjson.encode { file = { sha256Hash = HASH } }
      local target = begin(nil, body)
      local refused = send(target, "upload, finalize", "abd", 0)
      assert.equal(400, refused.status)
      assert.truthy(refused.body:find("sha256_hash", 1, true))
      assert.equal(0, received(target))
      assert.equal(HASH, emu.json(send(target, "upload, finalize", "abc", 0)).file.sha256Hash)
      local multipart = ("--b\r\n\r\n%s\r\n--b\r\nContent-Type: text/plain\r\n\r\n%s\r\n--b--")
      local headers = { ["Content-Type"] = "multipart/related; boundary=b" }
      assert.equal(400, call("POST", "/upload/v1beta/files", multipart:format(body, "abd"), headers).status)
      assert.equal(200, call("POST", "/upload/v1beta/files", multipart:format(body, "abc"), headers).status)
    end)
  end)

  it("that are nothing but bytes are refused with what is said of them", function()
    local headers = { ["X-Goog-Upload-Protocol"] = "raw", ["Content-Type"] = "no type" }
    assert.equal(400, call("POST", "/upload/v1beta/files", ("x"):rep(100000), headers).status)
    headers["Content-Type"], headers["x-goog-api-key"] = "text/plain", false
    assert.equal(403, call("POST", "/upload/v1beta/files", ("x"):rep(100000), headers).status)
  end)

  describe("outlive the process", function()
    local state

    local function beside()
      local pipe = io.popen(("ls '%s'.media-* 2>/dev/null"):format(state))
      local names = {}
      for name in pipe:lines() do names[#names + 1] = name end
      pipe:close()
      return names
    end

    setup(function() state = os.tmpname() end)
    teardown(function()
      os.execute(("rm -f '%s'*"):format(state))
      start { work = 0 }
      environment = assert(client.environments:create {}).id
    end)

    it("in files of their own where they are many, which go with them", function()
      os.remove(state)
      start { work = 0, state = state }
      local data = ("0123456789"):rep(30000)
      local small = assert(client.media:upload { data = "few", mimeType = "text/plain" })
      local large = assert(client.media:upload { data = data, mimeType = "text/plain", protocol = "raw" })
      local store = assert(client.fileSearchStores:create {})
      assert(client.media:uploadToFileSearchStore {
        fileSearchStoreName = store.name, data = data, mimeType = "text/plain",
      }:wait { interval = 0.01 })
      assert.equal(2, #beside())
      start { work = 0, state = state }
      for _, file in ipairs { small, large } do
        local kept = assert(client.files:get { name = file.name })
        assert.same({ file.sizeBytes, file.sha256Hash }, { kept.sizeBytes, kept.sha256Hash })
      end
      local document = client.fileSearchStores.documents:list({ parent = store.name })()
      local name = document.name:gsub("/documents/", "/media/")
      assert.is_true(data == client.fileSearchStores.media:download { name = name })
      assert(client.fileSearchStores.documents:delete { name = document.name, force = true })
      assert(client.files:delete { name = large.name })
      assert.equal(0, #beside())
    end)

    it("while they are still coming", function()
      os.remove(state)
      start { work = 0, state = state }
      local target = begin({ ["X-Goog-Upload-Header-Content-Length"] = tostring(GRANULE + 3) },
        '{"file":{"displayName":"kept"}}')
      send(target, "upload", ("a"):rep(GRANULE), 0)
      start { work = 0, state = state }
      assert.equal(GRANULE, received(target))
      local file = emu.json(send(target, "upload, finalize", "bcd", GRANULE)).file
      assert.same({ "kept", tostring(GRANULE + 3) }, { file.displayName, file.sizeBytes })
      start { work = 0, state = state }
      assert.equal(file.name, cjson.decode(send(target, "query", "").body).file.name)
      server.reset()
      assert.equal(0, #beside())
    end)
  end)

  describe("fail as they are told:", function()
    after_each(function() server.fail {} end)

    -- Sends a request with a body that breaks off.
    local function broken(target, command, bytes, offset)
      local connection = emu.connect(server.url)
      -- It may break while the last bytes are still sent.
      pcall(connection.request, connection, "POST", target, bytes,
        { ["X-Goog-Upload-Command"] = command, ["X-Goog-Upload-Offset"] = offset })
      local answer, problem = connection.client:receive "*l"
      connection:close()
      assert.is_nil(answer)
      assert.equal("closed", problem)
    end

    it("the connection breaks behind some bytes, and whole granules of a chunk stay", function()
      local target = begin()
      server.fail { { command = "upload", dropRequest = GRANULE + 5 }, { command = "upload", dropRequest = 0 } }
      broken(target, "upload", ("a"):rep(2 * GRANULE), 0)
      assert.equal(GRANULE, received(target))
      broken(target, "upload", ("a"):rep(GRANULE), GRANULE)
      assert.equal(GRANULE, received(target))
      assert.equal(200, send(target, "upload", ("a"):rep(GRANULE), GRANULE).status)
      assert.equal(2 * GRANULE, received(target))
    end)

    it("what breaks off at another place than the session's leaves nothing in it", function()
      local target = begin()
      assert.equal(200, send(target, "upload", ("a"):rep(GRANULE), 0).status)
      server.fail { { command = "upload", dropRequest = GRANULE + 5 } }
      broken(target, "upload", ("b"):rep(2 * GRANULE), 0)
      assert.equal(GRANULE, received(target))
      assert.equal(400, send(target, "upload", ("b"):rep(GRANULE), 0).status)
      local file = emu.json(send(target, "upload, finalize", "c", GRANULE)).file
      local expected = require("gemini.codec").sha256():add(("a"):rep(GRANULE) .. "c"):hex()
      assert.equal(gemini.base64.encode(expected), file.sha256Hash)
    end)

    it("an error is the answer, some times and after some requests", function()
      server.fail { { path = "/v1beta/models", verb = "GET", status = 503, retryAfter = 7, after = 1, times = 2 } }
      local seen = {}
      for i = 1, 4 do
        local response = call("GET", "/v1beta/models")
        seen[i] = response.status
        if i == 2 then
          assert.equal("7", response.headers["retry-after"])
          local problem = cjson.decode(response.body).error
          assert.same({ 503, "UNAVAILABLE" }, { problem.code, problem.status })
        end
      end
      assert.same({ 200, 503, 503, 200 }, seen)
    end)

    it("the answer is lost, and what was asked is done", function()
      local target = begin(nil, '{"file":{"name":"files/lost-answer"}}')
      server.fail { { command = "upload, finalize", dropAnswer = 0 } }
      broken(target, "upload, finalize", "abc", 0)
      assert.equal("final", send(target, "query", "").headers["x-goog-upload-status"])
      assert.equal("3", assert(client.files:get { name = "lost-answer" }).sizeBytes)
    end)

    it("the answer breaks off behind some bytes", function()
      local target = put("cut", ("0123456789"):rep(20000))
      server.fail { { path = "/files/cut", dropAnswer = 70000 } }
      local connection = emu.connect(server.url)
      connection:request("GET", target)
      assert.equal("200000", connection:head().headers["content-length"])
      local all, problem, partial = connection.client:receive(200000)
      connection:close()
      assert.is_nil(all)
      assert.same({ "closed", 70000 }, { problem, #partial })
    end)

    it("fewer bytes are taken than were sent", function()
      local target = begin()
      server.fail { { command = "upload", take = GRANULE }, { command = "upload, finalize", take = 2 } }
      local response = send(target, "upload", ("a"):rep(2 * GRANULE), 0)
      assert.same({ "active", tostring(GRANULE) },
        { response.headers["x-goog-upload-status"], response.headers["x-goog-upload-size-received"] })
      response = send(target, "upload, finalize", "abc", GRANULE)
      assert.equal("active", response.headers["x-goog-upload-status"])
      assert.equal(GRANULE + 2, received(target))
      assert.equal(tostring(GRANULE + 3), emu.json(send(target, "upload, finalize", "c", GRANULE + 2)).file.sizeBytes)
    end)

    it("until it is reset", function()
      server.fail { { status = 500, times = 100 } }
      assert.equal(500, call("GET", "/v1beta/models").status)
      assert.is_true(server.reset())
      assert.equal(200, call("GET", "/v1beta/models").status)
      environment = assert(client.environments:create {}).id
    end)

    it("not by what is no fault", function()
      for message, faults in pairs {
        ["faults must be a list, got a field 'status'"] = { status = 503 },
        ["faults must be a list, got string"] = "503",
        ["a fault has no 'stats'"] = { { stats = 503 } },
        ["a fault's status must be an HTTP status from 400 to 599"] = { { status = 200 } },
        ["a fault's take must be a whole number"] = { { take = -1 } },
        ["a fault's path must be a string"] = { { path = 5 } },
        ["a fault is a table"] = { 5 },
      } do
        local ok, problem = pcall(server.fail, faults)
        assert.is_false(ok)
        assert.truthy(problem:find("gemini.emulator: " .. message, 1, true), problem)
        local response = call("POST", "/emulator:fail", cjson.encode { faults = faults })
        assert.equal(400, response.status)
        assert.truthy(cjson.decode(response.body).error.message:find(message, 1, true), response.body)
      end
      assert.equal(200, call("GET", "/v1beta/models").status)
    end)

    it("where it runs inside of a program too", function()
      local own = assert(emulator.new { delay = 0 })
      own:fail { { status = 418 } }
      local host, port = own.url:match "^http://([^:]+):(%d+)$"
      local connection = assert(socket.connect(host, tonumber(port)))
      connection:settimeout(0)
      connection:send "GET /v1beta/models HTTP/1.1\r\nx-goog-api-key: k\r\n\r\n"
      local line
      repeat
        own:step(0.01)
        line = connection:receive "*l"
      until line
      assert.truthy(line:find("^HTTP/1.1 418 "))
      local ok, problem = pcall(own.fail, own, { { drop = 5 } })
      assert.is_false(ok)
      assert.truthy(problem:find("gemini.emulator: a fault has no 'drop'", 1, true), problem)
      connection:close()
      own:close()
    end)
  end)
end)
