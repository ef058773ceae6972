---For after_each: nothing that a spec started may still be under way.

local loop = require "gemini.loop"

return {
  none = function()
    -- What the spec merely dropped ends with its collection, and what that had with the next one.
    for _ = 1, 2 do
      if loop.live() > 0 then collectgarbage() end
    end
    assert(loop.live() == 0, ("%d transfers are still live"):format(loop.live()))
  end,
}
