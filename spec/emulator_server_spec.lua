local emulator = require "gemini.emulator"
local emu = require "spec.support.emulator"
local socket = require "socket"

local MODEL = "/v1beta/models/gemini-2.5-flash"
local GENERATE, STREAM = MODEL .. ":generateContent", MODEL .. ":streamGenerateContent"
local HELLO = '{"contents":[{"parts":[{"text":"Why is the sky blue?"}]}]}'
local events, joined, json, textOf = emu.events, emu.joined, emu.json, emu.text

describe("the emulator's server", function()
  local server

  setup(function() server = emu.start { delay = 0 } end)
  teardown(function() server.stop() end)

  local function post(target, body, headers) return emu.call(server.url, "POST", target, body, headers) end
  local function get(target, headers) return emu.call(server.url, "GET", target, nil, headers) end

  describe("HTTP", function()
    local connection

    before_each(function() connection = emu.connect(server.url) end)
    after_each(function() connection:close() end)

    it("keeps a connection for several requests, streams included", function()
      for _ = 1, 2 do
        connection:request("POST", STREAM .. "?alt=sse", HELLO)
        assert.is_true(#connection:response().chunks > 5)
        connection:request("GET", "/nowhere")
        assert.equal(404, connection:response().status)
      end
      connection:request("GET", MODEL, nil, { Connection = "close" })
      local response = connection:response()
      assert.equal("close", response.headers.connection)
      assert.equal("closed", (select(2, connection.client:receive(1))))
    end)

    it("serves HTTP/1.0 without chunks and closes", function()
      connection:send(("POST %s?alt=sse HTTP/1.0\r\nx-goog-api-key: k\r\nContent-Length: %d\r\n\r\n%s"):format(
        STREAM, #HELLO, HELLO))
      local response = connection:response()
      assert.is_nil(response.headers["transfer-encoding"])
      assert.equal("data: {", response.body:sub(1, 7))
      assert.equal("}\r\n\r\n", response.body:sub(-5))
    end)

    it("answers HEAD with the head of GET", function()
      connection:request("HEAD", MODEL)
      local head = connection:head()
      connection:request("GET", MODEL)
      local response = connection:response()
      assert.equal(200, head.status)
      assert.equal(response.headers["content-length"], head.headers["content-length"])
    end)

    it("answers what is no API method with an HTML page", function()
      for target, verb in pairs { ["/nowhere"] = "GET", ["/v2/models"] = "GET", ["/v1beta/models"] = "POST" } do
        local response = emu.call(server.url, verb, target, verb == "POST" and "{}" or nil)
        assert.equal(404, response.status)
        assert.equal("text/html; charset=UTF-8", response.headers["content-type"])
      end
      assert.equal(405, emu.call(server.url, "BREW", MODEL).status)
    end)

    it("wants a length of a POST, and reads no body that is too long", function()
      connection:request("POST", GENERATE)
      local response = connection:response()
      assert.equal(411, response.status)
      assert.equal("close", response.headers.connection)
      assert.equal(413, emu.call(server.url, "POST", GENERATE, "{}", { ["Content-Length"] = 100000001 }).status)
    end)

    it("refuses heads that are malformed or too large", function()
      connection:send("hello\r\n\r\n")
      assert.equal(400, connection:response().status)
      assert.equal(431, get(MODEL, { ["X-Large"] = ("x"):rep(66000) }).status)
      assert.equal(200, get(MODEL, { ["X-Large"] = ("x"):rep(60000) }).status)
      assert.equal(400, post(GENERATE, "", { ["Content-Length"] = "2", ["Transfer-Encoding"] = "chunked" }).status)
    end)

    it("reads chunked bodies", function()
      connection:request("POST", GENERATE, nil, { ["Transfer-Encoding"] = "chunked" })
      for i = 1, #HELLO, 7 do
        local piece = HELLO:sub(i, i + 6)
        connection:send(("%X;x=y\r\n%s\r\n"):format(#piece, piece))
      end
      connection:send("0\r\nTrailer: x\r\n\r\n")
      assert.truthy(textOf(json(connection:response())):find("5 words", 1, true))
      connection:request("GET", MODEL)
      assert.equal(200, connection:response().status)
    end)

    it("reads a request that comes byte by byte", function()
      local head = ("POST %s HTTP/1.1\r\nx-goog-api-key: k\r\nContent-Length: %d\r\n\r\n"):format(GENERATE, #HELLO)
      local text = head .. HELLO
      for i = 1, #text do connection:send(text:sub(i, i)) end
      assert.truthy(textOf(json(connection:response())):find("5 words", 1, true))
    end)

    it("says 100 Continue to who waits for it", function()
      connection:request("POST", GENERATE, nil, { Expect = "100-continue", ["Content-Length"] = #HELLO })
      assert.equal(100, connection:head().status)
      connection:send(HELLO)
      assert.equal(200, connection:response().status)
    end)

    it("takes a body of megabytes", function()
      local data = ("QUJD"):rep(2 ^ 20)
      local body = '{"contents":[{"parts":[{"text":"x"},{"inlineData":{"mimeType":"image/png","data":"%s"}}]}]}'
      local reply = json(post(GENERATE, (body:gsub("%%s", data))))
      assert.equal(259, reply.usageMetadata.promptTokenCount)
    end)
  end)

  describe("many clients", function()
    it("are served though one sends nothing, one reads nothing and one has gone", function()
      local slow = emu.start { delay = 0.2 }
      local silent, half, gone = emu.connect(slow.url), emu.connect(slow.url), emu.connect(slow.url)
      half:send("POST " .. GENERATE .. " HTTP/1.1\r\nContent-Le")
      gone:request("POST", STREAM, HELLO)
      gone:head()
      gone:close()
      assert.equal(200, emu.call(slow.url, "POST", GENERATE, HELLO).status)
      silent:close()
      half:close()
      slow.stop()
    end)

    it("have their streams at the same time", function()
      local slow = emu.start { script = [[
        return function(request) return request.text == "long" and { "a", 600, "b" } or { "c", "d" } end
      ]], delay = 0 }
      local long, short = emu.connect(slow.url), emu.connect(slow.url)
      long:request("POST", STREAM .. "?alt=sse", '{"contents":[{"parts":[{"text":"long"}]}]}')
      assert.equal(200, long:head().status)
      assert.truthy(long:chunk():find('"a"', 1, true))
      short:request("POST", STREAM .. "?alt=sse", HELLO)
      assert.equal("cd", joined(events(short:response())))
      long:close()
      short:close()
      slow.stop()
    end)
  end)

  describe("in this process", function()
    it("serves what is ready when it is stepped", function()
      local own = assert(emulator.new { reply = function(request) return request.number .. " " .. request.text end })
      local connection = emu.connect(own.url)
      connection:request("POST", GENERATE, HELLO)
      connection.client:settimeout(0)
      local deadline, text = socket.gettime() + 30, ""
      repeat
        own:step(0.02)
        local data, _, partial = connection.client:receive(65536)
        text = text .. (data or partial)
      until text:find("}", 1, true) or socket.gettime() > deadline
      assert.truthy(text:find('"text":"1 Why is the sky blue?"', 1, true))
      connection:close()
      own:close()
      own:close()
    end)

    it("waits no longer than it is told", function()
      local own = assert(emulator.new {})
      local start = socket.gettime()
      own:step(0)
      own:step(0.05)
      assert.is_true(socket.gettime() - start < 30)
      own:close()
    end)

    it("refuses options that do not exist or do not fit, and says when a port is taken", function()
      assert.has_error(function() emulator.new { prot = 1 } end)
      assert.has_error(function() emulator.new { port = 70000 } end)
      assert.has_error(function() emulator.new { reply = "file.lua" } end)
      assert.has_error(function() emulator.spawn { delay = -1 } end)
      local none, problem = emulator.new { port = tonumber(server.url:match("%d+$")) }
      assert.is_nil(none)
      assert.truthy(problem:find("cannot listen on 127.0.0.1 port %d+: address already in use"))
    end)
  end)
end)
