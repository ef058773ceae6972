---gemini.map kept each coroutine until all had ended.

local gemini = require "gemini"

local function memory()
  for _ = 1, 3 do collectgarbage() end
  return collectgarbage "count"
end

local function numbers(count)
  local list = {}
  for i = 1, count do list[i] = i end
  return list
end

describe("gemini.map over a long list", function()
  it("keeps what its functions gave, and no more", function()
    local list, before, after = numbers(5000), nil, nil
    local results = gemini.map(list, function(each)
      if each == 100 then before = memory() end
      if each == #list then after = memory() end
      gemini.sleep(1e-6)
      return each
    end)
    assert.equal(5000, results[5000])
    assert.is_true(after - before < 500, after - before .. " kB")
  end)
end)
