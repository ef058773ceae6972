-- An adopted coroutine that lets others go on is run by whoever waits for it, though it is no live task meanwhile.
local gemini = require "gemini"

it("a wait drives an adopted coroutine that has only let others go on", function()
  local co = coroutine.create(function()
    gemini.sleep(0)
    return "done"
  end)
  local task = gemini.adopt(co, function(own) assert(coroutine.resume(own)) end)
  coroutine.resume(co)
  task:await()
  assert.equal("dead", coroutine.status(co))
end)
