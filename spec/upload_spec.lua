---Uploads, seen on the wire: what each protocol sends of each source, and what is refused before.

local gemini = require "gemini"
local talk = require "spec.support.talk"
local temporary = require "spec.support.temporary"

local reader = talk.reader

local BYTES = "a\0b\r\n--lua-gemini\r\n\255"
local FILE = talk.ok '{"file":{"name":"files/a","state":"ACTIVE"}}'

-- A request's parts, by the boundary that it names.
local function partsOf(sent)
  local boundary = assert(sent.headers["content-type"]:match "^multipart/related; boundary=(.+)$")
  local parts = {}
  local from = select(2, sent.bytes:find("--" .. boundary .. "\r\n", 1, true)) + 1
  while true do
    local at, last = sent.bytes:find("\r\n--" .. boundary, from, true)
    local head, data = sent.bytes:sub(from, at - 1):match "^(.-)\r\n\r\n(.*)$"
    parts[#parts + 1] = { head = head, data = data }
    if sent.bytes:sub(last + 1) == "--\r\n" then return parts, boundary end
    from = last + 3
  end
end

-- What a request says of the upload.
local function uploadHeaders(sent)
  local out = {}
  for name, value in pairs(sent.headers) do
    local short = name:match "^x%-goog%-upload%-(.*)$"
    if short then out[short] = value end
  end
  return out
end

local function began(more)
  return "HTTP/1.1 200 OK\r\nX-Goog-Upload-Status: active\r\nX-Goog-Upload-URL: /session?id=1\r\n"
    .. (more or "X-Goog-Upload-Chunk-Granularity: 4\r\n") .. "Content-Length: 0\r\n\r\n"
end

local ACTIVE = "HTTP/1.1 200 OK\r\nX-Goog-Upload-Status: active\r\nContent-Length: 0\r\n\r\n"

local function final(body)
  return talk.http("200 OK", body or '{"file":{"name":"files/a"}}', "X-Goog-Upload-Status: final\r\n")
end

-- The chunks that came after the start: command, offset, bytes.
local function chunks(server)
  local out = {}
  for i = 2, #server:requests() do
    local sent = talk.media(i)
    out[i - 1] = { sent.headers["x-goog-upload-command"], sent.headers["x-goog-upload-offset"], sent.bytes }
    assert.same({ "POST", "/session?id=1" }, { sent.verb, sent.target })
    assert.is_nil(sent.headers["content-type"])
  end
  return out
end

describe("an upload", function()
  after_each(function()
    temporary.clean()
    talk.stop()
  end)

  it("of little sends what is said of the file and its bytes in one request, and gives the File", function()
    local client = talk.answering(FILE)
    local file = assert(client.media:upload { data = BYTES, mimeType = "text/plain; charset=utf-8", displayName = "d" })
    assert.same({ name = "files/a", state = "ACTIVE" }, file)
    local sent = talk.media()
    assert.same({ "POST", "/upload/v1beta/files" }, { sent.verb, sent.target })
    assert.same({ protocol = "multipart" }, uploadHeaders(sent))
    local parts = partsOf(sent)
    assert.equal(2, #parts)
    assert.equal("Content-Type: application/json; charset=UTF-8", parts[1].head)
    assert.same({ file = { displayName = "d", mimeType = "text/plain; charset=utf-8" } }, gemini.json.decode(parts[1].data))
    assert.same({ head = "Content-Type: text/plain; charset=utf-8", data = BYTES }, parts[2])
  end)

  it("is the same by client.files:upload", function()
    local client = talk.answering(FILE)
    assert.equal("files/a", assert(client.files:upload { data = "x", mimeType = "text/plain" }).name)
    assert.equal("/upload/v1beta/files", talk.media().target)
    local _, err = client.files:upload { path = "/no/such/file.txt" }
    assert.equal("media.upload", err.method)
    -- Under this name it has no other form.
    local ok, problem = pcall(client.files.upload, client.files, { path = nil, displayName = "d" })
    assert.is_false(ok)
    assert.truthy(problem:find("files.upload: path, data or read is missing: what to upload", 1, true), problem)
  end)

  it("has a boundary that nobody can know before", function()
    local client = talk.answering(FILE, FILE)
    for _ = 1, 2 do assert(client.media:upload { data = "x", mimeType = "text/plain" }) end
    local _, first = partsOf(talk.media(1))
    local _, second = partsOf(talk.media(2))
    assert.not_equal(first, second)
    assert.is_true(#first >= 32)
  end)

  for name, media in pairs {
    ["a file"] = function() return { path = temporary.file(BYTES, ".png") } end,
    ["a string"] = function() return { data = BYTES, mimeType = "image/png" } end,
    ["a function of known size"] = function()
      return { read = reader(BYTES:sub(1, 3), "", BYTES:sub(4)), size = #BYTES, mimeType = "image/png" }
    end,
  } do
    it("by every protocol brings the bytes of " .. name, function()
      local client = talk.answering(FILE)
      assert(client.media:upload(media()))
      local parts = partsOf(talk.media())
      assert.same({ head = "Content-Type: image/png", data = BYTES }, parts[2])
      assert.same({ file = { mimeType = "image/png" } }, gemini.json.decode(parts[1].data))

      local args = media()
      args.protocol = "raw"
      client = talk.answering(FILE)
      assert(client.media:upload(args))
      local sent = talk.media()
      assert.same({ protocol = "raw" }, uploadHeaders(sent))
      assert.equal("image/png", sent.headers["content-type"])
      assert.equal(BYTES, sent.bytes)

      args = media()
      args.protocol, args.chunkSize = "resumable", 8
      local server
      client, server = talk.answering(began(), ACTIVE, ACTIVE, final())
      assert(client.media:upload(args))
      local start = uploadHeaders(talk.media())
      assert.same({ "resumable", "start", tostring(#BYTES), "image/png" },
        { start.protocol, start.command, start["header-content-length"], start["header-content-type"] })
      assert.same({ file = { mimeType = "image/png" } }, talk.sent().body)
      assert.same({
        { "upload", "0", BYTES:sub(1, 8) }, { "upload", "8", BYTES:sub(9, 16) }, { "upload, finalize", "16", BYTES:sub(17) },
      }, chunks(server))
    end)
  end

  it("of what has no known size goes by a session, and ends with the last byte", function()
    for whole, expected in pairs {
      [""] = { { "upload, finalize", "0", "" } },
      ["123"] = { { "upload, finalize", "0", "123" } },
      ["1234"] = { { "upload, finalize", "0", "1234" } },
      ["12345"] = { { "upload", "0", "1234" }, { "upload, finalize", "4", "5" } },
      ["12345678"] = { { "upload", "0", "1234" }, { "upload, finalize", "4", "5678" } },
    } do
      local answers = { began() }
      for _ = 2, #expected do answers[#answers + 1] = ACTIVE end
      answers[#answers + 1] = final()
      local client, server = talk.answering((table.unpack or unpack)(answers)) -- luacheck: ignore 143
      local bytes = {}
      for byte in whole:gmatch "." do bytes[#bytes + 1] = byte end
      local told = {}
      assert(client.media:upload {
        read = reader((table.unpack or unpack)(bytes)), mimeType = "text/plain", chunkSize = 4, -- luacheck: ignore 143
        onProgress = function(sent, total) told[#told + 1] = { sent, total } end,
      })
      assert.is_nil(uploadHeaders(talk.media())["header-content-length"])
      assert.same(expected, chunks(server))
      assert.same({ 0 }, told[1])
      assert.same({ #whole, #whole }, told[#told])
    end
  end)

  it("by a session has chunks of whole granules", function()
    for _, case in ipairs { { "8", 5, 8 }, { "4", 5, 8 }, { "5", 1, 5 }, { "x", 1, 262144 }, { "0", 2, 2 } } do
      local client = talk.answering(began(("X-Goog-Upload-Chunk-Granularity: %s\r\n"):format(case[1])), ACTIVE, final())
      assert(client.media:upload {
        data = ("b"):rep(case[3] + 1), mimeType = "text/plain", chunkSize = case[2], protocol = "resumable",
      })
      assert.equal(case[3], #talk.media(2).bytes, case[1])
      assert.equal("b", talk.media(3).bytes)
    end
  end)

  it("larger than 1 MiB goes by a session, in chunks of 8 MiB", function()
    local data = ("0123456789abcdef"):rep(65536)
    local client = talk.answering(FILE, began(), final(), began(""), ACTIVE, final())
    assert(client.media:upload { data = data, mimeType = "text/plain" })
    assert.equal("multipart", uploadHeaders(talk.media(1)).protocol)
    assert(client.media:upload { data = data .. "!", mimeType = "text/plain" })
    assert.equal("resumable", uploadHeaders(talk.media(2)).protocol)
    assert.equal(data .. "!", talk.media(3).bytes)
    assert(client.media:upload { data = data:rep(8) .. "!", mimeType = "text/plain" })
    assert.equal(8 * 1024 * 1024, #talk.media(5).bytes)
    assert.equal("!", talk.media(6).bytes)
  end)

  it("of a file sends its name, whatever bytes that has", function()
    local path = temporary.file("x", "-a\"b%\n\255 ü.txt")
    local client, server = talk.answering(began(), final())
    assert(client.media:upload { path = path, protocol = "resumable" })
    local name = talk.media().headers["x-goog-upload-file-name"]
    assert.equal(path:match "[^/]+$", (name:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)))
    assert.falsy(name:find "[^\32-\126]")
    assert.truthy(name:find('-a"b%25%0A%FF %C3%BC.txt', 1, true), name)
    assert.equal(2, #server:requests())
  end)

  it("sends a displayName of any bytes", function()
    local client = talk.answering(FILE)
    local name = "quote \" back \\ line\r\n--zero\0 cut \226\130 latin \233 ☃ \127"
    assert(client.media:upload { data = "x", mimeType = "text/plain", displayName = name })
    local sent = gemini.json.decode(partsOf(talk.media())[1].data).file.displayName
    assert.equal("quote \" back \\ line\r\n--zero\0 cut \239\191\189 latin \239\191\189 ☃ \127", sent)
  end)

  it("finds the type by the name, else by the first bytes", function()
    local png, client = "\137PNG\r\n\26\n....", nil
    for _, case in ipairs {
      { { path = temporary.file("x", ".md") }, "text/markdown" },
      { { path = temporary.file("x", ".FLAC") }, "audio/flac" },
      { { path = temporary.file("x", ".md"), mimeType = "text/x-own" }, "text/x-own" },
      { { path = temporary.file(png) }, "image/png" },
      { { data = png }, "image/png" },
      { { read = reader("\137P", "NG\r\n", "\26\n....") }, "image/png" },
      { { data = "x", file = { mimeType = "image/webp" } }, "image/webp" },
    } do
      client = talk.answering(began(), final())
      case[1].protocol = "resumable"
      assert(client.media:upload(case[1]))
      assert.equal(case[2], uploadHeaders(talk.media())["header-content-type"])
      assert.equal(case[2], talk.sent().body.file.mimeType)
    end
    assert.equal(png, (function()
      client = talk.answering(began(), final())
      assert(client.media:upload { read = reader("\137P", "NG\r\n", "\26\n....") })
      return talk.media(2).bytes
    end)())
  end)

  it("into a store has flat metadata and gives an Operation", function()
    local client = talk.answering(talk.ok '{"name":"fileSearchStores/s/upload/operations/o"}')
    local operation = assert(client.media:uploadToFileSearchStore {
      fileSearchStoreName = "s", data = "", mimeType = "text/plain", displayName = "d",
      customMetadata = { { key = "k", numericValue = 1 } },
    })
    assert.equal("function", type(operation.wait))
    local sent = talk.media()
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
    for _, media in ipairs { { data = BYTES, mimeType = "text/plain" }, { localPath = temporary.file(BYTES, ".txt") } } do
      local client, server = talk.answering(began(), talk.ok '{"path":"a/b.txt"}')
      media.environment, media.path, media.overwrite = "e", "a/b.txt", true
      local file = assert(client.environments.files:upload(media))
      assert.equal("a/b.txt", file.path)
      local start = talk.media(1)
      assert.same({ "PUT", "/upload/v1beta/environments/e/files/a/b.txt?overwrite=true", "" },
        { start.verb, start.target, start.bytes })
      local said = uploadHeaders(start)
      assert.same({ "resumable", "start", tostring(#BYTES), "text/plain" },
        { said.protocol, said.command, said["header-content-length"], said["header-content-type"] })
      assert.same({ { "upload, finalize", "0", BYTES } }, chunks(server))
    end
  end)

  it("to a path needs no type", function()
    local client = talk.answering(began(), talk.ok '{"path":"a"}')
    assert(client.environments.files:upload { environment = "e", path = "a", data = "hello" })
    assert.equal("application/octet-stream", uploadHeaders(talk.media())["header-content-type"])
  end)

  it("goes to no session on another host", function()
    for _, location in ipairs { "http://elsewhere.example/session", "//elsewhere.example/s", "file:///etc/passwd" } do
      local client, server = talk.answering(
        ("HTTP/1.1 200 OK\r\nX-Goog-Upload-URL: %s\r\nContent-Length: 0\r\n\r\n"):format(location)
      )
      local file, err = client.environments.files:upload { environment = "e", path = "p", data = "x", mimeType = "text/plain" }
      assert.is_nil(file)
      assert.same({ "protocol", "the upload's session is at no place on this host" }, { err.kind, err.message })
      assert.equal(1, #server:requests())
    end
  end)

  it("says so where the server names no session", function()
    local client = talk.answering(talk.http("200 OK", ""))
    local file, err = client.media:upload { data = "x", mimeType = "text/plain", protocol = "resumable" }
    assert.is_nil(file)
    assert.equal("the server named no session for the upload", err.message)
  end)

  describe("tells how far it has come", function()
    local data = ("0123456789abcdef"):rep(262144)

    for _, protocol in ipairs { "multipart", "raw", "resumable" } do
      it("by protocol " .. protocol, function()
        local answers = { FILE }
        if protocol == "resumable" then answers = { began(), ACTIVE, ACTIVE, ACTIVE, final() } end
        local client = talk.answering((table.unpack or unpack)(answers)) -- luacheck: ignore 143
        local told, sessions = {}, {}
        assert(client.media:upload {
          data = data, mimeType = "text/plain", protocol = protocol, chunkSize = 1024 * 1024,
          onProgress = function(sent, total, upload)
            told[#told + 1] = sent
            assert.equal(#data, total)
            sessions[#sessions + 1] = upload.session
          end,
        })
        assert.equal(0, told[1])
        assert.equal(#data, told[#told])
        assert.not_equal(#data, told[#told - 1])
        for i = 2, #told do assert.is_true(told[i] >= told[i - 1]) end
        assert.equal(protocol == "resumable" and #told or 0, #sessions)
      end)
    end

    it("once where there is nothing to send", function()
      local client = talk.answering(FILE)
      local told = {}
      assert(client.media:upload {
        data = "", mimeType = "text/plain", onProgress = function(...) told[#told + 1] = { ... } end,
      })
      assert.equal(1, #told)
      assert.same({ 0, 0 }, { told[1][1], told[1][2] })
    end)

    it("to a function whose error ends it, and its transfer", function()
      local client, server = talk.scripted { { { "recv" }, { "send", began() }, { "hold" } } }
      local ok, raised = pcall(client.media.upload, client.media, {
        data = data, mimeType = "text/plain", chunkSize = 8 * 1024 * 1024,
        onProgress = function(sent) if sent > 0 then error("enough", 0) end end,
      })
      assert.is_false(ok)
      assert.equal("enough", raised)
      assert.is_true(server:waitClosed(2))
    end)
  end)

  describe("is refused, and nothing is sent:", function()
    for message, args in pairs {
      ["path, data or read is missing: what to upload"] = { mimeType = "text/plain", chunkSize = 5 },
      ["unknown argument 'pth', did you mean 'path'?"] = { pth = "a.md" },
      ["unknown argument 'onprogress', did you mean 'onProgress'?"] = { data = "x", mimeType = "a/b", onprogress = print },
      ["path and data exclude each other"] = { path = "a", data = "b", mimeType = "text/plain" },
      ["data and read exclude each other"] = { read = reader "", data = "b", mimeType = "text/plain" },
      ["data must be a string, the bytes to upload, got 5"] = { data = 5, mimeType = "text/plain" },
      ["path must be the name of a file, got table"] = { path = {}, mimeType = "text/plain" },
      ["path must be the name of a file, got \"a"] = { path = "a\0b", mimeType = "text/plain" },
      ["read must be a function that returns strings, and nil at the end, got \"x\""] = { read = "x", mimeType = "a/b" },
      ["size must be a number of bytes, got -1"] = { read = reader "", size = -1, mimeType = "text/plain" },
      ["size is for read alone: that of data is known"] = { data = "x", size = 1, mimeType = "text/plain" },
      ['mimeType must be a MIME type such as "text/plain", got "text"'] = { data = "x", mimeType = "text" },
      ['mimeType must be a MIME type such as "text/plain", got "a/b\\'] = { data = "x", mimeType = "a/b\r\nX: y" },
      ['mimeType must be a MIME type such as "text/plain", got number'] = { data = "x", mimeType = 7 },
      ["mimeType is missing: neither the name nor the first bytes tell what this is"] = { data = "hello" },
      ['protocol must be "multipart", "resumable" or "raw", got "pigeon"'] = { data = "x", mimeType = "a/b", protocol = "pigeon" },
      ["chunkSize must be a positive number of bytes, got 0"] = { data = "x", mimeType = "a/b", chunkSize = 0 },
      ["onProgress must be a function, got boolean"] = { data = "x", mimeType = "a/b", onProgress = true },
      ["wait: unknown option 'intervall', did you mean 'interval'?"] = { data = "x", mimeType = "a/b", wait = { intervall = 1 } },
      ["session must be the table that an upload had as its session, got table"] = { data = "x", mimeType = "a/b", session = {} },
      ["session.url is on another host"] = {
        data = "x", mimeType = "a/b", session = { url = "http://elsewhere.example/s", method = "media.upload" },
      },
      ["session is one of environments.files.upload"] = {
        data = "x", mimeType = "a/b", session = { url = "/s", method = "environments.files.upload" },
      },
      ['displayName can\'t be sent by protocol "raw"'] = { data = "x", mimeType = "a/b", protocol = "raw", displayName = "d" },
    } do
      it(message:gsub("%c", "?"), function()
        local client, server = talk.answering(FILE)
        local ok, err = pcall(client.media.upload, client.media, args)
        assert.is_false(ok)
        assert.truthy(tostring(err):find("media.upload: " .. message, 1, true), tostring(err))
        assert.equal(0, #server:requests())
      end)
    end

    it("before a file is opened, and a function called", function()
      local client, server = talk.answering(FILE)
      local function never() error "it is called" end
      for message, case in pairs {
        ["timeout must be a positive number of seconds, got string"] = { { path = "/no/such/file" }, { timeout = "x" } },
        ["name must not"] = nil,
        ['read gives more than 67108864 bytes, which protocol "raw" holds in memory'] = {
          { read = never, size = 2 ^ 27, protocol = "raw", mimeType = "a/b" },
        },
        ["arguments have names, got one at [1]"] = nil,
      } do
        local ok, err = pcall(client.media.upload, client.media, case[1], case[2])
        assert.is_false(ok)
        assert.truthy(err:find("media.upload: " .. message, 1, true), err)
      end
      local ok, err = pcall(client.environments.files.upload, client.environments.files, {
        environment = "e", path = "p", read = never, colour = 1,
      })
      assert.is_false(ok)
      assert.truthy(err:find("unknown argument 'colour'", 1, true), err)
      ok, err = pcall(client.media.upload, client.media, { "a.txt", data = "x", mimeType = "a/b", protocol = "raw" })
      assert.is_false(ok)
      assert.truthy(err:find("arguments have names, got one at [1]", 1, true), err)
      assert.equal(0, #server:requests())
    end)

    it("at the caller's place", function()
      local client = talk.answering(FILE)
      local ok, err = pcall(function() client.media:upload { data = 5 } end)
      assert.is_false(ok)
      assert.truthy(err:find("^[^:]*upload_spec.lua:%d+: media.upload: data must"), err)
    end)

    it("what a file at a path has no use for", function()
      local client, server = talk.answering(FILE)
      for message, args in pairs {
        ['protocol must be "resumable" here'] = { data = "x", mimeType = "a/b", protocol = "raw" },
        ["wait: there is nothing to wait for here"] = { data = "x", mimeType = "a/b", wait = true },
        ["localPath, data or read is missing: what to upload"] = {},
        ["localPath must be the name of a file, got 5"] = { localPath = 5 },
        ["environment is missing"] = { data = "x", mimeType = "a/b", environment = false },
      } do
        if args.environment == nil then args.environment = "e" end
        args.environment, args.path = args.environment or nil, "p"
        local ok, err = pcall(client.environments.files.upload, client.environments.files, args)
        assert.is_false(ok)
        assert.truthy(err:find("environments.files.upload: " .. message, 1, true), err)
      end
      local ok, err = pcall(client.media.uploadToFileSearchStore, client.media, { fileSearchStoreName = "s" })
      assert.is_false(ok)
      assert.truthy(err:find("media.uploadToFileSearchStore: path, data or read is missing", 1, true), err)
      assert.equal(0, #server:requests())
    end)
  end)

  describe("of a file that can't be read", function()
    local function refused(path)
      local client, server = talk.answering(FILE)
      local file, err = client.media:upload { path = path, mimeType = "text/plain" }
      assert.is_nil(file)
      assert.equal(0, #server:requests())
      assert.same({ "io", "media.upload", 0 }, { err.kind, err.method, err.attempts })
      return err.message
    end

    it("sends nothing and says why", function()
      assert.equal("/no/such/file.txt: No such file or directory", refused "/no/such/file.txt")
      assert.truthy(refused("/"):find("/: it is no regular file", 1, true))
      assert.truthy(refused("/dev/null"):find("it is no regular file", 1, true))
      assert.truthy(tostring(select(2, gemini.new({ apiKey = "k", baseUrl = "http://127.0.0.1:1" }).media:upload {
        path = "/no/such/file.txt",
      })):find("^media.upload: io: /no/such/file.txt: No such file"))
    end)

    it("is sent as no type that nobody knows", function()
      local path = temporary.file("hello", ".no-such-ending")
      local client, server = talk.answering(FILE)
      local file, err = client.media:upload { path = path }
      assert.is_nil(file)
      assert.equal("io", err.kind)
      assert.equal(("mimeType is missing: neither the name %q nor the first bytes tell what this is"):format(path:match "[^/]+$"),
        err.message)
      assert.equal(0, #server:requests())
    end)

    it("does not wait for a pipe", function()
      local path = temporary.file()
      os.execute("mkfifo " .. path)
      assert.truthy(refused(path):find("it is no regular file", 1, true))
    end)

    it("any more ends the upload", function()
      local path = temporary.file(("x"):rep(20))
      local client, server = talk.answering(began(), ACTIVE, final())
      local file, err = client.media:upload {
        path = path, mimeType = "text/plain", protocol = "resumable", chunkSize = 8,
        onProgress = function()
          local handle = assert(io.open(path, "ab"))
          handle:write "more"
          handle:close()
        end,
      }
      assert.is_nil(file)
      assert.equal("io", err.kind)
      assert.equal(path .. ": the file was changed while it was uploaded", err.message)
      assert.equal(1, #server:requests())
      -- It is the session of a file that is there no more.
      assert.is_nil(err.session)
    end)
  end)

  describe("of a function", function()
    local function failing(args)
      local client, server = talk.answering(began(), ACTIVE, ACTIVE, final())
      args.mimeType, args.chunkSize = "text/plain", 4
      local ok, file, err = pcall(client.media.upload, client.media, args)
      return ok, file, err, #server:requests()
    end

    it("that fails or ends early fails, and never passes for whole", function()
      local function failed()
        return nil, "the tape is torn"
      end
      local _, file, err = failing { read = failed }
      assert.is_nil(file)
      assert.same({ "io", "read failed: the tape is torn" }, { err.kind, err.message })
      local given = { "abcd", "ef" }
      _, file, err = failing { read = function() return table.remove(given, 1), given[1] == nil and "torn" or nil end }
      assert.is_nil(file)
      assert.equal("read failed: torn", err.message)
      _, file, err = failing { read = reader("ab", "c"), size = 4, protocol = "resumable" }
      assert.is_nil(file)
      assert.equal("read has ended after 3 bytes, and size is 4", err.message)
      _, file, err = failing { read = reader("ab", "cde"), size = 4 }
      assert.is_nil(file)
      assert.equal("read gives more bytes than size says, 4", err.message)
    end)

    it("that raises, or gives what is no string, raises", function()
      local ok, raised = failing { read = function() error("my own", 0) end }
      assert.same({ false, "my own" }, { ok, raised })
      ok, raised = failing { read = function() return 5 end }
      assert.same({ false, "media.upload: read must return a string, or nil at the end, got number" }, { ok, raised })
    end)

    it("is asked for no more than it has to give", function()
      local calls = 0
      local client = talk.answering(FILE)
      assert(client.media:upload {
        size = 6, mimeType = "text/plain",
        read = function()
          calls = calls + 1
          assert(calls <= 2, "it would wait for ever")
          return calls == 1 and "abc" or "def"
        end,
      })
      assert.equal("abcdef", partsOf(talk.media())[2].data)
    end)

    it("is gathered first where the request needs a length, but not without end", function()
      local client = talk.answering(FILE)
      assert(client.media:upload { read = reader("abc", "def"), mimeType = "text/plain", protocol = "raw" })
      assert.equal("abcdef", talk.media().bytes)
      local piece = ("x"):rep(1024 * 1024)
      local file, err = client.media:upload { read = function() return piece end, mimeType = "text/plain", protocol = "raw" }
      assert.is_nil(file)
      assert.equal("limit", err.kind)
      assert.truthy(err.message:find('"resumable" takes any number', 1, true), err.message)
    end)
  end)

  it("of a file that was changed while its last bytes were sent says so", function()
    for _, protocol in ipairs { "multipart", "resumable" } do
      local path = temporary.file(("x"):rep(20))
      local answers = { talk.http("200 OK", '{"file":{"name":"files/torn"}}', "X-Goog-Upload-Status: final\r\n") }
      if protocol == "resumable" then table.insert(answers, 1, began()) end
      local scripts = {}
      for i, answer in ipairs(answers) do scripts[i] = talk.last(answer) end
      local client = talk.scripted(scripts, {
        onResponse = function()
          local handle = assert(io.open(path, "ab"))
          handle:write "more"
          handle:close()
        end,
      })
      if protocol == "resumable" then client = talk.scripted({ scripts[1], scripts[2] }, {
        onResponse = (function()
          local seen = 0
          return function()
            seen = seen + 1
            if seen == 2 then os.execute(("touch -d 2020-01-01 '%s'"):format(path)) end
          end
        end)(),
      }) end
      local file, err = client.media:upload { path = path, mimeType = "text/plain", protocol = protocol }
      assert.is_nil(file)
      assert.same({ "io", path .. ": the file was changed while it was uploaded" }, { err.kind, err.message })
      assert.equal("files/torn", err.partial.name)
    end
  end)

  it("takes as long as its bytes do, without a limit that nobody gave", function()
    local client = talk.answering(FILE, began(), final())
    assert(client.media:upload { data = "x", mimeType = "text/plain" })
    assert.is_nil(talk.media().headers["x-server-timeout"])
    assert(client.media:upload({ data = "x", mimeType = "text/plain", protocol = "resumable" }, { timeout = 30 }))
    assert.equal("30", talk.media(2).headers["x-server-timeout"])
  end)

  it("ends at its timeout, whatever its chunks do", function()
    local client = talk.scripted { {
      { "recv" }, { "send", began() }, { "recv" }, { "sleep", 0.15 }, { "send", ACTIVE }, { "recv" }, { "hold" },
    } }
    local file, err = client.media:upload(
      { data = ("x"):rep(12), mimeType = "text/plain", protocol = "resumable", chunkSize = 4 }, { timeout = 0.4 })
    assert.is_nil(file)
    assert.equal("timeout", err.kind)
    assert.equal("media.upload", err.session.method)
  end)

  it("shows its observer everything but the bytes and the key", function()
    local seen, answers = {}, {}
    local scripts = {}
    for i, answer in ipairs { began(), final() } do scripts[i] = talk.last(answer) end
    local client, server = talk.scripted(scripts, {
      onRequest = function(request) seen[#seen + 1] = request end,
      onResponse = function(response) answers[#answers + 1] = response.status end,
    })
    assert(client.media:upload { data = "x", mimeType = "text/plain", protocol = "resumable" })
    assert.equal('{"file":{"mimeType":"text/plain"}}', seen[1].body)
    assert.is_nil(seen[2].body)
    assert.equal(server.url .. "/session?id=1", seen[2].url)
    assert.equal("(redacted)", seen[2].headers["x-goog-api-key"])
    assert.same({ 200, 200 }, answers)
  end)
end)
