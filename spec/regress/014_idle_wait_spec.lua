---A wait while no transfer was under way (between two looks at an operation, before an attempt) kept the processor busy:
---a step of the multi returned at once where it had nothing to drive.

local transport = require "gemini.transport"

describe("a multi without transfers", function()
  it("waits as long as it is told to", function()
    local multi = transport.multi()
    local before = transport.now()
    multi:step(0.2)
    assert.is_true(transport.now() - before >= 0.19)
    before = transport.now()
    for _ = 1, 100 do multi:step(0) end
    assert.is_true(transport.now() - before < 5)
    multi:close()
  end)
end)
