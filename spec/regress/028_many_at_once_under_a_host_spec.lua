---Under a host each task that was woken woke the next one within its own wake: thousands at once ran out of stack.

local gemini = require "gemini"
local loop = require "gemini.loop"

describe("thousands of tasks whose transfers end at once, under a host", function()
  it("are woken one after the other", function()
    local count, level = 500, 0
    local events = loop.attach {
      watch = function() end,
      timer = function()
        if debug.getinfo(level + 100, "f") then level = level + 100 end
      end,
    }
    -- Where nobody listens.
    local client = gemini.new { apiKey = "k", baseUrl = "http://127.0.0.1:1" }
    local ended = 0
    for _ = 1, count do
      gemini.spawn(function()
        assert.equal("network", select(2, client.models:get { name = "m" }).kind)
        ended = ended + 1
      end)
    end
    while loop.tasks() > 0 do events.timer() end
    events.detach()
    assert.equal(count, ended)
    assert.is_true(level < 300, level)
  end)
end)
