local holds = require "spec.support.read"
local loopback = require "loopback"
local temporary = require "spec.support.temporary"
local transport = require "gemini.transport"

local multi, server

local function submit(request)
  request.url = request.url or server.url .. "/x"
  request.headers = request.headers or {}
  return multi:submit(request)
end

local function await(transfer)
  while not transfer:ready() do multi:step(1) end
  return transfer
end

local function serve(...)
  server = loopback.start(...)
end

local function ok(body, more)
  -- Joined, for 5.1's format stops at a zero byte.
  return "HTTP/1.1 200 OK\r\nContent-Length: " .. #body .. "\r\n" .. (more or "") .. "\r\n" .. body
end

local function chunked(...)
  local out = { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" }
  for i = 1, select("#", ...) do
    local piece = select(i, ...)
    out[#out + 1] = ("%x\r\n%s\r\n"):format(#piece, piece)
  end
  return table.concat(out)
end

local LAST = "0\r\n\r\n"

local function texts(transfer)
  local out = {}
  repeat
    local text = await(transfer):eventText()
    out[#out + 1] = text
  until not text
  return out
end

describe("the transport", function()
  before_each(function() multi = transport.multi() end)

  after_each(function()
    collectgarbage()
    collectgarbage()
    local live = multi:live()
    multi:close()
    if server then server:stop() end
    server = nil
    temporary.clean()
    assert.equal(0, live)
  end)

  it("sends the request as it was told", function()
    serve { { { "recv" }, { "send", ok "" } } }
    local headers = { "X-A: 1", "Content-Type: application/json" }
    local body = { '{"a":', "", "1}" }
    local transfer = await(submit { method = "POST", headers = headers, body = body })
    assert.equal(200, transfer:status())
    local head, sent = server:requests()[1]:match("^(.-\r\n)\r\n(.*)$")
    assert.equal('{"a":1}', sent)
    assert.truthy(head:find("^POST /x HTTP/1.1\r\n"))
    assert.truthy(head:find("\r\nContent%-Length: 7\r\n"))
    assert.truthy(head:find("\r\nX%-A: 1\r\n"))
    assert.truthy(head:find("\r\nAccept%-Encoding: gzip, deflate\r\n"))
    assert.falsy(head:find("Expect"))
  end)

  it("sends a large body without waiting to be asked", function()
    serve { { { "recv" }, { "send", ok "" } } }
    local body = ("0123456789"):rep(300000)
    await(submit { method = "POST", body = body })
    local request = server:requests()[1]
    assert.falsy(request:find("Expect", 1, true))
    assert.equal(body, request:sub(-#body))
  end)

  it("sends a POST without a body with its length, and a DELETE without any", function()
    serve { { { "recv" }, { "send", ok "" }, { "loop" } } }
    await(submit { method = "POST" })
    await(submit { method = "DELETE" })
    local requests = server:requests()
    assert.truthy(requests[1]:find("\r\nContent%-Length: 0\r\n"))
    assert.falsy(requests[1]:find("Content%-Type"))
    assert.truthy(requests[2]:find("^DELETE /x HTTP/1.1\r\n"))
    assert.falsy(requests[2]:find("Content%-Length"))
  end)

  it("uses one connection for requests that follow each other", function()
    serve { { { "recv" }, { "send", ok "1" }, { "loop" } } }
    for _ = 1, 5 do assert.equal("1", await(submit {}):bodyText()) end
    assert.equal(1, server:connections())
  end)

  it("sends the body again when a kept connection turns out to be dead", function()
    serve { { { "recv" }, { "send", ok "1" }, { "recv" }, { "reset" } }, { { "recv" }, { "send", ok "2" } } }
    assert.equal("1", await(submit { method = "POST", body = "first" }):bodyText())
    assert.equal("2", await(submit { method = "POST", body = { "sec", "ond" } }):bodyText())
    assert.equal("second", server:requests()[3]:sub(-6))
  end)

  it("sends windows of files between strings, and again where the connection was dead", function()
    local path = temporary.file(("0123456789"):rep(100000))
    serve { { { "recv" }, { "send", ok "1" }, { "recv" }, { "reset" } }, { { "recv" }, { "send", ok "2" } } }
    await(submit { method = "POST", body = "first" })
    local body = { "<", { path = path, offset = 5, length = 999990 }, { data = "abcdef", offset = 2, length = 3 }, ">" }
    local transfer = await(submit { method = "POST", body = body })
    assert.equal("2", transfer:bodyText())
    local sent = server:requests()[3]
    assert.truthy(sent:find("\r\nContent%-Length: 999995\r\n"))
    assert.equal("<" .. ("5678901234"):rep(99999) .. "cde>", sent:match("\r\n\r\n(.*)$"))
    assert.equal(999995, transfer:sent())
  end)

  it("says how many bytes of a body are on their way", function()
    serve { { { "hold" } } }
    local transfer = submit { method = "POST", body = ("x"):rep(50000000) }
    assert.equal(0, transfer:sent())
    local seen = {}
    local stop = transport.now() + 10
    while #seen < 5 do
      assert.is_true(transport.now() < stop, #seen .. " steps")
      multi:step(0.05)
      local sent = transfer:sent()
      if sent > (seen[#seen] or 0) then seen[#seen + 1] = sent end
    end
    assert.is_true(seen[5] <= 50000000)
    transfer:close()
  end)

  describe("a body's file", function()
    local function failure(segment)
      local transfer = await(submit { method = "POST", body = { "a", segment, "b" } })
      return transfer:failure()
    end

    it("that is not there ends the exchange, and so does one that has become shorter", function()
      serve { { { "hold" } } }
      local path = temporary.file "0123456789"
      local kind, message = failure { path = path .. ".none", offset = 0, length = 5 }
      assert.equal("io", kind)
      assert.truthy(message:find("No such file", 1, true), message)
      kind, message = failure { path = path, offset = 0, length = 11 }
      assert.equal("io", kind)
      assert.equal("the file has no byte 10 any more: " .. path, message)
    end)

    it("is closed with the exchange", function()
      local function open()
        local pipe = io.popen "ls -l /proc/$PPID/fd"
        local all = pipe:read "*a"
        pipe:close()
        return all
      end
      local path = temporary.file(("x"):rep(10000000))
      serve { { { "sleep", 30 } }, { { "recv" }, { "send", ok "" } } }
      local transfer = submit { method = "POST", body = { { path = path, length = 10000000 } } }
      while transfer:sent() == 0 do multi:step(0.05) end
      assert.truthy(open():find(path, 1, true))
      transfer:close()
      assert.falsy(open():find(path, 1, true))
      await(submit { method = "POST", body = { { path = path, length = 5 }, "…" } })
      assert.falsy(open():find(path, 1, true))
    end)
  end)

  describe("pieces", function()
    local function whole(transfer)
      local out, count = {}, 0
      repeat
        local piece = await(transfer):piece()
        out[#out + 1] = piece
        count = count + 1
      until not piece
      return table.concat(out), count
    end

    it("are what the answer brings, as it comes and as it is", function()
      local bytes = ("0123456789abcdef"):rep(50000)
      serve { { { "recv" }, { "send", ok(bytes, "Content-Encoding: gzip\r\n") } } }
      local transfer = submit { reading = "pieces" }
      local got, count = whole(transfer)
      assert.is_true(bytes == got)
      assert.is_true(count > 2)
      assert.is_nil(transfer:failure())
      assert.is_nil(transfer:piece())
      assert.falsy(server:requests()[1]:find("Accept-Encoding", 1, true))
    end)

    it("wait for a consumer that does not take them", function()
      serve({ { { "recv" }, { "send", "HTTP/1.1 200 OK\r\nContent-Length: 60000000\r\n\r\n" }, { "fill", ("x"):rep(1000), 60000 } } },
        { buffer = 65536 })
      local transfer = submit { reading = "pieces", idleTimeout = 0.5 }
      local before = transport.now()
      local stalled
      repeat
        multi:step(0.05)
        stalled = server:stats().stalled
      until stalled > 0.6 or transport.now() - before > 20
      assert.is_true(stalled > 0.6)
      local size, largest = 0, 0
      for piece in function() return await(transfer):piece() end do
        size, largest = size + #piece, math.max(largest, #piece)
      end
      assert.equal(60000000, size)
      assert.is_true(largest <= 256 * 1024)
      assert.is_nil(transfer:failure())
    end)

    it("are none of an error's", function()
      serve { { { "recv" }, { "send", "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\noops" } } }
      local transfer = await(submit { reading = "pieces" })
      assert.is_nil(transfer:piece())
      assert.equal("oops", transfer:bodyText())
    end)

    it("come before the failure that ends them", function()
      serve { { { "recv" }, { "send", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf" }, { "close" } } }
      local transfer = submit { reading = "pieces" }
      assert.equal("half", (whole(transfer)))
      assert.equal("truncated", (transfer:failure()))
    end)
  end)

  describe("files", function()
    it("are described", function()
      local path = temporary.file()
      local info, problem = transport.describe(path)
      assert.is_nil(info)
      assert.equal("No such file or directory", problem)
      local file = assert(io.open(path, "wb"))
      file:seek("set", 2 ^ 33)
      file:write "x"
      file:close()
      info = transport.describe(path)
      assert.same({ 2 ^ 33 + 1, true }, { info.size, info.regular })
      os.execute(("touch -d '2020-01-01 12:00:00.5' '%s'"):format(path))
      local changed = transport.describe(path).modified
      assert.not_equal(info.modified, changed)
      assert.truthy(changed:find "^%d+%.500000000$")
      assert.is_false(transport.describe("/").regular)
    end)

    it("are kept under another name once they are whole", function()
      local path, target = temporary.file(), temporary.file "before"
      local file = assert(transport.temporary(path))
      assert.is_true(file:write "one\0")
      assert.is_true(file:write(""))
      assert.is_true(file:write "two")
      assert.same({ "one\0two", "before" }, { holds(path), holds(target) })
      assert.is_true(file:keep(target))
      file:close()
      assert.equal("one\0two", holds(target))
      assert.is_nil(holds(path))
      assert.has_error(function() file:write "x" end, "the file is closed")
      assert.has_error(function() file:keep(target) end, "the file is closed")
    end)

    it("that were not kept are gone with their handle", function()
      local path, target = temporary.file(), temporary.file "before"
      assert(transport.temporary(path)):close()
      assert.is_nil(holds(path))
      assert(transport.temporary(path))
      assert.equal("", holds(path))
      collectgarbage()
      collectgarbage()
      assert.is_nil(holds(path))
      local file = assert(transport.temporary(path))
      local kept, problem = file:keep("/no/such/place")
      assert.is_nil(kept)
      assert.equal("No such file or directory", problem)
      file:close()
      assert.same({ "before" }, { holds(target), holds(path) })
    end)

    it("are made only where there is none, and say why not", function()
      local path = temporary.file "mine"
      local file, problem, exists = transport.temporary(path)
      assert.is_nil(file)
      assert.same({ "File exists", true }, { problem, exists })
      collectgarbage()
      assert.equal("mine", holds(path))
      file, problem, exists = transport.temporary("/no/such/place")
      assert.is_nil(file)
      assert.same({ "No such file or directory", false }, { problem, exists })
      local full = transport.describe("/dev/full")
      assert.is_false(full.regular)
    end)
  end)

  it("sends no body twice that may be sent once, but what did not leave", function()
    local twice = { { "recv" }, { "send", ok "1" }, { "recv" }, { "reset" } }
    serve { twice, { { "recv" }, { "send", ok "2" } } }
    await(submit { method = "POST", body = "first" })
    local transfer = await(submit { method = "POST", body = "second", once = true })
    assert.equal("network", (transfer:failure()))
    assert.equal(2, #server:requests())
    server:stop()
    serve { twice, { { "recv" }, { "send", ok "2" } } }
    await(submit { method = "POST", body = "first" })
    assert.equal("2", await(submit { method = "POST", body = "second" }):bodyText())
  end)

  it("reads pieces of any number, whatever the limit of what is kept whole", function()
    local bytes = ("0123456789abcdef"):rep(50000)
    serve { { { "recv" }, { "send", ok(bytes) } } }
    local transfer, parts = submit { reading = "pieces", maxBytes = 1000 }, {}
    for piece in function() return await(transfer):piece() end do parts[#parts + 1] = piece end
    assert.is_true(bytes == table.concat(parts))
    assert.is_nil(transfer:failure())
  end)

  it("runs exchanges side by side", function()
    local held, quick = { { "recv" }, { "hold" } }, { { "recv" }, { "send", ok "x" } }
    serve { held, quick, quick, quick }
    local first = submit {}
    while #server:requests() == 0 do multi:step(0.01) end
    for _ = 1, 3 do assert.equal("x", await(submit {}):bodyText()) end
    assert.is_false(first:ready())
    assert.equal(1, multi:live())
    first:close()
  end)

  it("gives status, headers and body of any answer", function()
    serve { { { "recv" }, {
      "send",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 429 Slow Down\r\nRetry-After:  7 \r\nX-A: 1\r\nx-a: 2\r\n"
        .. "Content-Length: 4\r\n\r\n\0\1\2\3",
    } } }
    local transfer = await(submit { reading = "events" })
    assert.equal(429, transfer:status())
    assert.same({ ["retry-after"] = "7", ["x-a"] = "1, 2", ["content-length"] = "4" }, transfer:headers())
    assert.equal("\0\1\2\3", transfer:bodyText())
    assert.is_nil(transfer:failure())
  end)

  it("does not take trailers for headers", function()
    serve { { { "recv" }, { "send", chunked() .. "0\r\nRetry-After: 5\r\nHTTP/x: 1\r\n\r\n" } } }
    local transfer = await(submit {})
    assert.same({ ["transfer-encoding"] = "chunked" }, transfer:headers())
  end)

  it("decodes a body, or says why not", function()
    serve { { { "recv" }, { "send", ok '{"a":[1,null]}' }, { "recv" }, { "send", ok "oops" } } }
    local value = await(submit {}):body()
    assert.equal(1, value.a[1])
    local none, problem, text = await(submit {}):body()
    assert.is_nil(none)
    assert.truthy(problem:find("at byte 1"))
    assert.equal("oops", text)
  end)

  it("decodes gzip", function()
    -- gzip of "hello hello hello hello"
    local hex = "1f8b0800000000000203cb48cdc9c957c8402701e3513d8d17000000"
    local gz = hex:gsub("%x%x", function(h) return string.char(tonumber(h, 16)) end)
    serve { { { "recv" }, { "send", ok(gz, "Content-Encoding: gzip\r\n") } } }
    local transfer = await(submit {})
    assert.is_nil(transfer:failure())
    assert.equal("hello hello hello hello", transfer:bodyText())
  end)

  describe("stream", function()
    local bytes = chunked(
      "data: {\"a\": \"\195\164\240\159\153\130\"}\r\n\r\n",
      ": note\r\ndata: 1\r\ndata: 2\r\n\r\n",
      "data: [DONE]\n\n",
      "data: last"
    ) .. LAST
    local expected = { "{\"a\": \"\195\164\240\159\153\130\"}", "1\n2", "[DONE]", "last" }

    it("gives the same events wherever the bytes are cut", function()
      local scripts = {}
      for at = 0, #bytes do scripts[at + 1] = { { "recv" }, { "cut", bytes, at }, { "close" } } end
      serve(scripts)
      for at = 0, #bytes do assert.same(expected, texts(submit { reading = "events" }), "cut at " .. at) end
    end)

    it("gives an event before the next one is sent", function()
      serve { { { "recv" }, { "send", chunked "data: 1\n\n" }, { "hold" } } }
      local transfer = submit { reading = "events" }
      assert.equal(1, await(transfer):event())
      assert.is_false(transfer:ready())
      transfer:close()
      assert.is_true(server:waitClosed(2))
    end)

    it("gives the text of an event that is no JSON", function()
      serve { { { "recv" }, { "send", chunked "data: {]\n\n" .. LAST } } }
      local value, problem, text = await(submit { reading = "events" }):event()
      assert.is_nil(value)
      assert.truthy(problem:find("at byte 2"))
      assert.equal("{]", text)
    end)

    it("keeps the events that came before a break, not the half one, and says what broke", function()
      serve { { { "recv" }, { "send", chunked("data: 1\n\n", "data: {\"a") }, { "close" } } }
      local transfer = submit { reading = "events" }
      assert.same({ "1" }, texts(transfer))
      local kind, message = transfer:failure()
      assert.equal("truncated", kind)
      assert.is_string(message)
    end)

    it("stops a sender whose consumer sleeps, and loses nothing", function()
      local event = "data: " .. ("x"):rep(990) .. "\r\n\r\n"
      local piece = ("%x\r\n%s\r\n"):format(#event, event)
      local count = 20000
      serve({
        { { "recv" }, { "send", chunked() }, { "fill", piece, count }, { "send", LAST }, { "close" } },
      }, { buffer = 65536 })
      local transfer = await(submit { reading = "events" })
      local before = transport.now()
      local stats
      repeat
        multi:step(0.05)
        stats = server:stats()
      until stats.stalled > 0.2 or transport.now() - before > 20
      assert.is_true(stats.stalled > 0.2, "the sender was not stopped")
      assert.is_true(stats.sent < 10e6, "the client took " .. stats.sent)
      local n = 0
      while await(transfer):eventText() do n = n + 1 end
      assert.is_nil(transfer:failure())
      assert.equal(count, n)
    end)
  end)

  describe("failure", function()
    local function failure(request)
      local transfer = await(submit(request or {}))
      return transfer:failure()
    end

    it("names a refused connection", function()
      serve { {} }
      server:stop()
      assert.equal("network", (failure()))
    end)

    it("names a connection closed or reset without an answer", function()
      serve { { { "recv" }, { "close" } }, { { "recv" }, { "reset" } } }
      assert.equal("network", (failure()))
      assert.equal("network", (failure()))
    end)

    it("names a body that is too short", function()
      serve { { { "recv" }, { "send", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc" }, { "close" } } }
      assert.equal("truncated", (failure()))
    end)

    it("names an answer that breaks off in its headers", function()
      local broken = { "HTTP/1.1 200 OK\r\nFoo: bar\r\n", "HTTP/1.1 503 X\r\nFoo", "HTTP/1.1 100 Continue\r\n\r\n" }
      local scripts = {}
      for i, bytes in ipairs(broken) do scripts[i] = { { "recv" }, { "send", bytes }, { "close" } } end
      serve(scripts)
      for _ = 1, #broken do
        local kind = failure()
        assert.truthy(kind == "truncated" or kind == "network", kind)
      end
    end)

    it("names silence to a host that steps without waiting", function()
      serve { { { "recv" }, { "hold" } } }
      local transfer = submit { idleTimeout = 0.3 }
      local before = transport.now()
      while not transfer:ready() and transport.now() - before < 20 do
        multi:step(0)
        os.execute("sleep 0.02")
      end
      assert.equal("timeout", (transfer:failure()))
    end)

    it("names what is not HTTP", function()
      serve { { { "recv" }, { "send", "220 mail ready\r\n\r\n" }, { "close" } } }
      assert.equal("protocol", (failure()))
    end)

    it("names corrupt gzip", function()
      serve { { { "recv" }, { "send", ok("no gzip at all", "Content-Encoding: gzip\r\n") } } }
      assert.equal("protocol", (failure()))
    end)

    it("names a scheme that is not allowed", function()
      serve { {} }
      local kind, message = failure { url = "file:///etc/passwd" }
      assert.equal("protocol", kind)
      assert.truthy(message:find("file"))
    end)

    it("keeps to the size allowed", function()
      serve { { { "recv" }, { "send", ok(("x"):rep(1001)) } } }
      local kind, message = failure { maxBytes = 1000 }
      assert.equal("limit", kind)
      assert.truthy(message:find("1000"))
    end)

    it("keeps to a size of headers", function()
      serve { { { "recv" }, { "send", "HTTP/1.1 200 OK\r\n" }, { "fill", "X-A: " .. ("a"):rep(1000) .. "\r\n", 400 } } }
      local kind, message = failure()
      assert.equal("limit", kind)
      assert.truthy(message:find("headers", 1, true))
    end)

    it("does not count the time that nobody listens as idle", function()
      serve { { { "recv" }, { "send", chunked "data: 1\n\n" }, { "sleep", 0.2 }, { "send", LAST } } }
      local transfer = submit { reading = "events", idleTimeout = 0.5 }
      local before = transport.now()
      while transport.now() - before < 1.2 do end
      assert.same({ "1" }, texts(transfer))
      assert.is_nil(transfer:failure())
    end)

    it("keeps to the total time", function()
      serve { { { "recv" }, { "send", chunked "data: 1\n\n" }, { "hold" } } }
      local transfer = submit { reading = "events", timeout = 0.2 }
      assert.same({ "1" }, texts(transfer))
      local kind, message = transfer:failure()
      assert.equal("timeout", kind)
      assert.equal("no complete answer within 200 ms", message)
    end)

    it("keeps to the idle time, which every byte restarts", function()
      serve { { { "recv" }, { "send", chunked() }, { "drip", "9\r\ndata: 1\n\n\r\n", 1, 0.1 }, { "hold" } } }
      local start = transport.now()
      local transfer = submit { reading = "events", idleTimeout = 0.5 }
      assert.same({ "1" }, texts(transfer))
      local kind, message = transfer:failure()
      assert.equal("timeout", kind)
      assert.equal("no byte for 500 ms", message)
      assert.is_true(transport.now() - start > 1.2)
    end)

    it("counts what leaves for a slow server as no silence", function()
      serve({ { { "sip", 20000, 0.05 }, { "send", ok "" } } }, { buffer = 16384 })
      local transfer = await(submit { method = "POST", body = ("x"):rep(1600000), idleTimeout = 1.5 })
      assert.is_nil(transfer:failure())
      assert.equal(200, transfer:status())
    end)

    it("counts the silence of a server that takes nothing", function()
      serve({ { { "sip", 20000, 0.05 }, { "send", ok "" } }, { { "sleep", 30 } } }, { buffer = 16384 })
      await(submit { method = "POST" })
      local transfer = await(submit { method = "POST", body = ("x"):rep(1600000), idleTimeout = 0.3 })
      assert.equal("timeout", (transfer:failure()))
      assert.is_true(transfer:sent() < 1600000)
    end)

    it("counts no idle time while the consumer is the slow one", function()
      local event = "data: " .. ("x"):rep(990) .. "\r\n\r\n"
      local piece = ("%x\r\n%s\r\n"):format(#event, event)
      serve { { { "recv" }, { "send", chunked() }, { "fill", piece, 5000 }, { "send", LAST }, { "close" } } }
      local transfer = await(submit { reading = "events", idleTimeout = 0.5 })
      local before = transport.now()
      while transport.now() - before < 1 do multi:step(0.05) end
      assert.equal(5000, #texts(transfer))
      assert.is_nil(transfer:failure())
    end)

    it("keeps to the time to connect", function()
      -- A proxy that never answers its CONNECT holds up the connection.
      serve { { { "hold" } } }
      local kind = failure { url = "https://example.invalid/", proxy = server.url, connectTimeout = 0.2 }
      assert.equal("timeout", kind)
    end)
  end)

  it("does not hand its sockets to other programs", function()
    serve { { { "recv" }, { "hold" } } }
    local function inherited()
      local pipe = io.popen("ls -l /proc/self/fd | grep -c socket:")
      local count = tonumber(pipe:read("*a"))
      pipe:close()
      return count
    end
    local before = inherited()
    local transfer = submit {}
    while #server:requests() == 0 do multi:step(0.01) end
    assert.equal(before, inherited())
    transfer:close()
  end)

  describe("life", function()
    local hold = { { "recv" }, { "hold" } }

    it("ends a transfer that is closed, its connection with it", function()
      serve { hold }
      local transfer = submit {}
      multi:step(0.05)
      transfer:close()
      transfer:close()
      assert.equal(0, multi:live())
      assert.is_true(server:waitClosed(2))
    end)

    it("ends a transfer that nobody holds at the next collection", function()
      serve { hold }
      submit {}
      multi:step(0.05)
      assert.equal(1, multi:live())
      collectgarbage()
      collectgarbage()
      assert.equal(0, multi:live())
      assert.is_true(server:waitClosed(2))
    end)

    it("ends all transfers of a multi that is closed", function()
      serve { hold, hold }
      local a, b = submit {}, submit {}
      multi:step(0.05)
      multi:close()
      assert.is_true(a:ready())
      assert.equal("cancelled", (a:failure()))
      assert.equal("cancelled", (b:failure()))
      assert.is_true(server:waitClosed(2))
      assert.has_error(function() multi:step(0) end, "the multi is closed")
    end)

    it("lets both be collected in either order", function()
      serve { hold, hold, hold, hold }
      for _ = 1, 2 do
        local other = transport.multi()
        local transfer = other:submit { url = server.url, headers = {} }
        other:step(0.02)
        other = nil -- luacheck: ignore 311
        collectgarbage()
        collectgarbage()
        assert.equal("cancelled", (transfer:failure()))
      end
      for _ = 1, 2 do
        local other = transport.multi()
        other:submit { url = server.url, headers = {} }
        other:step(0.02)
      end
      collectgarbage()
      collectgarbage()
      assert.is_true(server:waitClosed(2))
    end)

    it("keeps a body that only the transfer still holds", function()
      serve { { { "recv" }, { "send", ok "" } } }
      local transfer = submit { method = "POST", body = ("ab"):rep(100000) }
      collectgarbage()
      collectgarbage()
      await(transfer)
      assert.equal(("ab"):rep(100000), server:requests()[1]:sub(-200000))
    end)
  end)
end)
