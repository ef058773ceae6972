-- A wizard who answers, and an owl who remarks on what you ask.
--   GEMINI_API_KEY=… love examples/love
local gemini = require "gemini"
local scene = require "scene"

function love.load()
  love.keyboard.setKeyRepeat(true)
  scene.open()
end

function love.update(dt)
  -- All calls of all tasks go on here, and the frame waits for none of them.
  local before = love.timer.getTime()
  gemini.step(0)
  scene.update(dt, love.timer.getTime() - before)
end

love.draw = scene.draw
love.textinput = scene.textinput
love.keypressed = scene.keypressed
love.wheelmoved = scene.wheelmoved
