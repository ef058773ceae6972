---A task that waited in a callback of string.gsub could not yield there, and was then taken for one that waits.

local gemini = require "gemini"
local loop = require "gemini.loop"

-- PUC Lua 5.1 does not tell where that is.
if not coroutine.isyieldable then return end

describe("a task that waits where it can't yield", function()
  it("blocks, as in a coroutine of its own", function()
    local beside = 0
    local text, rounds = gemini.run(function()
      local task = gemini.spawn(function()
        for _ = 1, 3 do
          gemini.sleep(0.001)
          beside = beside + 1
        end
      end)
      local got = ("a"):gsub("a", function()
        gemini.sleep(0.02)
        return beside
      end)
      task:await()
      local count = 0
      for _ = 1, 3 do
        coroutine.yield()
        count = count + 1
      end
      return got, count
    end)
    assert.same({ "3", 3 }, { text, rounds })
  end)

  it("may end itself there", function()
    local reached = false
    local task = gemini.spawn(function()
      local self
      self = gemini.spawn(function()
        coroutine.yield();
        ("a"):gsub("a", function() self:cancel "enough" end)
        reached = true
      end)
      return self:await()
    end)
    assert.equal("enough", select(2, task:await()).message)
    assert.is_false(reached)
  end)

  it("leaves nothing behind where its coroutine was adopted", function()
    local co = coroutine.create(function() ("a"):gsub("a", function() gemini.sleep(0.001) end) end)
    gemini.adopt(co, coroutine.resume)
    assert.is_true(coroutine.resume(co))
    assert.same({ "dead", 0 }, { coroutine.status(co), loop.tasks() })
  end)
end)
