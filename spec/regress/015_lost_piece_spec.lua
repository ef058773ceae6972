---A piece that an error had ended the reading of (a finaliser's, or for want of memory) was lost, and the next read gave
---nil as at a good end: a cut download looked like a whole one.

local run = require "spec.support.run"

describe("a piece whose reading an error has ended", function()
  it("hides behind no good end", function()
    local output, status = run.lua [[
      local loopback, transport = require "loopback", require "gemini.transport"
      local server = loopback.start { { { "recv" },
        { "send", "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" .. ("x"):rep(5000) } } }
      local multi = transport.multi()
      local transfer = multi:submit { url = server.url, headers = {}, reading = "pieces" }
      while multi:live() > 0 do multi:step(1) end
      local function raise() error "mine" end
      for _ = 1, 5 do
        if newproxy then getmetatable(newproxy(true)).__gc = raise else setmetatable({}, { __gc = raise }) end
      end
      collectgarbage "stop"
      collectgarbage("setpause", 0)
      collectgarbage("setstepmul", 10000000)
      collectgarbage "restart"
      local ok, piece = pcall(transfer.piece, transfer)
      for _ = 1, 6 do pcall(collectgarbage) end
      local again = pcall(transfer.piece, transfer)
      print(ok and #piece == 5000 and "all is there" or not again and "it is refused" or "it is hidden")
    ]]
    assert.equal(0, status, output)
    assert.truthy(output:find "all is there\n$" or output:find "it is refused\n$", output)
  end)
end)
