-- A speech bubble: wraps its text, writes it out letter by letter as it comes, and grows upwards with it.
local utf8 = require "utf8"

local PAD, CORNER, ROOT = 16, 14, 24
local PAPER, INK, ALARM = { 0.97, 0.95, 0.88 }, { 0.16, 0.13, 0.22 }, { 0.66, 0.11, 0.14 }

-- Letters a second, and how much faster for each that waits.
local SPEED, HASTE = 40, 3

local Bubble = {}
Bubble.__index = Bubble

local bubble = {}

---@param given table  x, y, width, height (at most), tail (where it points), font
function bubble.new(given)
  local self = setmetatable(given, Bubble)
  self.rows = math.floor((self.height - 2 * PAD) / self.font:getHeight())
  self:clear()
  return self
end

function Bubble:clear()
  self.text, self.lines, self.length, self.shown, self.back = "", {}, 0, 0, 0
  self.wrapped, self.problem = true, false
end

---Says more.
function Bubble:add(text)
  -- LÖVE draws UTF-8 alone, and an error may repeat what a gateway sent.
  if not utf8.len(text) then text = text:gsub("[\128-\255]", "?") end
  self.text, self.wrapped = self.text .. text, false
end

---Says what went wrong, in the place of what was there.
function Bubble:fail(text)
  self:clear()
  self:add(text)
  self.problem = true
end

function Bubble:isTalking()
  return self.shown < self.length
end

-- Once a frame at most, however many chunks have come.
local function wrap(self)
  local _, lines = self.font:getWrap(self.text, self.width - 2 * PAD)
  local length = 0
  for _, line in ipairs(lines) do length = length + utf8.len(line) end
  self.lines, self.length, self.wrapped = lines, length, true
end

function Bubble:update(dt)
  if not self.wrapped then wrap(self) end
  local waiting = self.length - self.shown
  self.shown = self.shown + math.min(waiting, dt * (SPEED + HASTE * waiting))
end

---@param lines number  to go down; back where negative
function Bubble:scroll(lines)
  self.back = math.max(0, math.min(self.back - lines, #self.lines - self.rows))
end

-- The lines as far as they are written out, the last one perhaps in part.
local function written(self)
  local out, left = {}, math.floor(self.shown)
  for _, line in ipairs(self.lines) do
    if left <= 0 and out[1] then break end
    local length = utf8.len(line)
    out[#out + 1] = length <= left and line or line:sub(1, utf8.offset(line, left + 1) - 1)
    left = left - length
  end
  return out
end

local function drawPaper(self, top, bottom)
  local x, tail = self.x, self.tail
  local edge = tail[1] < x and x + 1 or x + self.width - 1
  local root = math.max(top + CORNER, math.min(tail[2] - ROOT, bottom - CORNER - ROOT))
  love.graphics.setColor(PAPER)
  love.graphics.rectangle("fill", x, top, self.width, bottom - top, CORNER)
  love.graphics.polygon("fill", edge, root, edge, root + ROOT, tail[1], tail[2])
end

-- Something is to come.
local function drawDots(self, top, time)
  for i = 0, 2 do
    local size = 4 + 1.5 * math.sin(6 * time - i)
    love.graphics.circle("fill", self.x + PAD + 6 + 18 * i, top + PAD + self.font:getHeight() / 2, size)
  end
end

-- The last of the lines that are written out, or those to which was gone back.
local function visible(self)
  local lines = written(self)
  local last = math.max(#lines - self.back, math.min(#lines, self.rows))
  local out = {}
  for i = math.max(1, last - self.rows + 1), last do out[#out + 1] = lines[i] end
  return out
end

---@param busy boolean  whether more is to come
function Bubble:draw(time, busy)
  if self.text == "" and not busy then return end
  local lines, high = visible(self), self.font:getHeight()
  local bottom = self.y + self.height
  local top = bottom - 2 * PAD - high * math.max(1, #lines)
  drawPaper(self, top, bottom)
  love.graphics.setColor(self.problem and ALARM or INK)
  if self.shown < 1 and busy then return drawDots(self, top, time) end
  love.graphics.setFont(self.font)
  for i, line in ipairs(lines) do love.graphics.print(line, self.x + PAD, top + PAD + (i - 1) * high) end
end

return bubble
