---What a task raised that is nil had no traceback, which PUC Lua 5.1 then could not tell; and what could not be told as a
---text ended the host's callback.

local gemini = require "gemini"

describe("a task that raises", function()
  local function told(raised)
    local problems = {}
    local events = gemini.loop.attach {
      watch = function() end, timer = function() end, report = function(problem) problems[#problems + 1] = problem end,
    }
    local task = gemini.spawn(function() error(raised) end)
    local ok, problem = pcall(events.timer)
    events.detach()
    assert.is_true(ok, problem)
    assert.equal(1, #problems)
    return task, problems[1]
  end

  it("nil is told with the place", function()
    local task, problem = told(nil)
    assert.truthy(task:traceback())
    assert.truthy(problem:find("^nil\nstack traceback:.+031_odd_errors"), problem)
  end)

  it("what has no text is told with the place", function()
    local _, problem = told(setmetatable({}, { __tostring = function() error "no text" end }))
    assert.truthy(problem:find("^a table\nstack traceback:.+031_odd_errors"), problem)
  end)
end)
