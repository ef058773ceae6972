local loopback = require "loopback"
local socket = require "socket"

local ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
local GET = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"

local POST_CHUNKED = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"

local ALL_BYTES = {}
for i = 0, 255 do ALL_BYTES[#ALL_BYTES + 1] = string.char(i) end
ALL_BYTES = table.concat(ALL_BYTES)

describe("loopback", function()
  local server

  local function start(scripts, options)
    server = loopback.start(scripts, options)
    return server
  end

  after_each(function()
    if server then server:stop() end
    server = nil
  end)

  local function connect()
    local client = assert(socket.connect("127.0.0.1", server.port))
    client:settimeout(20)
    client:setoption("tcp-nodelay", true)
    return client
  end

  -- Sends `request` over a connection of its own and returns all that comes back.
  local function exchange(request)
    local client = connect()
    assert(client:send(request))
    local bytes, err, partial = client:receive("*a")
    assert.is_true(bytes ~= nil or err == "closed", err)
    client:close()
    return bytes or partial
  end

  -- What arrives within `seconds`, and why no more did.
  local function received(client, seconds)
    client:settimeout(seconds)
    local bytes, err, partial = client:receive(2 ^ 20)
    client:settimeout(20)
    return bytes or partial, err
  end

  local function timed(fn)
    local begun = socket.gettime()
    fn()
    return socket.gettime() - begun
  end

  -- Seconds that only something stuck takes: no machine is as slow.
  local STUCK = 30

  local function assertBetween(low, value, high)
    assert.is_true(low <= value and value <= high, low .. " <= " .. value .. " <= " .. high)
  end

  describe("requests", function()
    it("are kept byte for byte, and so are answers", function()
      start{ { { "recv" }, { "send", ALL_BYTES }, { "close" } } }
      local request = "POST /a HTTP/1.1\r\nContent-Length: 256\r\n\r\n" .. ALL_BYTES
      assert.equal("http://127.0.0.1:" .. server.port, server.url)
      assert.equal(ALL_BYTES, exchange(request))
      assert.same({ request }, server:requests())
      assert.equal(1, server:connections())
      assert.equal(256, server:stats().sent)
    end)

    local bodies = {
      none = GET,
      sized = "POST / HTTP/1.1\r\nHOST: x\r\ncontent-length:  5\r\n\r\na\r\n\r\n",
      chunked = POST_CHUNKED .. "a;x=y\r\n0123456\r\n9\r\n1\r\nz\r\n0\r\n\r\n",
      trailers = POST_CHUNKED:gsub("Transfer", "transfer")
        .. "00A\r\n0\r\n\r\n56789\r\n0\r\nA: b\r\nC: d\r\n\r\n",
    }
    for name, request in pairs(bodies) do
      it("with a body (" .. name .. ") end where they end, for every cut", function()
        start{ { { "recv" }, { "send", "." }, { "loop" } } }
        local client = connect()
        for at = 1, #request - 1 do
          assert(client:send(request:sub(1, at)))
          assert.equal("", received(client, at % 8 == 0 and 0.002 or 0))
          assert(client:send(request:sub(at + 1)))
          assert.equal(".", client:receive(1))
        end
        client:close()
        assert.is_true(server:waitClosed(5))
        local requests = server:requests()
        assert.equal(#request - 1, #requests)
        for _, raw in ipairs(requests) do assert.equal(request, raw) end
      end)
    end

    it("sent together are taken one by one", function()
      start{ { { "recv" }, { "send", "1" }, { "recv" }, { "send", "2" } } }
      local post = "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"
      assert.equal("12", exchange(post .. GET))
      assert.same({ post, GET }, server:requests())
    end)

    it("of many megabytes arrive whole", function()
      start{ { { "recv" }, { "send", "done" } } }
      local body = ALL_BYTES:rep(16384)
      local request = "PUT / HTTP/1.1\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
      assert.equal("done", exchange(request))
      assert.is_true(server:requests()[1] == request)
    end)

    it("broken off by the peer are not kept", function()
      start{ { { "recv" }, { "send", "never" } } }
      local client = connect()
      assert(client:send("POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc"))
      client:close()
      assert.is_true(server:waitClosed(5))
      assert.same({}, server:requests())
      assert.equal(0, server:stats().sent)
      assert.equal(1, server:stats().peerClosed)
    end)

    it("that are no HTTP end the script", function()
      start{ { { "recv" }, { "send", "never" } } }
      for _, request in ipairs{ "POST / HTTP/1.1\r\nContent-Length: 1x\r\n\r\n",
                                POST_CHUNKED .. "x\r\n", POST_CHUNKED .. "1\r\nabc" } do
        assert.equal("", exchange(request))
      end
      assert.same({}, server:requests())
    end)
  end)

  describe("connections", function()
    it("have a script each, and the last one serves the rest", function()
      start{ { { "send", "first" } }, { { "send", "second" } }, {} }
      local answers = {}
      for i = 1, 4 do answers[i] = exchange(GET) end
      assert.same({ "first", "second", "", "" }, answers)
      assert.equal(4, server:connections())
    end)

    it("are served side by side", function()
      start{ { { "recv" }, { "send", "slow" } }, { { "recv" }, { "send", "quick" } } }
      local slow = connect()
      assert.equal("quick", exchange(GET))
      assert(slow:send(GET))
      assert.equal("slow", slow:receive("*a"))
      slow:close()
    end)

    it("are kept alive by loop", function()
      start{ { { "recv" }, { "send", ANSWER }, { "loop" } } }
      local client = connect()
      for _ = 1, 3 do
        assert(client:send(GET))
        assert.equal(ANSWER, client:receive(#ANSWER))
      end
      client:close()
      assert.is_true(server:waitClosed(5))
      assert.same({ GET, GET, GET }, server:requests())
      assert.equal(1, server:connections())
      assert.equal(1, server:stats().peerClosed)
    end)

    it("come and go by the hundred", function()
      start{ { { "recv" }, { "send", ANSWER } } }
      for _ = 1, 300 do assert.equal(ANSWER, exchange(GET)) end
      assert.is_true(server:waitClosed(5))
      assert.equal(300, server:connections())
      assert.equal(300 * #ANSWER, server:stats().sent)
      assert.equal(0, server:stats().peerClosed)
    end)
  end)

  describe("pace", function()
    it("sleep holds back what follows", function()
      start{ { { "send", "a" }, { "sleep", 0.1 }, { "send", "b" } } }
      local client = connect()
      assert.equal("a", client:receive(1))
      assertBetween(0.08, timed(function() assert.equal("b", client:receive(1)) end), STUCK)
      client:close()
    end)

    it("sleep leaves what arrives meanwhile to the next recv", function()
      start{ { { "sleep", 0.1 }, { "recv" }, { "send", "late" } } }
      assert.equal("late", exchange(GET))
      assert.same({ GET }, server:requests())
    end)

    it("drip sends n bytes at a time", function()
      start{ { { "drip", "abcdefgh", 3, 0.2 } } }
      local client = connect()
      assert.equal("abc", (received(client, 0.1)))
      assert.equal("def", client:receive(3))
      assertBetween(0.1, timed(function() assert.equal("gh", client:receive("*a")) end), STUCK)
      client:close()
    end)

    it("cut sends two segments", function()
      start{ { { "cut", "abcdef", 2, 0.2 } } }
      local client = connect()
      assert.equal("ab", (received(client, 0.1)))
      assert.equal("cdef", client:receive("*a"))
      client:close()
    end)

    it("cut loses nothing at any offset", function()
      local scripts = {}
      for at = 0, #ANSWER do scripts[at + 1] = { { "cut", ANSWER, at } } end
      start(scripts)
      for _ = 0, #ANSWER do assert.equal(ANSWER, exchange("")) end
    end)

    it("fill repeats the bytes", function()
      for _, case in ipairs{ { "abc", 100000 }, { ALL_BYTES:rep(300), 3 }, { "x", 0 }, { "", 5 } } do
        start{ { { "fill", case[1], case[2] } } }
        assert.is_true(exchange("") == case[1]:rep(case[2]))
        assert.equal(#case[1] * case[2], server:stats().sent)
        server:stop()
      end
    end)
  end)

  describe("ends", function()
    it("close lets the peer read the answer while it still sends", function()
      start{ { { "send", ANSWER }, { "close" }, { "send", "never" } } }
      local client = connect()
      assert(client:send(ALL_BYTES))
      assert.equal(ANSWER, client:receive("*a"))
      for _ = 1, 3 do
        assert(client:send(ALL_BYTES))
        socket.sleep(0.005)
      end
      client:close()
      assert.is_true(server:waitClosed(5))
      assert.equal(0, server:stats().peerClosed)
    end)

    it("close does not wait for a peer that stays", function()
      start{ { { "close" } } }
      local client = connect()
      assert.is_true(server:waitClosed(STUCK))
      client:close()
    end)

    -- luasocket says "closed" to FIN and RST alike, but only RST leaves an error pending on the socket.
    for ending, pending in pairs{ close = false, reset = "closed" } do
      it(ending .. " is seen by the peer as what it is", function()
        start{ { { "recv" }, { "send", "half" }, { "sleep", 0.05 }, { ending } } }
        local client = connect()
        assert(client:send(GET))
        assert.equal("half", client:receive(4))
        socket.select({ client }, nil, 5)
        assert.equal(pending, client:getoption("error") or false)
        assert.same({ "", "closed" }, { received(client, 5) })
        client:close()
        assert.is_true(server:waitClosed(5))
        assert.equal(0, server:stats().peerClosed)
      end)
    end

    it("meet waits until so many connections are there", function()
      start{ { { "recv" }, { "send", "a" }, { "meet", 3 }, { "send", "b" }, { "close" } } }
      local clients = {}
      for i = 1, 3 do
        for k = 1, i - 1 do assert.equal("", (received(clients[k], 0.05))) end
        clients[i] = connect()
        clients[i]:send(GET)
        assert.equal("a", clients[i]:receive(1))
      end
      for i = 1, 3 do
        assert.equal("b", clients[i]:receive "*a")
        clients[i]:close()
      end
    end)

    it("hold reads until the peer closes", function()
      start{ { { "hold" }, { "send", "never" } } }
      local client = connect()
      for _ = 1, 100 do assert(client:send(ALL_BYTES:rep(256))) end
      assert.is_false(server:waitClosed(0.02))
      client:close()
      assert.is_true(server:waitClosed(5))
      assert.same({ sent = 0, stalled = 0, peerClosed = 1 }, server:stats())
    end)

    it("a peer that leaves ends a sleep, though bytes of it are unread", function()
      start{ { { "recv" }, { "sleep", 60 } }, { { "sleep", 60 } } }
      for _ = 1, 2 do
        local client = connect()
        assert(client:send(GET))
        socket.sleep(0.02)
        if server:connections() == 2 then client:setoption("linger", { on = true, timeout = 0 }) end
        client:close()
        assert.is_true(server:waitClosed(5))
      end
      assert.equal(2, server:stats().peerClosed)
    end)

    it("a peer that leaves ends a blocked send", function()
      start({ { { "fill", ALL_BYTES, 1e9 } } }, { buffer = 65536 })
      local client = connect()
      assert.equal(ALL_BYTES, client:receive(256))
      client:close()
      assert.is_true(server:waitClosed(5))
      assert.equal(1, server:stats().peerClosed)
    end)
  end)

  it("waitClosed counts connections that are not accepted yet", function()
    start{ { { "hold" } } }
    assert.is_true(server:waitClosed(0))
    for i = 1, 50 do
      local client = connect()
      assert.is_false(server:waitClosed(0))
      client:close()
      assert.is_true(server:waitClosed(5))
      assert.equal(i, server:stats().peerClosed)
    end
  end)

  it("stats show back-pressure while it lasts and after", function()
    local total = 16 * 2 ^ 20
    start({ { { "fill", ALL_BYTES, total / 256 } } }, { buffer = 65536 })
    local begun = socket.gettime()
    local client = connect()
    socket.sleep(0.3)
    local before = server:stats()
    assertBetween(0.1, before.stalled, socket.gettime() - begun)
    assertBetween(1, before.sent, total - 1)
    assert.equal(total, #assert(client:receive("*a")))
    client:close()
    assert.equal(total, server:stats().sent)
    assertBetween(before.stalled, server:stats().stalled, socket.gettime() - begun)
  end)

  describe("stop", function()
    local busy = {
      recv = { { "recv" } },
      sleep = { { "sleep", 60 } },
      ["endless sleep"] = { { "sleep", math.huge } },
      drip = { { "drip", ALL_BYTES, 1, 60 } },
      ["blocked send"] = { { "fill", ALL_BYTES, 1e12 } },
      hold = { { "hold" } },
      meet = { { "meet", 1000 } },
      ["empty loop"] = { { "loop" } },
    }
    for name, script in pairs(busy) do
      it("is prompt in " .. name, function()
        start{ script }
        local clients = { connect(), connect() }
        socket.sleep(0.02)
        assertBetween(0, timed(function() server:stop() end), STUCK)
        assert.is_true(server:waitClosed(0))
        for _, client in ipairs(clients) do
          local err
          repeat err = select(2, received(client, 5)) until err
          assert.equal("closed", err)
          client:close()
        end
      end)
    end

    it("frees the port, keeps what was seen, and may be repeated", function()
      start{ { { "recv" }, { "send", ANSWER } } }
      assert.equal(ANSWER, exchange(GET))
      server:stop()
      server:stop()
      assert.is_nil((socket.connect("127.0.0.1", server.port)))
      assert.same({ GET }, server:requests())
      assert.equal(1, server:connections())
      assert.equal(#ANSWER, server:stats().sent)
    end)

    it("happens when the server is collected", function()
      local port = start{ { { "sleep", 60 } } }.port
      local client = connect()
      server = nil
      collectgarbage()
      collectgarbage()
      assert.is_nil((socket.connect("127.0.0.1", port)))
      client:close()
    end)

    it("happens when a to-be-closed variable goes", function()
      start{ {} }
      getmetatable(server).__close(server)
      assert.is_nil((socket.connect("127.0.0.1", server.port)))
    end)
  end)

  describe("refuses", function()
    local function op(...) return { {}, { { "recv" }, { ... } } } end
    local bad = {
      { {}, "a list of scripts" },
      { { "x" }, "connection 1: a list of ops expected, got string" },
      { { { "recv" } }, "connection 1, op 1: a table expected, got string" },
      { op(), "connection 2, op 2: an op's name must come first" },
      { op("sned"), "connection 2, op 2: unknown op 'sned'" },
      { op("recv", 1), "op 2: recv takes 0 arguments at most" },
      { op("send"), "op 2: send: argument 1 must be a string" },
      { op("send", 12), "op 2: send: argument 1 must be a string" },
      { op("drip", "a", 0, 1), "drip: argument 2 must be a whole number above 0" },
      { op("drip", "a", 1), "drip: argument 3 must be seconds" },
      { op("cut", "abc", 4), "cut: argument 2 must be a whole number within the bytes" },
      { op("cut", "abc", 1, "x"), "cut: argument 3 must be seconds" },
      { op("fill", "abc", 1.5), "fill: argument 2 must be a whole number" },
      { op("fill", "abc", -1), "fill: argument 2 must be a whole number" },
      { op("fill", "abc", 0 / 0), "fill: argument 2 must be a whole number" },
      { op("sleep", -1), "sleep: argument 1 must be seconds, 0 or more" },
      { op("sleep", 0 / 0), "sleep: argument 1 must be seconds, 0 or more" },
    }
    for _, case in ipairs(bad) do
      it(case[2], function()
        local ok, err = pcall(loopback.start, case[1])
        assert.is_false(ok)
        assert.equal("loopback.start: ", err:match("loopback%.start: "))
        assert.is_truthy(err:find(case[2], 1, true), err)
      end)
    end

    it("options that do not exist or make no sense", function()
      assert.error_matches(function() loopback.start({ {} }, { size = 1 }) end, "buffer")
      assert.error_matches(function() loopback.start({ {} }, { buffer = 0 }) end, "above 0")
    end)
  end)
end)
