---Of two tasks that read one stream, the first was never woken again.

local gemini = require "gemini"
local talk = require "spec.support.talk"

describe("two tasks that read one stream", function()
  after_each(talk.stop)

  it("get all of it together, and its end", function()
    local event = talk.chunk "x"
    local client = talk.scripted { {
      { "recv" }, { "send", talk.sse "" }, { "drip", event:rep(6), #event, 0.02 }, { "send", talk.chunk("x", "STOP") },
    } }
    local counts = { 0, 0 }
    gemini.run(function()
      local stream = client.models:streamGenerateContent { model = "m", contents = "x" }
      for i = 1, 2 do
        gemini.spawn(function()
          while stream:next() do counts[i] = counts[i] + 1 end
        end)
      end
    end)
    assert.equal(7, counts[1] + counts[2])
  end)
end)
