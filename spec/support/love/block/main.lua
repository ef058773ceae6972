-- A block of a page as a game, which ends when its tasks have and it was drawn, or when its time is over.
io.stdout:setvbuf "line"
dofile(os.getenv "SHOWN_BLOCK")

local gemini = require "gemini"

local ends = love.timer.getTime() + (tonumber(os.getenv "SHOWN_SECONDS") or 20)

local update, draw = love.update, love.draw
local isDrawn = false

function love.update(dt)
  update(dt)
  if isDrawn and gemini.loop.tasks() == 0 then love.event.quit() end
  assert(love.timer.getTime() < ends, "the block's tasks do not end")
end

function love.draw()
  draw()
  isDrawn = true
end

-- To stderr, and no blue screen that waits for somebody.
function love.errorhandler(message)
  io.stderr:write(debug.traceback(tostring(message), 2), "\n")
  return function() return 1 end
end
