---Uploads and downloads of bytes that are in memory, seen on the wire.

local gemini = require "gemini"
local talk = require "spec.support.talk"

local BYTES = "a\0b\r\n--lua-gemini\r\n\255"

-- A request's parts, by the boundary that it names.
local function partsOf(sent)
  local boundary = assert(sent.headers["content-type"]:match "^multipart/related; boundary=(.+)$")
  local body, parts = sent.raw:match "\r\n\r\n(.*)$", {}
  local from = select(2, body:find("--" .. boundary .. "\r\n", 1, true)) + 1
  while true do
    local at, last = body:find("\r\n--" .. boundary, from, true)
    local head, data = body:sub(from, at - 1):match "^(.-)\r\n\r\n(.*)$"
    parts[#parts + 1] = { head = head, data = data }
    if body:sub(last + 1, last + 4) == "--\r\n" then return parts end
    from = last + 3
  end
end

-- talk.sent reads bodies as JSON.
local function sentBytes(server, n)
  local raw = assert(server:requests()[n])
  local verb, target, head = raw:match "^(%S+) (%S+) HTTP/1.1\r\n(.-)\r\n\r\n"
  local headers = {}
  for name, value in head:gmatch "([^:\r\n]+): *([^\r\n]*)" do headers[name:lower()] = value end
  return { verb = verb, target = target, headers = headers, raw = raw }
end

describe("an upload", function()
  after_each(talk.stop)

  it("sends what is said of the file and its bytes in one request, and gives the File", function()
    local client, server = talk.answering(talk.ok '{"file":{"name":"files/a","state":"ACTIVE"}}')
    local file = assert(client.media:upload { data = BYTES, mimeType = "text/plain; charset=utf-8", displayName = "d" })
    assert.same({ name = "files/a", state = "ACTIVE" }, file)
    local sent = sentBytes(server, 1)
    assert.same({ "POST", "/upload/v1beta/files" }, { sent.verb, sent.target })
    assert.equal("multipart", sent.headers["x-goog-upload-protocol"])
    local parts = partsOf(sent)
    assert.equal(2, #parts)
    assert.equal("Content-Type: application/json; charset=UTF-8", parts[1].head)
    assert.same({ file = { displayName = "d", mimeType = "text/plain; charset=utf-8" } }, gemini.json.decode(parts[1].data))
    assert.same({ head = "Content-Type: text/plain; charset=utf-8", data = BYTES }, parts[2])
  end)

  it("into a store has flat metadata and gives an Operation", function()
    local client, server = talk.answering(talk.ok '{"name":"fileSearchStores/s/upload/operations/o"}')
    local operation = assert(client.media:uploadToFileSearchStore {
      fileSearchStoreName = "s", data = "", mimeType = "text/plain", displayName = "d",
      customMetadata = { { key = "k", numericValue = 1 } },
    })
    assert.equal("function", type(operation.wait))
    local sent = sentBytes(server, 1)
    assert.equal("/upload/v1beta/fileSearchStores/s:uploadToFileSearchStore", sent.target)
    local parts = partsOf(sent)
    assert.same(
      { displayName = "d", mimeType = "text/plain", customMetadata = { { key = "k", numericValue = 1 } } },
      gemini.json.decode(parts[1].data)
    )
    assert.equal("", parts[2].data)
  end)

  it("without media sends the metadata alone", function()
    local client = talk.answering(talk.ok '{"file":{"name":"files/a"}}', talk.ok '{"file":{"name":"files/b"}}')
    assert.same({ name = "files/a" }, (client.media:upload { displayName = "d" }))
    assert.same({ "POST", "/v1beta/files" }, { talk.sent().verb, talk.sent().target })
    assert.same({ file = { displayName = "d" } }, talk.sent().body)
    assert(client.media:upload { file = { displayName = "e" } })
    assert.same({ file = { displayName = "e" } }, talk.sent(2).body)
  end)

  it("to a path opens a session with a PUT and sends the bytes there", function()
    local scripts = {
      { { "recv" }, { "send", "HTTP/1.1 200 OK\r\nX-Goog-Upload-URL: %s/session?id=1\r\nContent-Length: 0\r\n\r\n" }, { "close" } },
      { { "recv" }, { "send", talk.ok '{"path":"a/b.txt"}' }, { "close" } },
    }
    -- A relative URL is one of the server's own.
    scripts[1][2][2] = scripts[1][2][2]:gsub("%%s", "")
    local client, server = talk.scripted(scripts)
    local file = assert(client.environments.files:upload {
      environment = "e", path = "a/b.txt", overwrite = true, data = BYTES, mimeType = "text/plain",
    })
    assert.equal("a/b.txt", file.path)
    local start = sentBytes(server, 1)
    assert.same({ "PUT", "/upload/v1beta/environments/e/files/a/b.txt?overwrite=true" }, { start.verb, start.target })
    assert.same({ "resumable", "start", tostring(#BYTES), "text/plain" }, {
      start.headers["x-goog-upload-protocol"], start.headers["x-goog-upload-command"],
      start.headers["x-goog-upload-header-content-length"], start.headers["x-goog-upload-header-content-type"],
    })
    local finish = sentBytes(server, 2)
    assert.same({ "POST", "/session?id=1" }, { finish.verb, finish.target })
    assert.same({ "upload, finalize", "0" }, {
      finish.headers["x-goog-upload-command"], finish.headers["x-goog-upload-offset"],
    })
    assert.equal(BYTES, finish.raw:match "\r\n\r\n(.*)$")
  end)

  it("goes to no session on another host", function()
    local client, server = talk.answering(
      "HTTP/1.1 200 OK\r\nX-Goog-Upload-URL: http://elsewhere.example/session\r\nContent-Length: 0\r\n\r\n"
    )
    local file, err = client.environments.files:upload {
      environment = "e", path = "p", data = "x", mimeType = "text/plain",
    }
    assert.is_nil(file)
    assert.same({ "protocol", "the upload's session is at no place on this host" }, { err.kind, err.message })
    assert.equal(1, #server:requests())
  end)

  it("says so where the server names no session", function()
    local client = talk.answering(talk.http("200 OK", ""))
    local file, err = client.environments.files:upload {
      environment = "e", path = "p", data = "x", mimeType = "text/plain",
    }
    assert.is_nil(file)
    assert.equal("the server named no session for the upload", err.message)
  end)
end)

describe("a download", function()
  after_each(talk.stop)

  it("gives the bytes", function()
    local client = talk.answering(talk.http("200 OK", BYTES, "Content-Type: application/json\r\n"))
    assert.equal(BYTES, client.files:download { name = "f" })
    assert.same({ "GET", "/v1beta/files/f:download?alt=media" }, { talk.sent().verb, talk.sent().target })
  end)

  it("takes the URL that a reply has for a name, on this host", function()
    local client, server = talk.answering(talk.http("200 OK", "a"), talk.http("200 OK", "b"), talk.http("200 OK", "c"))
    for i, case in ipairs {
      { "/v1beta/files/x1:download?alt=media", "files", "/v1beta/files/x1:download?alt=media" },
      { "/download/v1beta/files/x1:download?alt=media", "files", "/v1beta/files/x1:download?alt=media" },
    } do
      assert(client[case[2]]:download { name = server.url .. case[1] })
      assert.equal(case[3], talk.sent(i).target)
    end
    assert(client.fileSearchStores.media:download { name = server.url .. "/v1beta/fileSearchStores/s/media/m?alt=media" })
    assert.equal("/v1beta/fileSearchStores/s/media/m?alt=media", talk.sent(3).target)
    for message, name in pairs {
      ["name is a URL of another host"] = "https://elsewhere.example/v1beta/files/x1",
      ["name must look like files/*"] = server.url .. "/v1beta/models/x1",
      ["name is not a legal resource name"] = server.url .. "/v1beta/files/../x1",
    } do
      local ok, err = pcall(client.files.download, client.files, { name = name })
      assert.is_false(ok)
      assert.truthy(err:find("files.download: " .. message, 1, true), err)
    end
  end)

  it("follows the server to where they are, with the key", function()
    local client = talk.answering(
      talk.http("302 Found", "moved", "Location: /download/v1beta/x?y=%20z\r\n"), talk.http("200 OK", BYTES)
    )
    assert.equal(BYTES, client.fileSearchStores.media:download { name = "fileSearchStores/s/media/m" })
    assert.equal("/v1beta/fileSearchStores/s/media/m?alt=media", talk.sent(1).target)
    assert.equal("/download/v1beta/x?y=%20z", talk.sent(2).target)
    assert.equal("k-secret-1", talk.sent(2).headers["x-goog-api-key"])
  end)

  for _, location in ipairs {
    "http://elsewhere.example/x", "//elsewhere.example/x", "https://127.0.0.1/x", "file:///etc/passwd",
    "http://127.0.0.1@elsewhere.example/", "/\\elsewhere.example/x", "http://127.0.0.1\\@elsewhere.example/x",
  } do
    it("does not follow it elsewhere: " .. location, function()
      local client, server = talk.answering(talk.http("302 Found", "", "Location: " .. location .. "\r\n"))
      local bytes, err = client.files:download { name = "f" }
      assert.is_nil(bytes)
      assert.same({ "protocol", "the server redirects the download to no place on this host" }, { err.kind, err.message })
      assert.equal(1, #server:requests())
    end)
  end

  it("ends a chase", function()
    local answer = talk.http("302 Found", "", "Location: /again\r\n")
    local client, server = talk.answering(answer, answer, answer, answer, answer, answer, answer)
    local bytes, err = client.files:download { name = "f" }
    assert.is_nil(bytes)
    assert.same({ "protocol", "the download was redirected too often" }, { err.kind, err.message })
    assert.equal(6, #server:requests())
  end)

  it("gives the server's error", function()
    local client = talk.answering(talk.http("404 Not Found", '{"error":{"code":404,"status":"NOT_FOUND","message":"no"}}'))
    local bytes, err = client.files:download { name = "f" }
    assert.is_nil(bytes)
    assert.same({ "api", "NOT_FOUND", "files.download" }, { err.kind, err.status, err.method })
  end)
end)
