---What curl held back while a stream was paused was lost in silence when it broke the limit on its delivery.

local loopback = require "loopback"
local transport = require "gemini.transport"

describe("a stream that goes on after a pause", function()
  it("fails where the next event is larger than allowed, and never gives a part of it", function()
    local small = ("data: %s\n\n"):format(("x"):rep(1000))
    local large = ("data: %s\n\n"):format(("y"):rep(281000))
    local server = loopback.start { {
      { "recv" },
      { "send", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" },
      { "fill", small, 300 },
      { "send", large },
      { "close" },
    } }
    local multi = transport.multi()
    local transfer = multi:submit { url = server.url, headers = {}, reading = "events", maxBytes = 270000 }
    while not transfer:ready() do multi:step(1) end
    for _ = 1, 20 do multi:step(0.01) end
    local small_ones = 0
    repeat
      local text = transfer:eventText()
      if text then
        assert.equal(1000, #text)
        small_ones = small_ones + 1
      end
      while not transfer:ready() do multi:step(1) end
    until not text
    assert.equal(300, small_ones)
    assert.equal("limit", (transfer:failure()))
    multi:close()
    server:stop()
  end)

  it("takes many small events whatever the limit on one", function()
    local server = loopback.start { {
      { "recv" },
      { "send", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" },
      { "fill", ("data: %s\n\n"):format(("x"):rep(1000)), 3000 },
      { "close" },
    } }
    local multi = transport.multi()
    local transfer = multi:submit { url = server.url, headers = {}, reading = "events", maxBytes = 50000 }
    local count = 0
    repeat
      while not transfer:ready() do multi:step(1) end
      local text = transfer:eventText()
      count = count + (text and 1 or 0)
    until not text
    assert.is_nil(transfer:failure())
    assert.equal(3000, count)
    multi:close()
    server:stop()
  end)
end)
