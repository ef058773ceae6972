---Uploads and faults, step by step on a scripted server: what is asked, what is sent again, what is given up.

local cjson = require "cjson"
local gemini = require "gemini"
local talk = require "spec.support.talk"
local temporary = require "spec.support.temporary"

local reader = talk.reader

local DATA = "0123456789abcdef"
-- What a function gives is forgotten in pieces of this size.
local LARGE = ("x"):rep(262144)

local function active(received)
  local more = received and ("X-Goog-Upload-Size-Received: %d\r\n"):format(received) or ""
  return talk.http("200 OK", "", "X-Goog-Upload-Status: active\r\n" .. more)
end

local BEGAN = talk.http("200 OK", "", "X-Goog-Upload-Status: active\r\nX-Goog-Upload-URL: /session?id=1\r\n"
  .. "X-Goog-Upload-Chunk-Granularity: 4\r\n")
local AGAIN = BEGAN:gsub("id=1", "id=2")
local FILE = '{"file":{"name":"files/a"}}'
local FINAL = talk.http("200 OK", FILE, "X-Goog-Upload-Status: final\r\n")
local CANCELLED = talk.http("200 OK", "", "X-Goog-Upload-Status: cancelled\r\n")

local function refusal(status, message)
  return talk.http(status, ('{"error":{"code":%s,"message":"%s"}}'):format(status:match "%d+", message or "no"))
end

local BUSY, GONE, BAD = refusal "503 Service Unavailable", refusal "404 Not Found", refusal "400 Bad Request"

-- A server that answers so; false breaks the connection instead.
local function serving(...)
  local scripts = {}
  for i = 1, select("#", ...) do
    local answer = select(i, ...)
    scripts[i] = answer and talk.last(answer) or { { "recv" }, { "reset" } }
  end
  return talk.scripted(scripts, talk.REPEATING)
end

-- What was asked, as one text: the command, where it is, the bytes.
local function asked(server)
  local out = {}
  for i = 1, #server:requests() do
    local sent = talk.media(i)
    local command = sent.headers["x-goog-upload-command"] or sent.verb .. " " .. sent.target
    local at = sent.headers["x-goog-upload-offset"]
    local session = sent.target:match "id=(%d)"
    out[i] = command .. (session == "2" and "'" or "") .. (at and (" %s:%s"):format(at, sent.bytes) or "")
  end
  return out
end

local function upload(client, args, call)
  args = args or {}
  if not (args.read or args.path) then args.data = DATA end
  args.mimeType, args.chunkSize, args.protocol = "text/plain", args.chunkSize or 8, "resumable"
  return client.media:upload(args, call)
end

describe("an upload whose connection breaks", function()
  after_each(function()
    temporary.clean()
    talk.stop()
  end)

  local function completes(expected, args, ...)
    local client, server = serving(...)
    local file, err = upload(client, args)
    assert.is_nil(err)
    assert.equal("files/a", file.name)
    assert.same(expected, asked(server))
    return file
  end

  it("asks where the server stands and goes on from there", function()
    for received, last in pairs { [0] = { "upload 0:01234567", "upload, finalize 8:89abcdef" },
      [4] = { "upload 4:456789ab", "upload, finalize 12:cdef" }, [8] = { "upload, finalize 8:89abcdef" } } do
      local expected = { "start", "upload 0:01234567", "query" }
      for _, each in ipairs(last) do expected[#expected + 1] = each end
      local answers = { BEGAN, false, active(received) }
      for _ = 2, #last do answers[#answers + 1] = active() end
      answers[#answers + 1] = FINAL
      completes(expected, nil, (table.unpack or unpack)(answers)) -- luacheck: ignore 143
    end
  end)

  it("does so with a file, and with a function that is read once", function()
    local expected = { "start", "upload 0:01234567", "query", "upload 4:456789ab", "upload, finalize 12:cdef" }
    local answers = { BEGAN, false, active(4), active(), FINAL }
    local unpack = table.unpack or unpack -- luacheck: ignore 143
    completes(expected, { path = temporary.file(DATA) }, unpack(answers))
    completes(expected, { read = reader("012", "3456789", "a", "bcdef") }, unpack(answers))
    completes(expected, { read = reader("012", "3456789", "a", "bcdef"), size = 16 }, unpack(answers))
  end)

  it("at its last byte knows that the answer was lost, and not the file", function()
    completes({ "start", "upload 0:01234567", "upload, finalize 8:89abcdef", "query" }, nil, BEGAN, active(), false, FINAL)
    local cut = "HTTP/1.1 200 OK\r\nX-Goog-Upload-Status: final\r\nContent-Length: 100\r\n\r\n" .. FILE
    completes({ "start", "upload, finalize 0:" .. DATA, "query" }, { chunkSize = 16 }, BEGAN, cut, FINAL)
    local page = talk.http("200 OK", "<html><title>A proxy</title></html>", "X-Goog-Upload-Status: final\r\n")
    completes({ "start", "upload, finalize 0:" .. DATA, "query" }, { chunkSize = 16 }, BEGAN, page, FINAL)
  end)

  it("at its last byte sends what the server has not got", function()
    completes(
      { "start", "upload, finalize 0:" .. DATA, "query", "upload, finalize 12:cdef" },
      { chunkSize = 16 }, BEGAN, false, active(12), FINAL
    )
    completes(
      { "start", "upload, finalize 0:" .. DATA, "query", "upload, finalize 16:" },
      { chunkSize = 16 }, BEGAN, false, active(16), FINAL
    )
  end)

  it("asks for a file whose answer is lost for good, by the name that it was given", function()
    local nothing = talk.http("200 OK", "", "X-Goog-Upload-Status: final\r\n")
    completes(
      { "start", "upload, finalize 0:" .. DATA, "query", "GET /v1beta/files/mine" },
      { chunkSize = 16, name = "files/mine" }, BEGAN, false, nothing, talk.ok '{"name":"files/a"}'
    )
    local client, server = serving(BEGAN, false, nothing)
    local file, err = upload(client, { chunkSize = 16 })
    assert.is_nil(file)
    assert.same({ "truncated", "the upload is complete, but the answer that tells of it was lost" }, { err.kind, err.message })
    assert.equal(3, #server:requests())
  end)

  it("tries the start and the question again", function()
    completes({ "start", "start", "upload, finalize 0:" .. DATA }, { chunkSize = 16 }, BUSY, BEGAN, FINAL)
    completes({ "start", "start", "upload, finalize 0:" .. DATA }, { chunkSize = 16 }, false, BEGAN, FINAL)
    completes(
      { "start", "upload 0:01234567", "query", "query", "upload, finalize 8:89abcdef" },
      nil, BEGAN, false, false, active(8), FINAL
    )
  end)

  it("goes on behind what a server says that may pass", function()
    for _, status in ipairs { "408 Timeout", "429 Slow Down", "500 Oops", "502 Bad Gateway", "503 Busy", "504 Late" } do
      completes(
        { "start", "upload 0:01234567", "query", "upload, finalize 8:89abcdef" },
        nil, BEGAN, refusal(status), active(8), FINAL
      )
    end
  end)

  it("counts its faults anew whenever it gets on", function()
    local answers, expected = { BEGAN }, { "start" }
    for at = 0, 8, 4 do
      answers[#answers + 1], answers[#answers + 2] = false, active(at + 4)
      expected[#expected + 1] = ("upload %d:%s"):format(at, DATA:sub(at + 1, at + 4))
      expected[#expected + 1] = "query"
    end
    answers[#answers + 1], expected[#expected + 1] = FINAL, "upload, finalize 12:cdef"
    completes(expected, { chunkSize = 4 }, (table.unpack or unpack)(answers)) -- luacheck: ignore 143
  end)

  it("gives up at its timeout, and leaves what it takes to go on", function()
    local client, server = serving(BEGAN, false, false)
    local file, err = upload(client, nil, { timeout = 0.45 })
    assert.is_nil(file)
    assert.equal(3, err.attempts)
    assert.same({
      url = server.url .. "/session?id=1", method = "media.upload", granularity = 4, size = 16, mimeType = "text/plain",
      mark = err.session.mark,
    }, err.session)
    assert.same({ "start", "upload 0:01234567", "query" }, asked(server))
  end)

  it("is not tried again where the server means what it says", function()
    for _, case in ipairs { { refusal "403 Forbidden" }, { BEGAN, refusal "403 Forbidden" } } do
      local client, server = serving((table.unpack or unpack)(case)) -- luacheck: ignore 143
      local file, err = upload(client)
      assert.is_nil(file)
      assert.same({ "api", 403 }, { err.kind, err.code })
      assert.equal(#case, #server:requests())
    end
  end)
end)

describe("an upload whose server", function()
  after_each(talk.stop)

  it("takes fewer bytes than it was sent is followed", function()
    local client, server = serving(BEGAN, active(4), active(), FINAL)
    assert(upload(client))
    assert.same({ "start", "upload 0:01234567", "upload 4:456789ab", "upload, finalize 12:cdef" }, asked(server))
    client, server = serving(BEGAN, active(12), FINAL)
    assert(upload(client, { chunkSize = 16 }))
    assert.same({ "start", "upload, finalize 0:" .. DATA, "upload, finalize 12:cdef" }, asked(server))
    client, server = serving(BEGAN, active(), active(8), FINAL)
    assert(upload(client, { chunkSize = 16 }))
    assert.same({ "start", "upload, finalize 0:" .. DATA, "query", "upload, finalize 8:89abcdef" }, asked(server))
    client, server = serving(BEGAN, active(4), active(12), FINAL)
    assert(upload(client, { read = reader("0123456", "789abcd", "ef") }))
    assert.same({ "start", "upload 0:01234567", "upload 4:456789ab", "upload, finalize 12:cdef" }, asked(server))
  end)

  it("takes nothing at all is given up", function()
    local client = serving(BEGAN, active(0), active(0), active(0))
    local file, err = upload(client, nil, { timeout = 0.45 })
    assert.is_nil(file)
    assert.same({ "protocol", "the server has taken no byte behind 0" }, { err.kind, err.message })
  end)

  it("stands elsewhere than was thought is followed, where it stands there it means its refusal", function()
    local client, server = serving(BEGAN, active(), BAD, active(4), active(), FINAL)
    assert(upload(client))
    assert.same({
      "start", "upload 0:01234567", "upload, finalize 8:89abcdef", "query", "upload 4:456789ab", "upload, finalize 12:cdef",
    }, asked(server))
    client, server = serving(BEGAN, active(), BAD, active(8))
    local file, err = upload(client)
    assert.is_nil(file)
    assert.same({ "api", 400, "no" }, { err.kind, err.code, err.message })
    assert.equal(4, #server:requests())
  end)

  it("has lost the session begins again, once", function()
    for _, gone in ipairs { GONE, refusal "410 Gone" } do
      local client, server = serving(BEGAN, active(), gone, AGAIN, active(), FINAL)
      local told = {}
      assert(upload(client, { onProgress = function(sent, _, up)
        local id = up.session.url:match "id=.*"
        told[id] = told[id] or sent
      end }))
      assert.same({
        "start", "upload 0:01234567", "upload, finalize 8:89abcdef", "start", "upload' 0:01234567",
        "upload, finalize' 8:89abcdef",
      }, asked(server))
      assert.same({ ["id=1"] = 0, ["id=2"] = 0 }, told)
    end
    local client, server = serving(BEGAN, GONE, AGAIN, GONE)
    local file, err = upload(client)
    assert.is_nil(file)
    assert.same({ "api", 404 }, { err.kind, err.code })
    assert.is_nil(err.session)
    assert.equal(4, #server:requests())
  end)

  it("has lost the session is told so where the bytes can't be read again", function()
    local client, server = serving(BEGAN, GONE, AGAIN, active(), FINAL)
    assert(upload(client, { read = reader("0123456789", "abcdef") }))
    assert.equal(5, #server:requests())
    client, server = serving(BEGAN, active(), GONE)
    local file, err = upload(client, { read = reader(LARGE, LARGE), chunkSize = #LARGE })
    assert.is_nil(file)
    assert.same({ "api", 404 }, { err.kind, err.code })
    assert.equal(3, #server:requests())
  end)

  it("wants bytes that a function has given already is told so", function()
    local client = serving(BEGAN, active(), false, active(0))
    local file, err = upload(client, { read = reader(LARGE, LARGE), chunkSize = #LARGE })
    assert.is_nil(file)
    assert.same({ "protocol", "the server wants byte 0 again, and read gives it once" }, { err.kind, err.message })
  end)

  it("says what can't be is not believed", function()
    for message, answers in pairs {
      ["the server has 12 bytes, and got 8"] = { BEGAN, active(12) },
      ["the server has 17 bytes, and got 16"] = { BEGAN, active(), active(17) },
      ["the server ended the upload before its last byte"] = { BEGAN, FINAL },
      ["the server does not say how many bytes it has"] = { BEGAN, active(), active(), active() },
    } do
      local client, server = serving((table.unpack or unpack)(answers)) -- luacheck: ignore 143
      local file, err = upload(client, nil, { timeout = 0.45 })
      assert.is_nil(file)
      assert.same({ "protocol", message }, { err.kind, err.message })
      assert.equal(#answers, #server:requests())
    end
  end)

  it("says more in answer to a question than can be is not believed either", function()
    for message, answers in pairs {
      ["the server ended the upload before its last byte"] = { BEGAN, false, FINAL },
      ["the server has 12 bytes, and got 8"] = { BEGAN, false, active(12) },
    } do
      local client = serving((table.unpack or unpack)(answers)) -- luacheck: ignore 143
      local file, err = upload(client)
      assert.is_nil(file)
      assert.same({ "protocol", message }, { err.kind, err.message })
    end
  end)

  it("never says whether the upload is complete is given up", function()
    local answers = { BEGAN, active() }
    for i = 1, 40 do answers[i + 2] = i % 2 == 1 and active() or active(8) end
    local client, server = serving((table.unpack or unpack)(answers)) -- luacheck: ignore 143
    local file, err = upload(client, nil, { timeout = 0.45 })
    assert.is_nil(file)
    assert.same({ "protocol", "the server does not say whether the upload is complete" }, { err.kind, err.message })
    assert.is_true(#server:requests() < 8)
  end)

  it("does not say what became of a chunk is asked", function()
    local page = talk.http("200 OK", "<html>come in</html>")
    local client, server = serving(BEGAN, page, active(0), active(), FINAL)
    assert(upload(client, { read = reader("0123456789", "abcdef") }))
    assert.same({ "start", "upload 0:01234567", "query", "upload 0:01234567", "upload, finalize 8:89abcdef" }, asked(server))
    client, server = serving(BEGAN, active(), talk.http("200 OK", ""), active(8), FINAL)
    assert(upload(client))
    assert.equal(5, #server:requests())
    client, server = serving(BEGAN, false, page, active(8), FINAL)
    assert(upload(client))
    assert.equal(5, #server:requests())
  end)

  it("has lost the session behind a refusal begins again", function()
    for _, at in ipairs { 0, 8 } do
      local answers = { BEGAN, BAD, GONE, AGAIN, active(), FINAL }
      if at == 8 then table.insert(answers, 2, active()) end
      local client = serving((table.unpack or unpack)(answers)) -- luacheck: ignore 143
      assert.equal("files/a", assert(upload(client)).name)
    end
  end)

  it("has made a file of another size is not believed", function()
    for _, protocol in ipairs { "multipart", "resumable" } do
      local body = '{"file":{"name":"files/a","sizeBytes":"15"}}'
      local answers = { talk.http("200 OK", body, "X-Goog-Upload-Status: final\r\n") }
      if protocol == "resumable" then table.insert(answers, 1, BEGAN) end
      local client = serving((table.unpack or unpack)(answers)) -- luacheck: ignore 143
      local file, err = client.media:upload { data = DATA, mimeType = "text/plain", protocol = protocol }
      assert.is_nil(file)
      assert.same({ "protocol", "the server has made 15 bytes of 16" }, { err.kind, err.message })
      assert.equal("files/a", err.partial.name)
    end
  end)

  it("has cancelled the session says so", function()
    local client = serving(BEGAN, CANCELLED)
    local file, err = upload(client)
    assert.is_nil(file)
    assert.same({ "cancelled", "the upload's session was cancelled" }, { err.kind, err.message })
    assert.is_nil(err.session)
  end)

  it("is kept to the time of the call, whatever is asked", function()
    local client = talk.scripted({
      talk.last(BEGAN), { { "recv" }, { "reset" } },
      talk.last(talk.http("200 OK", "", "X-Goog-Upload-Status: final\r\n")), { { "recv" }, { "hold" } },
    }, talk.REPEATING)
    local file, err = upload(client, { chunkSize = 16, name = "files/mine" }, { timeout = 0.45, headers = { ["X-Own"] = "1" } })
    assert.is_nil(file)
    assert.same({ "timeout", "no complete answer within 0.45 s" }, { err.kind, err.message })
    assert.same({ "/v1beta/files/mine", "1" }, { talk.sent(4).target, talk.sent(4).headers["x-own"] })
  end)
end)

describe("an upload that goes on with a session", function()
  local path

  before_each(function() path = temporary.file(DATA, ".txt") end)
  after_each(function()
    temporary.clean()
    talk.stop()
  end)

  -- What a process had when it ended behind some bytes, after a way through JSON.
  local function saved(encode, decode)
    local session
    local client = serving(BEGAN)
    pcall(client.media.upload, client.media, {
      path = path, protocol = "resumable",
      onProgress = function(_, _, up)
        session = encode(up.session)
        error "the process ends here"
      end,
    })
    return decode(session)
  end

  local function resume(session, args, ...)
    local client, server = serving(...)
    session.url = session.url:gsub("^http://[^/]+", server.url)
    args.session, args.chunkSize = session, 8
    local file, err = client.media:upload(args)
    return file, err, asked(server)
  end

  for name, codec in pairs { ["our JSON"] = gemini.json, ["another JSON"] = cjson } do
    it("begins where the server stands, after a way through " .. name, function()
      local session = saved(codec.encode, codec.decode)
      local told = {}
      local file, err, seen = resume(session, {
        path = path, onProgress = function(sent, total) told[#told + 1] = { sent, total } end,
      }, active(4), active(), FINAL)
      assert.is_nil(err)
      assert.equal("files/a", file.name)
      assert.same({ "query", "upload 4:456789ab", "upload, finalize 12:cdef" }, seen)
      assert.same({ { 4, 16 }, { 16, 16 } }, { told[1], told[#told] })
    end)
  end

  it("is content with one that is complete, and begins again without one", function()
    local file, _, seen = resume(saved(gemini.json.encode, gemini.json.decode), { path = path }, FINAL)
    assert.equal("files/a", file.name)
    assert.same({ "query" }, seen)
    file, _, seen = resume(saved(gemini.json.encode, gemini.json.decode), { path = path }, GONE, AGAIN, active(), FINAL)
    assert.equal("files/a", file.name)
    assert.same({ "query", "start", "upload' 0:01234567", "upload, finalize' 8:89abcdef" }, seen)
  end)

  it("takes no bytes for the ones that they were", function()
    local session
    local client = serving(BEGAN)
    pcall(client.media.upload, client.media, {
      data = DATA, mimeType = "text/plain", protocol = "resumable",
      onProgress = function(_, _, up)
        session = up.session
        error "the process ends here"
      end,
    })
    for _, other in ipairs { { data = DATA:upper() }, { path = path }, { read = reader(DATA), size = 16 } } do
      other.mimeType = "text/plain"
      local file, err, seen = resume(session, other, active(4))
      assert.is_nil(file)
      assert.same({ "io", "the session is one of other bytes" }, { err.kind, err.message })
      assert.same({}, seen)
    end
    local file, err, seen = resume(session, { data = DATA, mimeType = "text/plain" }, active(8), FINAL)
    assert.is_nil(err)
    assert.equal("files/a", file.name)
    assert.same({ "query", "upload, finalize 8:89abcdef" }, seen)
    -- A place on the same server is one too.
    session.url = "/session?id=1"
    assert(resume(session, { data = DATA, mimeType = "text/plain" }, FINAL))
  end)

  it("takes no file for the one that it was", function()
    local session = saved(gemini.json.encode, gemini.json.decode)
    os.execute(("touch -d '2020-01-01' '%s'"):format(path))
    local file, err, seen = resume(session, { path = path }, active(4))
    assert.is_nil(file)
    assert.same({ "io", "the file was changed since the session began" }, { err.kind, err.message })
    assert.same({}, seen)
    file, err, seen = resume(session, { path = temporary.file(DATA .. "!", ".txt") }, active(4))
    assert.is_nil(file)
    assert.same({ "io", "the session is for 16 bytes, and there are 17" }, { err.kind, err.message })
    assert.same({}, seen)
  end)

  it("skips what a function gives that the server has", function()
    local client, server = serving(BEGAN, false, false)
    local _, err = upload(client, { read = reader("0123456789", "abcdef") }, { timeout = 0.45 })
    local file, problem, seen = resume(err.session, {
      read = reader("01", "23456", "789abcdef"), mimeType = "text/plain",
    }, active(8), FINAL)
    assert.is_nil(problem)
    assert.equal("files/a", file.name)
    assert.same({ "query", "upload, finalize 8:89abcdef" }, seen)
    assert.equal(3, #server:requests())
    file, problem = resume(err.session, { read = reader "01", mimeType = "text/plain" }, active(8))
    assert.is_nil(file)
    assert.same({ "io", "the session is one of other bytes" }, { problem.kind, problem.message })
    local long = ("x"):rep(100000)
    client = serving(BEGAN, false, false)
    _, err = upload(client, { read = reader(long, long) }, { timeout = 0.45 })
    file, problem = resume(err.session, { read = reader(long), mimeType = "text/plain" }, active(150000))
    assert.is_nil(file)
    assert.same({ "io", "read has ended after 100000 bytes, and the server has 150000" }, { problem.kind, problem.message })
  end)

  it("needs no type, which the session has", function()
    local session
    local client = serving(BEGAN)
    pcall(client.media.upload, client.media, {
      data = DATA, mimeType = "text/x-own", protocol = "resumable",
      onProgress = function(_, _, up)
        session = up.session
        -- It is the caller's copy.
        up.session.url, up.session.granularity = nil, nil
        error "the process ends here"
      end,
    })
    session.url = "/session?id=1"
    local file, err = resume(session, { data = DATA }, GONE, AGAIN, active(), FINAL)
    assert.is_nil(err)
    assert.equal("files/a", file.name)
    assert.equal("text/x-own", talk.media(2).headers["x-goog-upload-header-content-type"])
  end)

  it("leaves the caller's table as it was", function()
    local session = saved(cjson.encode, cjson.decode)
    local before = cjson.encode(session)
    local client, server = serving(GONE, AGAIN, active(), FINAL)
    session.url = session.url:gsub("^http://[^/]+", server.url)
    assert(client.media:upload { path = path, session = session, chunkSize = 8 })
    session.url = cjson.decode(before).url
    assert.same(cjson.decode(before), session)
  end)
end)

describe("an upload in one request", function()
  after_each(talk.stop)

  local function send(client, data)
    return client.media:upload { data = data or DATA, mimeType = "text/plain" }
  end

  it("is repeated where the server has refused it for now", function()
    local client, server = serving(BUSY, talk.ok(FILE))
    assert.equal("files/a", assert(send(client)).name)
    assert.equal(2, #server:requests())
  end)

  it("is repeated where the server can't have all of it", function()
    local client, server = talk.scripted({
      { { "sleep", 0.1 }, { "reset" } }, { { "recv" }, { "send", talk.ok(FILE) } },
    }, talk.REPEATING)
    local file, err = client.media:upload { data = ("x"):rep(50000000), mimeType = "text/plain", protocol = "raw" }
    assert.is_nil(err)
    assert.equal("files/a", file.name)
    assert.equal(1, #server:requests())
    assert.equal(2, server:connections())
  end)

  it("is repeated on no kept connection that breaks behind it", function()
    local client, server = talk.scripted({
      { { "recv" }, { "send", talk.ok '{"name":"files/b"}' }, { "recv" }, { "reset" } }, { { "recv" }, { "send", talk.ok(FILE) } },
    }, talk.REPEATING)
    assert(client.files:get { name = "files/b" })
    local file, err = send(client)
    assert.is_nil(file)
    assert.equal("network", err.kind)
    assert.equal(2, #server:requests())
  end)

  it("is not repeated where the server may have made a file of it", function()
    for _, status in ipairs { "408 Timeout", "500 Oops", "502 Bad Gateway", "504 Late" } do
      local client, server = serving(refusal(status), talk.ok(FILE))
      local file, err = send(client)
      assert.is_nil(file)
      assert.equal("api", err.kind)
      assert.equal(1, #server:requests())
    end
    for _, script in ipairs {
      { { "recv" }, { "reset" } }, { { "recv" }, { "send", "HTTP/1.1 200 OK\r\nContent-Le" }, { "close" } },
      { { "recv" }, { "send", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{" }, { "close" } },
    } do
      local client, server = talk.scripted({ script, script }, talk.REPEATING)
      local file, err = send(client)
      assert.is_nil(file)
      assert.is_true(err.kind == "network" or err.kind == "truncated", err.kind)
      assert.equal(1, #server:requests())
      assert.equal(1, err.attempts)
    end
  end)

  it("is not repeated where the server means what it says", function()
    local client, server = serving(BAD, talk.ok(FILE))
    local file, err = send(client)
    assert.is_nil(file)
    assert.equal(400, err.code)
    assert.equal(1, #server:requests())
  end)
end)
