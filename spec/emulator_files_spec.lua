local cjson = require "cjson"
local check = require "gemini.emulator.check"
local clock = require "spec.support.clock"
local emu = require "spec.support.emulator"
local gemini = require "gemini"

local DAY = 24 * 3600
-- sha256sum of "hello, file"
local HELLO_HASH = "NDQ0NGQwNzUxODI3YTlmNDc4M2ViYThmY2JjNDRmMjAyMjVkMDY4MDUwYjQ4MzEwODUwYjcwMmI0Y2ZiZWJkZA=="

describe("the emulator's files", function()
  local server, client

  setup(function()
    server = clock.start()
    client = gemini.new { apiKey = "k", baseUrl = server.url }
  end)
  teardown(function() server.stop() end)

  local function post(target, body, headers) return emu.call(server.url, "POST", target, body, headers) end

  local function upload(fields)
    local file = assert(client.media:upload(fields))
    assert(check.reply("File", file))
    return file
  end

  local function refused(response, status, name)
    assert.equal(status, response.status)
    local problem = cjson.decode(response.body).error
    assert.equal(name, problem.status)
    return problem.message
  end

  it("live from the upload to the end of their second day", function()
    local file = upload { data = "hello, file", mimeType = "text/plain", displayName = "A greeting" }
    assert.equal("A greeting", file.displayName)
    assert.equal("text/plain", file.mimeType)
    assert.equal("11", file.sizeBytes)
    assert.equal(HELLO_HASH, file.sha256Hash)
    assert.equal("ACTIVE", file.state)
    assert.equal("UPLOADED", file.source)
    assert.equal(server.url .. "/v1beta/" .. file.name, file.uri)
    assert.same(file, assert(client.files:get { name = file.name }))

    clock.later(client, 2 * DAY - 60)
    assert.same(file, assert(client.files:get { name = file.name }))
    clock.later(client, 60)
    local _, err = client.files:get { name = file.name }
    assert.equal("NOT_FOUND", err.status)
    for each in client.files:list() do assert.not_equal(file.name, each.name) end
  end)

  it("are deleted", function()
    local file = upload { data = "x", mimeType = "text/plain" }
    assert(client.files:delete { name = file.name })
    local _, err = client.files:delete { name = file.name }
    assert.equal("NOT_FOUND", err.status)
  end)

  it("are listed page by page", function()
    local names, seen = {}, {}
    for i = 1, 3 do names[i] = upload({ data = ("%d"):format(i), mimeType = "text/plain" }).name end
    local pager = client.files:list { pageSize = 2 }
    for page in function() return pager:page() end do
      assert(check.reply("ListFilesResponse", page))
      assert.is_true(#page.files <= 2)
      for _, file in ipairs(page.files) do seen[file.name] = true end
    end
    for _, name in ipairs(names) do assert.is_true(seen[name]) end
  end)

  it("have the name that they are given, once", function()
    assert.equal("files/my-file", upload({ data = "1", mimeType = "text/plain", name = "files/my-file" }).name)
    local _, err = client.media:upload { data = "2", mimeType = "text/plain", name = "files/my-file" }
    assert.equal("ALREADY_EXISTS", err.status)
    _, err = client.media:upload { data = "2", mimeType = "text/plain", name = "files/My_File" }
    assert.equal("INVALID_ARGUMENT", err.status)
  end)

  it("are processed first where they are sound or moving pictures", function()
    for _, mimeType in ipairs { "video/mp4", "audio/ogg" } do
      local file = upload { data = "x", mimeType = mimeType }
      assert.equal("PROCESSING", file.state)
      clock.later(client, clock.WORK)
      assert.equal("ACTIVE", assert(client.files:get { name = file.name }).state)
    end
  end)

  it("are not given back", function()
    local file = upload { data = "x", mimeType = "text/plain" }
    local _, err = client.files:download { name = file.name }
    assert.equal("FAILED_PRECONDITION", err.status)
    refused(emu.call(server.url, "GET", "/v1beta/" .. file.name .. ":download"), 400, "INVALID_ARGUMENT")
    refused(emu.call(server.url, "GET", "/download/v1beta/" .. file.name .. ":download?alt=media"), 400,
      "FAILED_PRECONDITION")
  end)

  it("may be metadata alone", function()
    local reply = emu.json(post("/v1beta/files", '{"file":{"display_name":"empty"}}'))
    assert(check.reply("CreateFileResponse", reply))
    assert.equal("empty", reply.file.displayName)
    assert.is_nil(reply.file.sizeBytes)
  end)

  describe("of Cloud Storage", function()
    local BODY = '{"uris":["gs://bucket/some/talk.mp4"]}'

    it("are registered with a token", function()
      local owner = gemini.new { token = "t", baseUrl = server.url }
      local reply = assert(owner.files:register { uris = { "gs://bucket/some/talk.mp4" } })
      assert(check.reply("RegisterFilesResponse", reply))
      assert.equal("REGISTERED", reply.files[1].source)
      assert.equal("gs://bucket/some/talk.mp4", reply.files[1].uri)
      assert.same(reply.files[1], assert(client.files:get { name = reply.files[1].name }))
    end)

    it("are not with a key, nor from elsewhere", function()
      refused(post("/v1beta/files:register", BODY), 403, "PERMISSION_DENIED")
      local token = { ["x-goog-api-key"] = false, Authorization = "Bearer t" }
      refused(post("/v1beta/files:register", '{"uris":["http://host/x"]}', token), 400, "INVALID_ARGUMENT")
    end)
  end)

  describe("take media", function()
    local HEADERS = { ["X-Goog-Upload-Protocol"] = "multipart" }

    local function multipart(contentType, body)
      HEADERS["Content-Type"] = contentType
      return post("/upload/v1beta/files", body, HEADERS)
    end

    it("in two parts, whatever the boundary", function()
      local body = '--=_%s\r\nContent-Type: application/json\r\n\r\n{"file":{"displayName":"two"}}\r\n--=_%s\r\n'
        .. "Content-Type: image/png\r\n\r\n--=_\r\nbytes\r\n\r\n\0\r\n--=_%s--\r\n"
      for _, boundary in ipairs { "=_%s", '"=_%s"' } do
        local reply = emu.json(multipart("multipart/related; boundary=" .. boundary, body))
        assert(check.reply("CreateFileResponse", reply))
        assert.equal("two", reply.file.displayName)
        assert.equal("image/png", reply.file.mimeType)
        assert.equal(("%d"):format(#"--=_\r\nbytes\r\n\r\n\0"), reply.file.sizeBytes)
      end
    end)

    it("as they are", function()
      local headers = { ["X-Goog-Upload-Protocol"] = "raw", ["Content-Type"] = "text/csv" }
      local file = emu.json(post("/upload/v1beta/files", "a,b\r\n", headers)).file
      assert.equal("text/csv", file.mimeType)
      assert.equal("5", file.sizeBytes)
    end)

    it("not without an end, in another protocol, or with metadata that does not fit", function()
      local body = "--b\r\n\r\n{}\r\n--b\r\nContent-Type: text/plain\r\n\r\nhalf"
      refused(multipart("multipart/related; boundary=b", body), 400, "INVALID_ARGUMENT")
      refused(multipart("multipart/related", body), 400, "INVALID_ARGUMENT")
      refused(post("/upload/v1beta/files", "x", { ["X-Goog-Upload-Protocol"] = "pigeon" }), 400, "INVALID_ARGUMENT")
      body = '--b\r\n\r\n{"file":{"colour":1}}\r\n--b\r\n\r\nx\r\n--b--'
      local message = refused(multipart("multipart/related; boundary=b", body), 400, "INVALID_ARGUMENT")
      assert.truthy(message:find("colour", 1, true))
    end)
  end)

  describe("of several chunks", function()
    local CHUNK = 262144

    -- luasocket waits for a byte even where none is wanted.
    local function exchange(target, body, headers)
      local connection = emu.connect(server.url)
      connection:request("POST", target, body, headers)
      local response = connection:head()
      local length = tonumber(response.headers["content-length"])
      response.body = length > 0 and assert(connection.client:receive(length)) or ""
      connection:close()
      return response
    end

    local function start(size, body)
      local response = exchange("/upload/v1beta/files", body or "", {
        ["X-Goog-Upload-Protocol"] = "resumable",
        ["X-Goog-Upload-Command"] = "start",
        ["X-Goog-Upload-Header-Content-Length"] = size and ("%d"):format(size),
        ["X-Goog-Upload-Header-Content-Type"] = "text/plain",
      })
      assert.equal(200, response.status)
      assert.equal("active", response.headers["x-goog-upload-status"])
      assert.equal("", response.body)
      -- The host is the one that the request named.
      return (assert(response.headers["x-goog-upload-url"]:match("^http://localhost(/.+)$")))
    end

    -- The session's URL takes the place of a key.
    local function send(target, command, bytes, offset)
      return exchange(target, bytes or "", {
        ["x-goog-api-key"] = false,
        ["X-Goog-Upload-Command"] = command,
        ["X-Goog-Upload-Offset"] = offset and ("%d"):format(offset),
      })
    end

    it("are whole after the last one", function()
      local first = ("a"):rep(CHUNK)
      local target = start(CHUNK + 5, '{"file":{"displayName":"long","mimeType":"text/plain"}}')
      assert.equal("0", send(target, "query").headers["x-goog-upload-size-received"])
      assert.equal("active", send(target, "upload", first, 0).headers["x-goog-upload-status"])
      assert.equal(("%d"):format(CHUNK), send(target, "query").headers["x-goog-upload-size-received"])
      local response = send(target, "upload, finalize", "bcdef", CHUNK)
      assert.equal("final", response.headers["x-goog-upload-status"])
      local file = emu.json(response).file
      assert.equal("long", file.displayName)
      assert.equal(("%d"):format(CHUNK + 5), file.sizeBytes)
      assert.equal("final", send(target, "query").headers["x-goog-upload-status"])
      refused(send(target, "upload, finalize", "x", CHUNK + 5), 400, "INVALID_ARGUMENT")
    end)

    it("may be empty", function()
      assert.equal("0", emu.json(send(start(0), "finalize")).file.sizeBytes)
      assert.equal("0", emu.json(send(start(), "upload, finalize", "", 0)).file.sizeBytes)
    end)

    it("are not taken out of order, with holes, or with a size that was not announced", function()
      local target = start(10)
      refused(send(target, "upload", "12345", 0), 400, "INVALID_ARGUMENT")
      refused(send(target, "upload, finalize", "12345", 5), 400, "INVALID_ARGUMENT")
      refused(send(target, "upload, finalize", "12345", 0), 400, "INVALID_ARGUMENT")
      refused(send(start(3), "upload, finalize", "12345", 0), 400, "INVALID_ARGUMENT")
      refused(send(target, "hurry"), 400, "INVALID_ARGUMENT")
    end)

    it("are forgotten when they are cancelled", function()
      local target = start(10)
      assert.equal("cancelled", send(target, "cancel").headers["x-goog-upload-status"])
      refused(send(target, "query"), 404, "NOT_FOUND")
    end)

    it("need a key to begin", function()
      local headers = {
        ["x-goog-api-key"] = false, ["X-Goog-Upload-Protocol"] = "resumable", ["X-Goog-Upload-Command"] = "start",
      }
      refused(post("/upload/v1beta/files", "", headers), 403, "PERMISSION_DENIED")
    end)
  end)
end)
