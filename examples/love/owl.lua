-- The owl on its perch, drawn about its feet.
local owl = {}

local BODY, BELLY, BEAK = { 0.5, 0.36, 0.25 }, { 0.8, 0.68, 0.5 }, { 0.93, 0.66, 0.2 }

local function drawPerch()
  love.graphics.setColor(0.35, 0.23, 0.16)
  love.graphics.rectangle("fill", -64, 0, 128, 8, 4)
  love.graphics.rectangle("fill", -5, 4, 10, 30)
end

local function drawBody(ruffle)
  love.graphics.setColor(BODY)
  love.graphics.ellipse("fill", 0, -38, 33 + ruffle, 42)
  love.graphics.setColor(BELLY)
  love.graphics.ellipse("fill", 0, -28, 21 + ruffle, 29)
  love.graphics.setColor(0.4, 0.28, 0.19)
  love.graphics.ellipse("fill", -31 - ruffle, -36, 9, 27)
  love.graphics.ellipse("fill", 31 + ruffle, -36, 9, 27)
  love.graphics.setColor(BEAK)
  love.graphics.ellipse("fill", -11, 0, 7, 4)
  love.graphics.ellipse("fill", 11, 0, 7, 4)
end

local function drawEye(x, open)
  love.graphics.setColor(0.96, 0.93, 0.8)
  love.graphics.circle("fill", x, 0, 14)
  love.graphics.setColor(0.1, 0.08, 0.08)
  love.graphics.ellipse("fill", x, 0, 6.5, open and 6.5 or 1)
end

local function drawHead(time, mood)
  love.graphics.setColor(BODY)
  love.graphics.circle("fill", 0, 0, 32)
  love.graphics.polygon("fill", -30, -12, -26, -42, -6, -28)
  love.graphics.polygon("fill", 30, -12, 26, -42, 6, -28)
  local open = (time + 1.3) % 3 > 0.12
  drawEye(-13, open)
  drawEye(13, open)
  local gap = mood.talking and 3 * math.abs(math.sin(time * 13)) or 0
  love.graphics.setColor(BEAK)
  love.graphics.polygon("fill", -6, 8, 6, 8, 0, 19 + gap)
end

---@param mood table  thinking, talking
function owl.draw(x, y, time, mood)
  love.graphics.push()
  love.graphics.translate(x, y)
  drawPerch()
  drawBody(math.sin(time * 2.3))
  love.graphics.translate(0, -84)
  love.graphics.rotate(mood.thinking and 0.35 * math.sin(time * 3) or 0.06 * math.sin(time))
  drawHead(time, mood)
  love.graphics.pop()
end

return owl
