---What an answer may have, and what becomes of one that has more: an error of kind "limit", in bounded memory.

local gemini = require "gemini"
local run = require "spec.support.run"
local talk = require "spec.support.talk"
local temporary = require "spec.support.temporary"

local HEAD = "HTTP/1.1 200 OK\r\nConnection: close\r\n"
local CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

-- What does not end by itself, as far as a spec is concerned.
local ENDLESS = 1000000

local function get(client, call) return client.models:get({ name = "a" }, call) end

local function collect(client, call)
  return client.models:streamGenerateContent({ model = "m", contents = "x" }, call):collect()
end

local function failed(kind, message, value, err)
  assert.is_nil(value)
  assert.same({ kind, message }, { err.kind, err.message })
  return err
end

local function packed(bytes)
  local pipe = io.popen("gzip -9 <" .. temporary.file(bytes))
  local out = pipe:read("*a")
  pipe:close()
  return out
end

-- A client of a server whose connections each send one of these.
local function sending(options, ...)
  local scripts = {}
  for i, ops in ipairs { ... } do
    scripts[i] = { { "recv" } }
    for _, op in ipairs(ops) do table.insert(scripts[i], type(op) == "string" and { "send", op } or op) end
    table.insert(scripts[i], { "close" })
  end
  return talk.scripted(scripts, options)
end

after_each(function()
  talk.stop()
  temporary.clean()
end)

describe("an option for a limit", function()
  for _, case in ipairs {
    { { maxResponseSize = 0 }, "maxResponseSize must be a positive number of bytes, got 0" },
    { { maxResponseSize = "1" }, "maxResponseSize must be a positive number of bytes, got \"1\"" },
    { { maxEventSize = 1.5 }, "maxEventSize must be a positive number of bytes, got 1.5" },
    { { maxHeaderSize = -1 }, "maxHeaderSize must be a positive number of bytes, got -1" },
    { { maxDepth = 1001 }, "maxDepth must be a whole number from 1 to 1,000, got 1001" },
    { { maxDepth = 0 }, "maxDepth must be a whole number from 1 to 1,000, got 0" },
    { { maxDepth = 5, json = require "cjson" }, "maxDepth is for the codec of our own: json has a limit of its own" },
    { { maxRedirects = -1 }, "maxRedirects must be a whole number from 0 on, got -1" },
  } do
    it("is refused: " .. case[2], function()
      case[1].apiKey = "k"
      local ok, err = pcall(gemini.new, case[1])
      assert.is_false(ok)
      assert.truthy(err:find("gemini.new: " .. case[2], 1, true), err)
    end)
  end
end)

describe("maxResponseSize", function()
  local function body(n) return ('{"name":"%s"}'):format(("x"):rep(n - 11)) end

  it("bounds an answer that is kept whole, by the client or by the call, to the byte", function()
    local client = sending({ maxResponseSize = 1000 }, { talk.ok(body(1000)) }, { talk.ok(body(1001)) },
      { talk.ok(body(1001)) }, { talk.ok(body(1001)) })
    assert.equal(989, #assert(get(client)).name)
    failed("limit", "the answer is larger than maxResponseSize, 1000 bytes", get(client))
    assert.equal(990, #assert(get(client, { maxResponseSize = 1001 })).name)
    failed("limit", "the answer is larger than maxResponseSize, 1000 bytes", get(client))
  end)

  it("bounds all events of a stream together, and what had come is a part of it", function()
    local event = talk.chunk "0123456789"
    local client = sending({ maxResponseSize = 10000 }, { HEAD .. "\r\n", { "fill", event, ENDLESS } })
    local err = failed("limit", "the stream's events are larger than maxResponseSize, 10000 bytes", collect(client))
    assert.equal(10 * math.floor(10000 / (#event - 10)), #err.partial.text)
  end)

  it("counts no event twice, and none that does not come to the caller", function()
    local event = talk.chunk "0123456789"
    local bytes = ("%s: a comment that counts for nothing\n\n"):format(event):rep(50) .. talk.chunk("", "STOP")
    local client = sending({ maxResponseSize = 51 * #event }, { talk.sse(bytes) })
    assert.equal(500, #assert(collect(client)).text)
  end)

  it("goes on counting where a stream is taken up again", function()
    local function step(id)
      local delta = '"delta":{"type":"text","text":"0123456789"}'
      return ('data: {"event_type":"step.delta","index":0,"event_id":"%d",%s}\n\n'):format(id, delta)
    end
    local created = 'data: {"event_type":"interaction.created","event_id":"e","interaction":{"id":"i1"}}\n\n'
    local scripts = { { { "recv" }, { "send", talk.sse(created .. step(1)) }, { "close" } } }
    for i = 2, 50 do scripts[i] = { { "recv" }, { "send", talk.sse(step(i)) }, { "close" } } end
    local client, server = talk.scripted(scripts, { maxResponseSize = 1000, retry = {} })
    local err = failed("limit", "the stream's events are larger than maxResponseSize, 1000 bytes",
      client.interactions:create({ model = "m", input = "x", stream = true }):collect())
    assert.is_not_nil(err.partial)
    assert.is_true(server:connections() < 15)
  end)

  it("bounds a download into memory, and none to a file or a function", function()
    local bytes = ("x"):rep(5000)
    local answer = { talk.http("200 OK", bytes) }
    local client = sending({ maxResponseSize = 4999 }, answer, answer, answer)
    failed("limit", "the file is larger than maxResponseSize, 4999 bytes: give path or sink",
      client.files:download { name = "files/a" })
    assert.equal(5000, client.files:download { name = "files/a", sink = function() end })
    local path = temporary.file()
    assert.equal(path, client.files:download { name = "files/a", path = path })
  end)

  it("keeps an error to four mebibytes, and tells its status", function()
    local client = sending(nil, { "HTTP/1.1 500 Oh\r\nConnection: close\r\n\r\n", { "fill", ("x"):rep(1000), ENDLESS } })
    local err = failed("limit", "the answer, an error, is larger than 4194304 bytes", get(client))
    assert.equal(500, err.code)
    assert.equal("models.get: limit (HTTP 500): the answer, an error, is larger than 4194304 bytes", tostring(err))
  end)

  it("counts an error where it is the smaller one, of a stream and of a download too", function()
    local answer = { "HTTP/1.1 404 Oh\r\nConnection: close\r\n\r\n", { "fill", ("x"):rep(1000), ENDLESS } }
    local client = sending({ maxResponseSize = 9000 }, answer, answer, answer)
    failed("limit", "the answer is larger than maxResponseSize, 9000 bytes", get(client))
    failed("limit", "the answer is larger than maxResponseSize, 9000 bytes", collect(client, { maxEventSize = 90 }))
    local _, err = client.files:download { name = "files/a" }
    assert.same({ "limit", 404 }, { err.kind, err.code })
  end)
end)

describe("maxEventSize", function()
  it("bounds an event, by the client or by the call", function()
    local event = ("data: %s\n\n"):format(("x"):rep(2000))
    local good = talk.sse(talk.chunk(("x"):rep(1500), "STOP"))
    local client = sending({ maxEventSize = 1000 }, { talk.sse(event) }, { good })
    failed("limit", "an event is larger than maxEventSize, 1000 bytes", collect(client))
    assert.equal(1500, #assert(collect(client, { maxEventSize = 2000 })).text)
  end)

  it("bounds the one array that a server sends in an event stream's place", function()
    local client = sending({ maxEventSize = 10000 }, { HEAD .. "\r\n[", { "fill", '{"candidates":[]},\n', ENDLESS } })
    failed("limit", "an event is larger than maxEventSize, 10000 bytes", collect(client))
  end)
end)

describe("maxHeaderSize", function()
  local line = "X-A: " .. ("a"):rep(993) .. "\r\n"

  it("bounds all header lines of an answer together", function()
    local answer = { HEAD, { "fill", line, 20 }, "\r\n{}" }
    local client = sending({ maxHeaderSize = 10000 }, answer)
    failed("limit", "the answer's headers are larger than maxHeaderSize, 10000 bytes", get(client))
    client = sending({ maxHeaderSize = 21000 }, answer)
    assert.same({}, assert(get(client)))
  end)

  it("is 256 KiB where nobody says another", function()
    local client = sending(nil, { HEAD, { "fill", line, ENDLESS } })
    failed("limit", "the answer's headers are larger than maxHeaderSize, 262144 bytes", get(client))
  end)

  for name, script in pairs {
    ["interim answers"] = { { "fill", "HTTP/1.1 103 Early Hints\r\n" .. line .. "\r\n", ENDLESS } },
    ["bare interim answers"] = { { "fill", "HTTP/1.1 100 Continue\r\n\r\n", ENDLESS } },
    ["trailers"] = { CHUNKED .. "2\r\n{}\r\n0\r\n", { "fill", line, ENDLESS } },
  } do
    it("bounds " .. name .. " without end", function()
      local client = sending(nil, script, script)
      failed("limit", "the answer's headers are larger than maxHeaderSize, 262144 bytes", get(client))
      failed("limit", "the answer's headers are larger than maxHeaderSize, 262144 bytes", collect(client))
    end)
  end

  it("is not the only one: a line that libcurl refuses is too large, and memory has not run out", function()
    local client = sending({ maxHeaderSize = 1e9 }, { HEAD .. "X-A: ", { "fill", ("a"):rep(1000), ENDLESS } })
    local reply, err = get(client)
    assert.is_nil(reply)
    assert.equal("limit", err.kind)
  end)
end)

describe("maxDepth", function()
  local function nested(depth) return ('{"a":'):rep(depth - 1) .. "{}" .. ("}"):rep(depth - 1) end

  it("bounds replies, events, results and errors", function()
    local deep = { talk.ok(nested(11)) }
    local client = sending({ maxDepth = 10 }, { talk.ok(nested(10)) }, deep,
      { talk.sse("data: " .. nested(11) .. "\n\n") }, { talk.sse(nested(11) .. "\n\n") },
      { talk.http("400 No", nested(11)) })
    assert.is_table(assert(get(client)).a.a)
    failed("limit", "the answer is nested deeper than maxDepth, 10", get(client))
    failed("limit", "an event is nested deeper than maxDepth, 10", collect(client))
    failed("limit", "an event is nested deeper than maxDepth, 10", collect(client))
    local reply, err = get(client)
    assert.is_nil(reply)
    assert.same({ "api", 400 }, { err.kind, err.code })
  end)

  it("is 1,000 where nobody says another", function()
    local client = sending(nil, { talk.ok(nested(1000)) }, { talk.ok(nested(1001)) }, { HEAD .. "\r\n" .. ("["):rep(1e6) })
    assert.is_table(assert(get(client)).a.a)
    failed("limit", "the answer is nested deeper than maxDepth, 1000", get(client))
    failed("limit", "the answer is nested deeper than maxDepth, 1000", get(client))
  end)
end)

describe("maxRedirects", function()
  local function on(n) return { talk.http("302 Found", "", ("Location: /on%d\r\n"):format(n)) } end

  it("bounds how often a download is sent on", function()
    local client, server = sending({ maxRedirects = 2 }, on(1), on(2), { talk.http("200 OK", "bytes") }, on(1), on(2), on(3))
    assert.equal("bytes", client.files:download { name = "files/a" })
    failed("limit", "more than 2 redirects: maxRedirects sets how many are followed",
      client.files:download { name = "files/a" })
    assert.equal(6, server:connections())
  end)

  it("of 0 follows none", function()
    local client, server = sending({ maxRedirects = 0 }, on(1), { talk.http("200 OK", "bytes") })
    failed("limit", "more than 0 redirects: maxRedirects sets how many are followed",
      client.files:download { name = "files/a" })
    assert.equal(1, server:connections())
  end)
end)

describe("a coding of the answer", function()
  local function coded(coding, bytes)
    return talk.http("200 OK", bytes, ("Content-Encoding: %s\r\n"):format(coding))
  end

  it("is asked for by name, and so is no other", function()
    local client = sending(nil, { talk.ok "{}" })
    get(client)
    assert.equal("gzip, deflate", talk.sent().headers["accept-encoding"])
  end)

  it("counts decoded", function()
    local bomb = packed(("x"):rep(5000000))
    assert.is_true(#bomb < 10000)
    -- deflate is gzip's inside within zlib's frame.
    local inside = "\120\218" .. bomb:sub(11, -9)
    local client = sending({ maxResponseSize = 100000, maxEventSize = 100000 }, { coded("gzip", bomb) },
      { coded("deflate", inside) }, { coded("gzip", bomb) })
    failed("limit", "the answer is larger than maxResponseSize, 100000 bytes", get(client))
    failed("limit", "the answer is larger than maxResponseSize, 100000 bytes", get(client))
    failed("limit", "an event is larger than maxEventSize, 100000 bytes", collect(client))
  end)

  it("with more behind its end is an error, and no part of it an answer", function()
    local client = sending(nil, { coded("gzip", packed '{"name":' .. packed '"a"}') })
    local reply, err = get(client)
    assert.is_nil(reply)
    assert.equal("protocol", err.kind)
  end)

  it("is taken in one layer of a kind that was asked for", function()
    local bytes = packed '{"name":"a"}'
    local answers = {}
    for i, coding in ipairs { "gzip", "X-GZIP", "identity, gzip" } do answers[i] = { coded(coding, bytes) } end
    local client = sending(nil, unpack and unpack(answers) or table.unpack(answers))
    for _ = 1, 3 do assert.equal("a", assert(get(client)).name) end
  end)

  for name, bytes in pairs {
    ["two layers"] = coded("gzip, gzip", "x"),
    ["two layers in two headers"] = talk.http("200 OK", "x", "Content-Encoding: gzip\r\ncontent-encoding:deflate\r\n"),
    ["brotli"] = coded("br", "x"),
    ["zstd"] = coded("zstd", "x"),
    ["one that nobody knows"] = coded("gzipped", "x"),
    ["one of the transfer"] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
  } do
    it("is refused: " .. name, function()
      local client = sending(nil, { bytes }, { bytes })
      failed("protocol", "the answer has a coding that was not asked for", get(client))
      failed("protocol", "the answer has a coding that was not asked for", collect(client))
    end)
  end

  it("of a download is left as it is, but for one of the transfer", function()
    local client = sending(nil, { coded("gzip, gzip", "bytes") },
      { "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n" })
    assert.equal("bytes", client.files:download { name = "files/a" })
    failed("protocol", "the answer has a coding that was not asked for", client.files:download { name = "files/a" })
  end)
end)

-- In a process of its own: MiB that a call adds to the most that it ever held, and how the call ends.
local PEAK = [[
  local loopback = require "loopback"
  local gemini = require "gemini"
  local function peak()
    return tonumber(io.open("/proc/self/status"):read("*a"):match("VmHWM:%%s+(%%d+)")) / 1024
  end
  local HEAD, CHUNKED = "HTTP/1.1 200 OK\r\nConnection: close\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
  local first = { { "recv" }, { "send", HEAD .. "\r\n{}" }, { "close" } }
  local server = loopback.start { first, { { "recv" }, %s } }
  local client = gemini.new { apiKey = "k", baseUrl = server.url, timeout = 2, %s }
  client.models:get { name = "a" }
  collectgarbage()
  local before = peak()
  local _, err = %s
  print(err and err.kind or "good", peak() - before, server:stats().sent / 1048576)
]]

-- `ops` and `options` are Lua's text.
local function measured(ops, options, streamed)
  local call = streamed and 'client.models:streamGenerateContent({ model = "m", contents = "x" }):collect()'
    or 'client.models:get { name = "a" }'
  local output, status = run.lua(PEAK:format(ops, options or "", call))
  local kind, mib, sent = output:match("^(%a+)%s+(%S+)%s+(%S+)")
  assert.truthy(status == 0 and kind, output)
  return kind, tonumber(mib), tonumber(sent)
end

describe("a hostile server gets no memory: #memory", function()
  local SIZES = "maxResponseSize = 4e6, maxEventSize = 4e6"

  for _, case in ipairs {
    { "a body without end", [[{ "send", HEAD .. "\r\n" }, { "fill", ("x"):rep(1000), 1e6 }]], "limit", "limit" },
    { "header lines", [[{ "send", HEAD }, { "fill", "X: " .. ("x"):rep(1000) .. "\r\n", 1e6 }]], "limit", "limit" },
    { "a header line", [[{ "send", HEAD .. "X: " }, { "fill", ("x"):rep(1000), 1e6 }]], "limit", "limit" },
    { "interim answers", [[{ "fill", "HTTP/1.1 100 Continue\r\n\r\n", 1e7 }]], "limit", "limit" },
    { "trailers", [[{ "send", CHUNKED .. "\r\n0\r\n" }, { "fill", "X: " .. ("x"):rep(1000) .. "\r\n", 1e6 }]],
      "limit", "limit" },
    { "an extension of a chunk", [[{ "send", CHUNKED .. "\r\n2;" }, { "fill", ("x"):rep(1000), 1e7 }]],
      "timeout", "timeout" },
    { "chunks of one byte", [[{ "send", CHUNKED .. "\r\n" }, { "fill", "1\r\nx\r\n", 1e7 }]], "limit", "limit" },
    { "comments", [[{ "send", HEAD .. "\r\n" }, { "fill", ": " .. ("x"):rep(1000) .. "\n\n", 1e7 }]], "limit", "timeout" },
    { "comments in an event", [[{ "send", HEAD .. "\r\ndata: {\n" }, { "fill", ": " .. ("x"):rep(1000) .. "\n", 1e7 }]],
      "limit", "timeout" },
    { "empty events", [[{ "send", HEAD .. "\r\n" }, { "fill", "data:\n\n", 1e9 }]], "limit", "timeout" },
    { "events", [[{ "send", HEAD .. "\r\n" }, { "fill", "data: {\"candidates\":[]}\n\n", 1e7 }]], "limit", "limit" },
    { "an error", [[{ "send", "HTTP/1.1 500 X\r\n\r\n" }, { "fill", ("x"):rep(1000), 1e6 }]], "limit", "limit" },
  } do
    it(case[1], function()
      for i, streamed in ipairs { false, true } do
        local kind, mib = measured(case[2], SIZES, streamed)
        assert.equal(case[2 + i], kind)
        assert.is_true(mib < 40, ("%s: %g MiB"):format(case[1], mib))
      end
    end)
  end

  it("gzip, whose bytes are a thousand when decoded, on streams and with events before it too", function()
    -- 256 MiB, after more events than are held at once.
    local path, events = temporary.file(), temporary.file(('data: {"candidates":[]}\n\n'):rep(20000))
    os.execute(("(cat %s; head -c 256M /dev/zero) | gzip -1 >%s"):format(events, path))
    local ops = ('{ "send", HEAD .. "Content-Encoding: gzip\\r\\n\\r\\n" .. io.open("%s", "rb"):read("*a") }'):format(path)
    for _, streamed in ipairs { false, true } do
      local kind, mib = measured(ops, SIZES, streamed)
      assert.equal("limit", kind)
      assert.is_true(mib < 40, ("%g MiB"):format(mib))
    end
  end)

  it("an array of empty arrays, whose tables are larger than their text by a bounded factor", function()
    local ops = [[{ "send", HEAD .. "\r\n[" }, { "fill", "[],", 1e8 }]]
    local kind, mib = measured(ops, "maxEventSize = 1e6, maxResponseSize = 1e6", true)
    assert.equal("limit", kind)
    assert.is_true(mib < 20, mib)
    ops = [==[{ "send", HEAD .. "\r\n{\"a\":[" .. ("[],"):rep(333000) .. "[]]}" }]==]
    kind, mib = measured(ops, "maxResponseSize = 1e6")
    assert.equal("good", kind)
    assert.is_true(mib < 60, mib)
  end)
end)
