---An upload that was refused at its end could not be finished, and odd headers of one were taken. What was over or had
---expired stayed, and a registration that was refused had registered some files.

local cjson = require "cjson"
local clock = require "spec.support.clock"
local emu = require "spec.support.emulator"
local expect = require "spec.support.expect"
local gemini = require "gemini"

local DAY = 24 * 3600

describe("the emulator's uploads", function()
  local server, client

  setup(function()
    server = clock.start()
    client = gemini.new { apiKey = "k", baseUrl = server.url }
  end)
  teardown(function() server.stop() end)

  local function post(target, body, headers) return emu.call(server.url, "POST", target, body, headers) end

  local function start(body, headers)
    local all = { ["X-Goog-Upload-Protocol"] = "resumable", ["X-Goog-Upload-Command"] = "start" }
    for name, value in pairs(headers or {}) do all[name] = value end
    return post("/upload/v1beta/files", body or "{}", all)
  end

  local function begin(body, headers)
    return (assert(start(body, headers).headers["x-goog-upload-url"]):match("^http://[^/]+(/.*)$"))
  end

  local function send(target, command, bytes, offset)
    return post(target, bytes, { ["X-Goog-Upload-Command"] = command, ["X-Goog-Upload-Offset"] = offset })
  end

  local function received(target) return send(target, "query", "").headers["x-goog-upload-size-received"] end

  it("can be finished after a refused end", function()
    local target = begin("{}", { ["X-Goog-Upload-Header-Content-Length"] = "10" })
    assert.equal(400, send(target, "upload, finalize", "abc", 0).status)
    assert.equal("0", received(target))
    assert.equal("10", emu.json(send(target, "upload, finalize", "0123456789", 0)).file.sizeBytes)
  end)

  it("can be finished when the name is free again", function()
    assert.equal(200, post("/v1beta/files", '{"file":{"name":"files/taken"}}').status)
    local target = begin '{"file":{"name":"files/taken"}}'
    assert.equal(409, send(target, "upload, finalize", "abc", 0).status)
    assert.equal("0", received(target))
    assert(client.files:delete { name = "files/taken" })
    assert.equal("3", emu.json(send(target, "upload, finalize", "abc", 0)).file.sizeBytes)
  end)

  it("know their commands and decimal numbers alone", function()
    local target = begin()
    assert.equal(400, send(target, "frobupload finalizeX", "abc", 0).status)
    for _, offset in ipairs { "0x0", "99999999999999999999" } do
      assert.equal(400, send(target, "upload, finalize", "abc", offset).status)
    end
    for _, length in ipairs { "-5", "abc", "99999999999999999999" } do
      assert.equal(400, start("{}", { ["X-Goog-Upload-Header-Content-Length"] = length }).status)
    end
    assert.equal("final", send(target, "upload,finalize", "abc", 0).headers["x-goog-upload-status"])
  end)

  it("are of a MIME type, which goes into the headers of a download", function()
    local function multipart(target, metadata, mimeType)
      return post(target, ("--b\r\n\r\n%s\r\n--b\r\nContent-Type: %s\r\n\r\nx\r\n--b--"):format(metadata, mimeType),
        { ["Content-Type"] = "multipart/related; boundary=b" }).status
    end
    local store = assert(client.fileSearchStores:create {}).name
    local target = ("/upload/v1beta/%s:uploadToFileSearchStore"):format(store)
    assert.equal(400, multipart(target, cjson.encode { mimeType = "text/plain\r\nX-Evil: 1" }, "text/plain"))
    assert.equal(400, multipart(target, cjson.encode { mimeType = "text" }, "text/plain"))
    assert.equal(400, multipart("/upload/v1beta/files", "{}", "no type"))
    assert.equal(200, multipart("/upload/v1beta/files", "{}", "text/plain; charset=utf-8"))
    assert.equal(200, multipart("/upload/v1beta/files", "{}", "application/vnd.api+json"))

    local id = assert(client.environments:create {}).id
    for _, mimeType in ipairs { { a = 1 }, "a/b\r\nX-Evil: 1" } do
      local response = emu.call(server.url, "PUT", ("/upload/v1beta/environments/%s/files/x"):format(id),
        cjson.encode { mime_type = mimeType },
        { ["X-Goog-Upload-Protocol"] = "resumable", ["X-Goog-Upload-Command"] = "start" })
      assert.equal(400, response.status)
    end
  end)

  it("are forgotten when nobody goes on with them for long", function()
    local abandoned, used = begin(), begin()
    clock.later(client, DAY / 2)
    assert.equal("0", received(used))
    clock.later(client, DAY / 2 + 60)
    begin()
    assert.equal(404, send(abandoned, "query", "").status)
    assert.equal("0", received(used))
  end)

  it("leave a name free when the file has expired", function()
    assert.equal(200, post("/v1beta/files", '{"file":{"name":"files/again"}}').status)
    clock.later(client, 2 * DAY)
    assert.equal(200, post("/v1beta/files", '{"file":{"name":"files/again"}}').status)
  end)

  it("are registered together or not at all", function()
    local uris = { "gs://bucket/fine", "gs://bucket/" .. ("x"):rep(600) }
    local function registered()
      local count = 0
      for file in client.files:list() do
        if file.source == "REGISTERED" then count = count + 1 end
      end
      return count
    end
    local response = post("/v1beta/files:register", cjson.encode { uris = uris }, { Authorization = "Bearer t" })
    assert.equal(400, response.status)
    assert.equal(0, registered())
  end)

  it("of a batch's file go with the batch while it is under way", function()
    local line = cjson.encode { key = "a", request = { contents = { { parts = { { text = "x" } } } } } }
    local file = assert(client.media:upload { data = line, mimeType = "application/jsonl" })
    local batch = assert(client.models:batchGenerateContent {
      model = "gemini-2.5-flash", batch = { displayName = "x", inputConfig = { fileName = file.name } },
    })
    assert(client.batches:delete { name = batch.name })
    clock.later(client, clock.WORK)
    expect.missing(client.files:get { name = batch.name:gsub("^batches/", "files/batch-") })
  end)

  it("lose no bytes that come with a bare finalize", function()
    local session = begin()
    local function command(name, offset, body)
      return post(session, body, { ["X-Goog-Upload-Command"] = name, ["X-Goog-Upload-Offset"] = offset })
    end
    assert.equal(400, command("finalize", 0, "some bytes").status)
    assert.equal(200, command("upload, finalize", 0, "some bytes").status)
  end)
end)
