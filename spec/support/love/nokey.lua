-- What a player sees who has no key.
local pilot = require "pilot"
local scene = require "scene"

return function(folder)
  pilot.type "hello"
  for _, key in ipairs { "return", "escape", "backspace" } do pilot.press(key) end
  pilot.await("the text is written out", function() return scene.answer.length > 0 and not scene.answer:isTalking() end)
  pilot.screenshot(folder .. "/nokey.png")
  return { answer = scene.answer.text, typed = scene.field.text }
end
