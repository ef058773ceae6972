---A task that failed while the program waited for it was told to the host as well, as one that nobody waits for.

local gemini = require "gemini"
local uv = require "luv"

describe("under a host a task that fails", function()
  local told, detach

  before_each(function()
    told = {}
    detach = require("gemini.loop.uv").attach(uv, { report = function(problem) told[#told + 1] = problem end })
  end)
  after_each(function() detach() end)

  local function failing()
    return gemini.spawn(function()
      gemini.sleep(0.05)
      error("mine", 0)
    end)
  end

  it("is told to who waits for it, in a task or not, and not to the host", function()
    local task = failing()
    assert.same({ false, "mine" }, { pcall(task.await, task) })
    task = failing()
    assert.same({ false, "mine" }, { pcall(coroutine.wrap(function() task:await() end)) })
    assert.same({}, told)
  end)

  it("is told to the host where the wait was ended before", function()
    local task = failing()
    local waiting = gemini.spawn(function()
      gemini.sleep(0.001)
      coroutine.wrap(function() task:await() end)()
    end)
    gemini.spawn(function()
      gemini.sleep(0.005)
      waiting:cancel()
    end)
    assert.equal("cancelled", select(2, waiting:await()).kind)
    gemini.sleep(0.1)
    assert.equal(1, #told)
    assert.truthy(told[1]:find("mine", 1, true))
  end)
end)
