---For after_each: nothing that a spec started may still be under way.

local loop = require "gemini.loop"

return {
  none = function()
    collectgarbage()
    assert(loop.live() == 0, "a transfer is still live")
  end,
}
