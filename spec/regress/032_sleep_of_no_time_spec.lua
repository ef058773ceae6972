---A sleep of no time let nobody else go on: who waited so for another one waited for ever.

local gemini = require "gemini"
local talk = require "spec.support.talk"

describe("a sleep of no time", function()
  after_each(talk.stop)

  -- Far more often than others need, and not without end where they never go on.
  local function waits(isDone)
    for _ = 1, 1000000 do
      if isDone() then return true end
      gemini.sleep(0)
    end
  end

  local function call()
    local client = talk.answering(talk.ok '{"name":"models/a"}')
    local model
    gemini.spawn(function() model = assert(client.models:get { name = "a" }).name end)
    return function() return model == "models/a" end
  end

  it("lets others go on, in a task", function()
    assert.is_true(gemini.run(function() return waits(call()) end))
  end)

  it("lets tasks go on, outside of them", function()
    assert.is_true(waits(call()))
  end)

  it("is where a task that was cancelled ends", function()
    local task = gemini.spawn(function() while true do gemini.sleep(0) end end)
    gemini.sleep(0)
    task:cancel "enough"
    assert.equal("enough", select(2, task:await()).reason)
  end)
end)
