---Where Lua has no `<close>`, the stream of a task that had failed went on until it was collected.

local gemini = require "gemini"
local loop = require "gemini.loop"
local talk = require "spec.support.talk"

describe("a task that fails in the midst of a stream", function()
  after_each(talk.stop)

  it("ends the stream", function()
    local client = talk.scripted { { { "recv" }, { "send", talk.sse(talk.chunk "a") }, { "hold" } } }
    local stream
    local live, ok, raised = gemini.run(function()
      local task = gemini.spawn(function()
        stream = client.models:streamGenerateContent { model = "m", contents = "x" }
        error((assert(stream:next())).text, 0)
      end)
      -- PUC Lua 5.1 can't wait in a pcall.
      while tostring(task) == "gemini.task: running" do gemini.sleep(0.001) end
      local awaited, why = pcall(task.await, task)
      return loop.live(), awaited, why
    end)
    assert.same({ 0, false, "a" }, { live, ok, raised })
  end)
end)
