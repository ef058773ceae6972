---The emulator's reading of a request copied what it had already read, so that small pieces made large delays. What is
---held here is that it still reads each byte in its place.

local emu = require "spec.support.emulator"

describe("the emulator reads", function()
  local server, connection

  setup(function() server = emu.start { delay = 0 } end)
  teardown(function() server.stop() end)
  before_each(function() connection = emu.connect(server.url) end)
  after_each(function() connection:close() end)

  local HEAD = "POST /v1beta/agents HTTP/1.1\r\nHost: h\r\nx-goog-api-key: k\r\nTransfer-Encoding: chunked\r\n\r\n"

  -- A body in chunks of so many bytes.
  local function chunked(body, size)
    local out = {}
    for at = 1, #body, size do
      local piece = body:sub(at, at + size - 1)
      out[#out + 1] = ("%x\r\n%s\r\n"):format(#piece, piece)
    end
    return table.concat(out) .. "0\r\n\r\n"
  end

  local function agent(id, length) return ('{"id":"%s","description":"%s"}'):format(id, ("d"):rep(length)) end

  it("a body in chunks of any size, and the request behind it", function()
    for size, length in pairs { [1] = 30000, [7] = 30000, [4096] = 200000, [65536] = 300000, [70000] = 300000 } do
      local id = "a" .. size
      connection:send(HEAD .. chunked(agent(id, length), size)
        .. ("GET /v1beta/agents/%s HTTP/1.1\r\nx-goog-api-key: k\r\n\r\n"):format(id))
      for _ = 1, 2 do
        local response = connection:response()
        assert.equal(200, response.status, response.body)
        assert.equal(length, #emu.json(response).description)
      end
    end
  end)

  it("no chunk that is larger than any body may be", function()
    for _, size in ipairs { "8000000000000000", "FFFFFFFFFFFFFFFF", "10000000000000000", "0FFFFFFFF" } do
      local own = emu.connect(server.url)
      own:send(HEAD .. size .. "\r\n")
      assert.equal(413, own:response().status)
      own:close()
    end
  end)

  it("many requests that come at once, with bodies and without", function()
    local sent = {}
    for i = 1, 50 do
      local body = agent("many" .. i, i * 100)
      sent[#sent + 1] = ("POST /v1beta/agents HTTP/1.1\r\nx-goog-api-key: k\r\nContent-Length: %d\r\n\r\n%s"):format(#body, body)
      sent[#sent + 1] = ("GET /v1beta/agents/many%d HTTP/1.1\r\nx-goog-api-key: k\r\n\r\n"):format(i)
    end
    connection:send(table.concat(sent))
    for i = 1, 50 do
      for _ = 1, 2 do assert.equal(i * 100, #emu.json(connection:response()).description) end
    end
  end)

  it("a line that comes byte by byte", function()
    for char in ("GET /v1beta/models/gemini-2.5-flash HTTP/1.1\r\nx-goog-api-key: k\r\n\r\n"):gmatch(".") do
      connection:send(char)
    end
    assert.equal("models/gemini-2.5-flash", emu.json(connection:response()).name)
  end)

  it("a header without the blanks around it", function()
    local blanks = (" \t"):rep(15000)
    for _, value in ipairs { "%sk", "k%s", "%sk%s", "\tk" } do
      connection:send(("GET /v1beta/models HTTP/1.1\r\nx-goog-api-key:%s\r\nx-other: a%sb\r\n\r\n"):format(
        value:gsub("%%s", " \t "), blanks))
      assert.equal(200, connection:response().status)
    end
    for _, value in ipairs { "", " ", blanks } do
      connection:send(("GET /v1beta/models HTTP/1.1\r\nx-goog-api-key:%s\r\n\r\n"):format(value))
      assert.equal(403, connection:response().status)
    end
  end)
end)
