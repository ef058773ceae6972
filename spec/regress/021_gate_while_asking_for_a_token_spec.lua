---While a token was asked for, its request counted for nothing, and others passed the limit.

local gemini = require "gemini"
local loop = require "gemini.loop"
local talk = require "spec.support.talk"

local function limited(token)
  local _, server = talk.scripted { { { "recv" }, { "sleep", 0.05 }, { "send", talk.ok "{}" } } }
  return gemini.new { token = token, baseUrl = server.url, limit = { concurrency = 1 } }, server
end

describe("a limit of requests at once", function()
  after_each(talk.stop)

  it("counts those whose token is being asked for", function()
    local most = 0
    local client, server = limited(function()
      gemini.sleep(0.01)
      return "t"
    end)
    gemini.run(function()
      for _ = 1, 4 do gemini.spawn(function() assert(client.models:get { name = "m" }) end) end
      while loop.tasks() > 1 do
        most = math.max(most, loop.live())
        gemini.sleep(0.005)
      end
    end)
    assert.same({ 1, 4 }, { most, #server:requests() })
  end)

  it("counts none whose token was not to be had", function()
    local calls = 0
    local client = limited(function()
      calls = calls + 1
      gemini.sleep(0.01)
      if calls == 1 then error("no token", 0) end
      if calls == 2 then return nil, "none" end
      return "t"
    end)
    gemini.run(function()
      local tasks = {}
      for i = 1, 3 do tasks[i] = gemini.spawn(function() return client.models:get { name = "m" } end) end
      assert.same({}, (tasks[3]:await()))
      local ok, raised = pcall(tasks[1].await, tasks[1])
      assert.same({ false, "no token" }, { ok, raised })
      assert.equal("network", select(2, tasks[2]:await()).kind)
    end)
  end)
end)
