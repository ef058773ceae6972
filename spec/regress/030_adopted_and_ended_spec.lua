---Adopted coroutines that had ended unseen were kept where tables are no ephemerons, and counted where they were closed.

local gemini = require "gemini"
local loop = require "gemini.loop"

local function memory()
  for _ = 1, 3 do collectgarbage() end
  return collectgarbage "count"
end

local function adopted(fn)
  local co = coroutine.create(fn)
  gemini.adopt(co, coroutine.resume)
  assert(coroutine.resume(co))
  return co
end

describe("an adopted coroutine that ends by itself", function()
  it("is not kept", function()
    local function nothing() end
    for _ = 1, 500 do adopted(nothing) end
    local before = memory()
    for _ = 1, 3000 do adopted(nothing) end
    local grown = memory() - before
    assert.is_true(grown < 300, grown .. " kB")
  end)

  it("does not count when it was closed while it waited", function()
    local close = rawget(coroutine, "close")
    if not close then return end
    close(adopted(function() gemini.sleep(0.01) end))
    assert.equal("fine", gemini.run(function() return "fine" end))
    assert.equal(0, loop.tasks())
  end)

  it("is not to be adopted then", function()
    local co = coroutine.create(function() end)
    coroutine.resume(co)
    local ok, raised = pcall(gemini.adopt, co)
    assert.is_false(ok)
    assert.truthy(raised:find("gemini.adopt: the coroutine has ended", 1, true), raised)
  end)
end)
