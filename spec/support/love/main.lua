-- examples/love as it stands, at sixty frames a second, and beside it a scenario that goes on once a frame.
package.path = "examples/love/?.lua;" .. package.path
dofile "examples/love/main.lua"

local gemini = require "gemini"
local pilot = require "pilot"

local FRAME = 1 / 60

local clock = love.timer.getTime

local function pollEvents()
  love.event.pump()
  for name, a, b, c, d, e, f in love.event.poll() do
    if name == "quit" then return a or 0 end
    love.handlers[name](a, b, c, d, e, f)
  end
end

local function drawFrame()
  love.graphics.origin()
  love.graphics.clear(love.graphics.getBackgroundColor())
  love.draw()
  love.graphics.present()
end

-- A virtual display has no refresh to wait for.
function love.run()
  love.load()
  pilot.begin(love.arg.parseGameArguments(arg))
  love.timer.step()
  local due = clock()
  return function()
    local began = clock()
    local status = pollEvents()
    if status then return status end
    love.update(love.timer.step())
    drawFrame()
    pilot.frame(clock() - began)
    due = math.max(due + FRAME, clock())
    love.timer.sleep(due - clock())
  end
end

-- To stderr, and no blue screen that waits for somebody.
function love.errorhandler(message)
  io.stderr:write(debug.traceback(tostring(message), 2), "\n")
  return function() return 1 end
end

local step = gemini.step

function gemini.step(...)
  local began = clock()
  local left = step(...)
  pilot.step(clock() - began)
  return left
end
