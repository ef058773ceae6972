---A closed transfer that was asked for an event read through a null pointer, and one that had been closed early said
---that it had ended well.

local loopback = require "loopback"
local transport = require "gemini.transport"

local HEAD = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"

describe("a closed transfer", function()
  for _, bytes in ipairs { "data: abc\n\n", "data: abc\n\ndata: d", "data: ab", "" } do
    it(("has nothing more to give and says that it was cancelled: %q"):format(bytes), function()
      local server = loopback.start { { { "recv" }, { "send", HEAD .. bytes }, { "hold" } } }
      local multi = transport.multi()
      local transfer = multi:submit { url = server.url, headers = {}, reading = "events" }
      for _ = 1, 20 do
        multi:step(0.01)
        if transfer:ready() then break end
      end
      transfer:close()
      assert.is_true(transfer:ready())
      assert.is_nil(transfer:event())
      assert.is_nil(transfer:eventText())
      assert.equal("", transfer:bodyText())
      assert.same({}, transfer:headers())
      assert.equal("cancelled", (transfer:failure()))
      multi:close()
      server:stop()
    end)
  end
end)
