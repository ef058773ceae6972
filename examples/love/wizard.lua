-- The wizard, drawn about his feet.
local wizard = {}

local ROBE, TRIM, SKIN, BEARD = { 0.29, 0.22, 0.62 }, { 0.88, 0.72, 0.3 }, { 0.94, 0.78, 0.64 }, { 0.92, 0.92, 0.95 }

local function drawRobe()
  love.graphics.setColor(ROBE)
  love.graphics.polygon("fill", -34, -150, 34, -150, 72, 0, -72, 0)
  love.graphics.setColor(TRIM)
  love.graphics.polygon("fill", -69, -12, 69, -12, 72, 0, -72, 0)
  love.graphics.polygon("fill", -46, -94, 46, -94, 48, -84, -48, -84)
end

local function drawHat()
  love.graphics.setColor(ROBE)
  love.graphics.polygon("fill", -38, -204, 38, -204, 16, -262, 22, -292)
  love.graphics.ellipse("fill", 0, -204, 58, 11)
  love.graphics.setColor(TRIM)
  love.graphics.polygon("fill", -35, -214, 36, -214, 32, -224, -31, -224)
  love.graphics.circle("fill", 4, -244, 4, 5)
  love.graphics.circle("fill", 14, -268, 3, 5)
end

local function drawBeard(sway)
  love.graphics.setColor(BEARD)
  love.graphics.polygon("fill", -33, -174, 33, -174, 24, -130, sway, -84, -24, -130)
  love.graphics.polygon("fill", -22, -166, 0, -172, 22, -166, 0, -160)
end

local function drawMouth(time, talking)
  love.graphics.setColor(0.45, 0.15, 0.18)
  love.graphics.ellipse("fill", 0, -155, 8, talking and 2.5 + 3.5 * math.abs(math.sin(time * 11)) or 1.5)
end

-- Closed for a moment every four seconds; they look up in thought.
local function drawEyes(time, thinking)
  love.graphics.setColor(0.13, 0.11, 0.2)
  local open = time % 4 > 0.14
  for _, x in ipairs { -12, 12 } do
    love.graphics.ellipse("fill", x, thinking and -186 or -183, 3.6, open and 4.4 or 0.8)
  end
end

local function drawFace(time, mood)
  love.graphics.setColor(SKIN)
  love.graphics.circle("fill", 0, -180, 34)
  drawBeard(4 * math.sin(time * 1.7))
  drawMouth(time, mood.talking)
  drawEyes(time, mood.thinking)
  love.graphics.setColor(0.87, 0.66, 0.54)
  love.graphics.ellipse("fill", 0, -173, 6, 7)
end

-- Its stone glows while he thinks.
local function drawStaff(time, thinking)
  love.graphics.setColor(0.42, 0.28, 0.18)
  love.graphics.polygon("fill", -94, 0, -87, 0, -80, -226, -85, -226)
  local glow = thinking and 0.75 + 0.25 * math.sin(time * 8) or 0.25
  for ring = 3, 1, -1 do
    love.graphics.setColor(0.45, 0.85, 1, glow / ring ^ 2)
    love.graphics.circle("fill", -82, -236, 9 + 7 * (ring - 1))
  end
end

local function drawArms(lift)
  love.graphics.setColor(0.24, 0.18, 0.53)
  love.graphics.polygon("fill", -30, -142, -22, -112, -84, -106 - lift, -88, -126 - lift)
  love.graphics.polygon("fill", 30, -142, 22, -112, 66, -78 + lift, 82, -94 + lift)
  love.graphics.setColor(SKIN)
  love.graphics.circle("fill", -86, -116 - lift, 9)
  love.graphics.circle("fill", 77, -82 + lift, 9)
end

---@param mood table  thinking, talking
function wizard.draw(x, y, time, mood)
  local breath = math.sin(time * 1.9)
  love.graphics.push()
  love.graphics.translate(x, y)
  love.graphics.setColor(0, 0, 0, 0.3)
  love.graphics.ellipse("fill", 0, 2, 88, 9)
  drawStaff(time, mood.thinking)
  drawRobe()
  love.graphics.translate(0, 2 * breath)
  drawArms(3 * breath)
  drawFace(time, mood)
  drawHat()
  love.graphics.pop()
end

return wizard
