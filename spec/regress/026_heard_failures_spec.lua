---A task kept each task of its own that had failed, though it had heard of it, until it ended itself.

local gemini = require "gemini"

local function memory()
  for _ = 1, 3 do collectgarbage() end
  return collectgarbage "count"
end

local function failing(with) error(with or "again", 0) end

describe("a task that lives long", function()
  it("keeps none of its own that failed and that it has heard of", function()
    local grown = gemini.run(function()
      local before
      for i = 1, 1100 do
        if i == 100 then before = memory() end
        local task = gemini.spawn(failing)
        pcall(task.await, task)
      end
      return memory() - before
    end)
    assert.is_true(grown < 100, grown .. " kB")
  end)

  it("tells at its end of those that nobody has heard of", function()
    local ok, raised = pcall(gemini.run, function()
      local heard = gemini.spawn(failing)
      gemini.spawn(failing, "unheard")
      pcall(heard.await, heard)
      heard = gemini.spawn(failing)
      pcall(heard.await, heard)
    end)
    assert.is_false(ok)
    assert.truthy(raised:find("^unheard\n"), raised)
  end)
end)
