---For after_each: nothing that a spec started may still be under way.

local loop = require "gemini.loop"

return {
  none = function()
    -- What the spec merely dropped ends with its collection.
    if loop.live() > 0 then collectgarbage() end
    assert(loop.live() == 0, "a transfer is still live")
  end,
}
