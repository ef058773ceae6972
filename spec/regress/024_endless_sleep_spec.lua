---A task that slept until it is cancelled gave the host a time that is no number of milliseconds.

local gemini = require "gemini"
local uv = require "luv"

describe("a task that sleeps for ever under a host", function()
  it("sleeps until it is cancelled", function()
    local times = {}
    local events = gemini.loop.attach { watch = function() end, timer = function(ms) times[#times + 1] = ms end }
    local task = gemini.spawn(gemini.sleep, math.huge)
    events.detach()
    task:cancel()
    for _, ms in ipairs(times) do assert.is_true(ms < 2 ^ 31) end
    assert.is_true(#times > 0)
  end)

  it("does no harm to libuv", function()
    local detach = require("gemini.loop.uv").attach(uv)
    local task = gemini.spawn(gemini.sleep, math.huge)
    uv.run "nowait"
    local running = tostring(task)
    task:cancel "enough"
    detach()
    assert.same({ "gemini.task: running", "enough" }, { running, select(2, task:await()).message })
  end)
end)
