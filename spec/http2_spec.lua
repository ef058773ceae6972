local emulator = require "spec.support.emulator"
local gemini = require "gemini"
local live = require "spec.support.live"
local loopback = require "loopback"
local nginx = require "spec.support.nginx"
local read = require "spec.support.read"
local talk = require "spec.support.talk"
local temporary = require "spec.support.temporary"

describe("behind TLS and HTTP/2", function()
  local backend, front

  setup(function()
    backend = emulator.start { delay = 0.01 }
    front = nginx.start(backend.url)
  end)

  teardown(function()
    front.stop()
    backend.stop()
  end)

  after_each(function()
    temporary.clean()
    live.none()
  end)

  local function client(options)
    options = options or {}
    options.apiKey, options.baseUrl = "k", front.url
    return gemini.new(options)
  end

  it("calls and streams go over one connection", function()
    local encodings = {}
    local c = client {
      caFile = front.caFile,
      onResponse = function(response) encodings[#encodings + 1] = response.headers["content-encoding"] end,
    }
    assert.equal("models/gemini-2.5-flash", assert(c.models:get { name = "gemini-2.5-flash" }).name)
    assert.same({ "gzip" }, encodings)
    local streams = {}
    for i = 1, 10 do
      streams[i] = c.models:streamGenerateContent { model = "gemini-2.5-flash", contents = "number " .. i }
    end
    for i = 1, 10 do
      local reply = assert(streams[i]:collect())
      assert.truthy(reply.text:find("number " .. i, 1, true))
    end
    local seen = front.seen()
    assert.equal(11, #seen)
    for _, request in ipairs(seen) do
      assert.equal("HTTP/2.0", request[2])
      assert.equal(seen[1][1], request[1])
    end
  end)

  -- The server sends no event before all of them have come to it.
  it("100 streams at once share one connection, and are all complete and in order", function()
    local scripts, wanted = {}, {}
    for i = 1, 100 do
      local events, text = {}, ""
      for k = 1, 10 do
        local piece = ("%d.%d "):format(i, k)
        events[k], text = talk.chunk(piece, k == 10 and "STOP" or nil), text .. piece
      end
      scripts[i] = { { "recv" }, { "meet", 100 }, { "send", talk.sse "" }, { "drip", table.concat(events), 99, 0.001 } }
      wanted[i] = text
    end
    local together = loopback.start(scripts)
    local other = nginx.start(together.url)
    local c = gemini.new { apiKey = "k", baseUrl = other.url, caFile = other.caFile, idleTimeout = 30 }
    local function text() return assert(c.models:streamGenerateContent({ model = "m", contents = "x" }):collect()).text end
    local texts = gemini.run(function()
      local all = {}
      for i = 1, 100 do all[i] = text end
      return (gemini.all(all))
    end)
    local seen, met = other.seen(), together:connections()
    other.stop()
    together:stop()
    table.sort(texts)
    table.sort(wanted)
    texts.n = nil
    assert.same(wanted, texts)
    assert.same({ 100, 100 }, { met, #seen })
    for _, request in ipairs(seen) do assert.same({ seen[1][1], "HTTP/2.0" }, { request[1], request[2] }) end
  end)

  it("a stream that is left early ends alone, not its connection", function()
    local before = #front.seen()
    local c = client { caFile = front.caFile }
    local stream = c.models:streamGenerateContent { model = "gemini-2.5-flash", contents = "x" }
    stream:next()
    stream:close()
    assert(c.models:get { name = "gemini-2.5-flash" })
    local seen = front.seen()
    assert.equal(before + 2, #seen)
    assert.equal(seen[before + 1][1], seen[before + 2][1])
  end)

  it("uploads and downloads share the connection with a stream, and are whole", function()
    local before = #front.seen()
    local c = client { caFile = front.caFile }
    local data = ("0123456789abcdef"):rep(3 * 65536 + 1)
    local environment = assert(c.environments:create {}).id
    local target, text = temporary.file(), nil
    gemini.run(function()
      gemini.spawn(function()
        local stream = c.models:streamGenerateContent { model = "gemini-2.5-flash", contents = "beside it" }
        text = assert(stream:collect()).text
      end)
      assert(c.environments.files:upload {
        environment = environment, path = "a", localPath = temporary.file(data), chunkSize = 524288, mimeType = "a/b",
      })
      assert(c.environments.files:download { environment = environment, path = "a", localPath = target })
    end)
    assert.truthy(text:find("beside it", 1, true))
    assert.is_true(data == read(target))
    assert.equal(tostring(#data), assert(c.media:upload { data = data, mimeType = "a/b" }).sizeBytes)
    local seen = front.seen()
    assert.is_true(#seen > before + 10)
    for i = before + 1, #seen do assert.same({ seen[before + 1][1], "HTTP/2.0" }, { seen[i][1], seen[i][2] }) end
  end)

  it("an answer that is cut off is truncated, as over HTTP/1.1", function()
    local cut = loopback.start { { { "recv" }, {
      "send",
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 9999\r\n\r\n"
        .. 'data: {"candidates":[{"content":{"parts":[{"text":"half"}]}}]}\n\n',
    }, { "close" } } }
    local other = nginx.start(cut.url)
    local c = gemini.new { apiKey = "k", baseUrl = other.url, caFile = other.caFile }
    local reply, err = c.models:streamGenerateContent({ model = "m", contents = "x" }):collect()
    other.stop()
    cut:stop()
    assert.is_nil(reply)
    assert.equal("truncated", err.kind)
    assert.equal("half", err.partial.text)
  end)

  it("a certificate that the system does not trust is refused", function()
    local reply, err = client().models:get { name = "gemini-2.5-flash" }
    assert.is_nil(reply)
    assert.equal("tls", err.kind)
  end)

  it("a file of certificates that does not exist is an error, and no reason to trust", function()
    local reply, err = client({ caFile = "/nonexistent.pem" }).models:get { name = "gemini-2.5-flash" }
    assert.is_nil(reply)
    assert.equal("tls", err.kind)
  end)
end)
