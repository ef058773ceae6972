-- Options of gemini.loop.uv.attach that do not exist, or are no functions, went unnoticed.
local gemini = require "gemini"
local uv = require "gemini.loop.uv"

it("refuses options that do not fit, before it touches the loop", function()
  local library = { new_poll = function() error "touched" end }
  for problem, options in pairs {
    ["unknown option 'shedule', did you mean 'schedule'?"] = { shedule = print },
    ["report must be a function, got boolean"] = { report = true },
    ["options must be a table, got function"] = print,
  } do
    local ok, raised = pcall(uv.attach, library, options)
    assert.is_false(ok)
    assert.equal("gemini.loop.uv.attach: " .. problem, (raised:gsub("^.-: gemini", "gemini")))
  end
  assert.is_false(gemini.loop.isAttached())
end)
