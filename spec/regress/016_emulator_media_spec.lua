---Two chunks at once mixed their bytes, what broke off stayed beside the state, files past the first dozens were out of
---reach, and faults struck what they were not meant for.

local cjson = require "cjson"
local codec = require "gemini.codec"
local emu = require "spec.support.emulator"
local gemini = require "gemini"

local GRANULE = 262144

describe("the emulator's media", function()
  local server, client, state

  local function start()
    if server then server.stop() end
    server = emu.start { work = 0, state = state }
    client = gemini.new { apiKey = "k", baseUrl = server.url }
  end

  setup(function()
    state = os.tmpname()
    os.remove(state)
    start()
  end)
  teardown(function()
    server.stop()
    os.execute(("rm -rf '%s'*"):format(state))
  end)
  after_each(function() server.reset() end)

  local function call(verb, target, body, headers) return emu.call(server.url, verb, target, body, headers) end

  local function begin(body)
    local response = call("POST", "/upload/v1beta/files", body or "{}",
      { ["X-Goog-Upload-Protocol"] = "resumable", ["X-Goog-Upload-Command"] = "start" })
    return (response.headers["x-goog-upload-url"]:match("^http://[^/]+(/.*)$"))
  end

  local function chunk(offset, more)
    local headers = { ["X-Goog-Upload-Command"] = "upload", ["X-Goog-Upload-Offset"] = offset }
    for name, value in pairs(more or {}) do headers[name] = value end
    return headers
  end

  local function send(target, command, bytes, offset)
    return call("POST", target, bytes, chunk(offset, { ["X-Goog-Upload-Command"] = command }))
  end

  local function received(target)
    return tonumber(send(target, "query", "").headers["x-goog-upload-size-received"])
  end

  -- A connection on which a request with a body has begun, and its body has not ended. Answers of others show that what
  -- it sent is there.
  local function unfinished(target, bytes, size, headers)
    local connection = emu.connect(server.url)
    headers["Content-Length"] = size
    connection:request("POST", target, bytes, headers)
    for _ = 1, 3 do call("GET", "/v1beta/models") end
    return connection
  end

  local function beside()
    local pipe = io.popen(("ls '%s'.media-* 2>/dev/null"):format(state))
    local _, count = pipe:read("*a"):gsub("\n", "")
    pipe:close()
    return count
  end

  local function untilBeside(count)
    for _ = 1, 200 do
      call("GET", "/v1beta/models")
      if beside() == count then break end
    end
    assert.equal(count, beside())
  end

  local function hashOf(response) return gemini.base64.decode(emu.json(response).file.sha256Hash) end

  describe("that come twice to one session", function()
    local FIRST, SECOND = ("a"):rep(2 * GRANULE), ("b"):rep(GRANULE)

    it("are the ones of the chunk that began last", function()
      local target = begin()
      local first = unfinished(target, FIRST:sub(1, GRANULE), #FIRST, chunk(0))
      assert.equal(200, send(target, "upload", SECOND, 0).status)
      -- It may be closed before all of it is sent.
      pcall(first.send, first, FIRST:sub(GRANULE + 1))
      first:close()
      assert.equal(#SECOND, received(target))
      assert.equal(codec.sha256():add(SECOND .. "c"):hex(), hashOf(send(target, "upload, finalize", "c", #SECOND)))
    end)

    it("are not taken where others have come meanwhile", function()
      local target = begin()
      local early = unfinished(target, "", #SECOND, chunk(#SECOND))
      assert.equal(200, send(target, "upload", SECOND, 0).status)
      early:send(("x"):rep(#SECOND))
      assert.equal(400, early:response().status)
      early:close()
      assert.equal(#SECOND, received(target))
    end)

    it("are nobody's when the session is cancelled or forgotten", function()
      for _, how in ipairs { function(target) send(target, "cancel", "", 0) end, function() server.reset() end } do
        local target = begin()
        local first = unfinished(target, FIRST:sub(1, GRANULE), #FIRST, chunk(0))
        how(target)
        local other = begin()
        pcall(first.send, first, FIRST:sub(GRANULE + 1))
        first:close()
        assert.equal(0, received(other))
        assert.not_equal(other, target)
      end
      untilBeside(0)
    end)
  end)

  describe("leave no file beside the state", function()
    local BYTES = ("x"):rep(300000)
    local RAW = { ["X-Goog-Upload-Protocol"] = "raw", ["Content-Type"] = "a/b" }

    it("whose client went away", function()
      local headers = { ["X-Goog-Upload-Protocol"] = "raw", ["Content-Type"] = "a/b" }
      local connection = unfinished("/upload/v1beta/files", BYTES, 2 * #BYTES, headers)
      untilBeside(1)
      connection:close()
      untilBeside(0)
    end)

    it("that broke off as a fault would have it", function()
      for _, place in ipairs { 0, 100000, #BYTES + 1 } do
        server.fail { { path = "/upload/", dropRequest = place } }
        local connection = emu.connect(server.url)
        pcall(connection.request, connection, "POST", "/upload/v1beta/files", BYTES, RAW)
        assert.is_nil((connection.client:receive "*l"))
        connection:close()
        untilBeside(0)
      end
    end)

    it("that are few in the end", function()
      local target = begin()
      assert.equal(200, send(target, "upload, finalize", "few", 0).status)
      untilBeside(0)
    end)

    it("that came when the process was killed", function()
      local connection = unfinished("/upload/v1beta/files", BYTES, 2 * #BYTES, RAW)
      untilBeside(1)
      os.execute("kill -9 " .. server.pid)
      connection:close()
      start()
      assert.equal(0, beside())
    end)
  end)

  it("that are many keep few files open", function()
    local function descriptors()
      local pipe = io.popen(("ls /proc/%d/fd | wc -l"):format(server.pid))
      local count = tonumber(pipe:read "*a")
      pipe:close()
      return count
    end
    local before, names = descriptors(), {}
    for i = 1, 80 do
      names[i] = assert(client.media:upload { data = ("%d "):format(i):rep(40000), mimeType = "a/b", protocol = "raw" }).name
    end
    local more = descriptors() - before
    assert.is_true(more < 40, more .. " more are open")
    assert.equal(80, beside())
    for i, name in ipairs(names) do
      local text = ("%d "):format(i):rep(40000)
      local expected = gemini.base64.encode(codec.sha256():add(text):hex())
      assert.equal(expected, assert(client.files:get { name = name }).sha256Hash)
    end
  end)

  it("are whole after a restart, with their length, and where they end in zeros", function()
    local id = assert(client.environments:create {}).id
    local place = { environment = id, path = "x" }
    local data = ("x"):rep(300000) .. ("\0"):rep(3 * 65536)
    assert(client.environments.files:upload {
      environment = id, path = "x", overwrite = true, data = data, mimeType = "a/b",
    })
    start()
    assert.is_true(data == client.environments.files:download(place))
    local target = ("/v1beta/environments/%s/files/x?alt=media"):format(id)
    local answer = call("GET", target)
    assert.equal(("%d"):format(#data), answer.headers["content-length"])
    local part = call("GET", target, nil, { Range = "bytes=5-" })
    assert.equal(("bytes 5-%d/%d"):format(#data - 1, #data), part.headers["content-range"])
    -- HTTP knows Range with GET alone.
    local connection = emu.connect(server.url)
    connection:request("HEAD", target, nil, { Range = "bytes=5-9" })
    local head = connection:head()
    connection:close()
    assert.same({ 200, ("%d"):format(#data) }, { head.status, head.headers["content-length"] })
  end)

  it("of a length that no one can count are too large", function()
    for _, length in ipairs { "99999999999999999999", "9007199254740993" } do
      local connection = emu.connect(server.url)
      connection:request("POST", "/upload/v1beta/files", nil,
        { ["X-Goog-Upload-Protocol"] = "raw", ["Content-Type"] = "a/b", ["Content-Length"] = length })
      assert.equal(413, connection:head().status)
      connection:close()
    end
  end)

  describe("fail", function()
    local function broken(verb, target, body, headers)
      local connection = emu.connect(server.url)
      pcall(connection.request, connection, verb, target, body, headers)
      local answer, problem = connection.client:receive "*l"
      connection:close()
      return answer == nil and problem
    end

    it("by the verb that was said", function()
      server.fail { { verb = "POST", path = "/v1beta/files", status = 500 } }
      assert.equal(200, call("GET", "/v1beta/files").status)
      assert.equal(500, call("POST", "/v1beta/files", "{}").status)
    end)

    it("at the byte that was said", function()
      for place, kept in pairs { [GRANULE - 1] = 0, [GRANULE] = GRANULE, [2 * GRANULE] = 2 * GRANULE } do
        local target = begin()
        server.fail { { command = "upload", dropRequest = place } }
        assert.equal("closed", broken("POST", target, ("x"):rep(2 * GRANULE), chunk(0)))
        assert.equal(kept, received(target))
      end
    end)

    it("with what was taken, behind which the end is refused", function()
      assert.equal(200, send(begin '{"file":{"name":"files/same"}}', "upload, finalize", "first", 0).status)
      local target = begin '{"file":{"name":"files/same"}}'
      server.fail { { command = "upload, finalize", take = 1000 } }
      local text = ("0123456789"):rep(200)
      assert.equal("active", send(target, "upload, finalize", text, 0).headers["x-goog-upload-status"])
      assert.equal(409, send(target, "upload, finalize", text:sub(1001), 1000).status)
      assert.equal(1000, received(target))
      assert(client.files:delete { name = "files/same" })
      assert.equal(codec.sha256():add(text):hex(), hashOf(send(target, "upload, finalize", text:sub(1001), 1000)))
    end)

    it("not when they are told how", function()
      server.fail { { dropRequest = 0, times = 100 } }
      assert.equal("closed", broken("POST", "/v1beta/files", "{}"))
      server.fail { { dropRequest = 0, times = 100 } }
      assert.is_true(server.reset())
      assert.equal(200, call("GET", "/v1beta/models").status)
    end)

    it("not by a list with a hole", function()
      for _, list in ipairs { { [1] = { status = 500 }, [3] = { status = 500 } }, { { status = 500 }, nil, { status = 500 } } } do
        local ok, problem = pcall(server.fail, list)
        assert.is_false(ok)
        assert.truthy(problem:find("faults must be a list, got a field '3'", 1, true), problem)
      end
      local response = call("POST", "/emulator:fail", cjson.encode { faults = { status = 500 } })
      assert.equal(400, response.status)
      assert.equal(200, call("GET", "/v1beta/models").status)
    end)
  end)
end)
