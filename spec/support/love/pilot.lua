-- Plays a scenario: types, presses keys, looks at the screen, and keeps the times of the frames.
local gemini = require "gemini"

local pilot = { frames = {}, steps = {} }

-- Seconds after which nothing is waited for any longer.
local PATIENCE = 30

local playing

---@param arguments string[]  the scenario's name, and what it is given
function pilot.begin(arguments)
  local play = require(arguments[1])
  playing = coroutine.create(function()
    print(gemini.json.encode(play(unpack(arguments, 2))))
    love.event.quit(0)
  end)
end

---A frame is over: the scenario goes on.
---@param seconds number  that it took
function pilot.frame(seconds)
  table.insert(pilot.frames, seconds)
  if coroutine.status(playing) == "dead" then return end
  local ok, raised = coroutine.resume(playing)
  if not ok then error(debug.traceback(playing, raised), 0) end
end

---@param seconds number  that gemini.step took
function pilot.step(seconds)
  table.insert(pilot.steps, seconds)
end

---Lets frames go by until something is so.
---@param what string  for people
---@param isSo fun(): any
function pilot.await(what, isSo)
  local ends = love.timer.getTime() + PATIENCE
  while not isSo() do
    if love.timer.getTime() > ends then error("waited in vain: " .. what, 2) end
    coroutine.yield()
  end
end

function pilot.type(text)
  love.event.push("textinput", text)
end

function pilot.press(key)
  love.event.push("keypressed", key, key, false)
end

---@param path string  of the PNG file
---@return love.ImageData
function pilot.screenshot(path)
  local image
  love.graphics.captureScreenshot(function(data) image = data end)
  pilot.await("a screenshot", function() return image end)
  local file = assert(io.open(path, "wb"))
  file:write(image:encode("png"):getString())
  file:close()
  return image
end

return pilot
