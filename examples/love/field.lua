-- One line to type into.
local utf8 = require "utf8"

local PAD = 10

local Field = {}
Field.__index = Field

local field = {}

---@param given table  x, y, width, height, font
function field.new(given)
  local self = setmetatable(given, Field)
  self:clear()
  return self
end

function Field:clear()
  -- The cursor stands behind so many bytes, always a whole number of characters.
  self.text, self.cursor = "", 0
end

local function replace(self, from, to, text)
  self.text = self.text:sub(1, from) .. text .. self.text:sub(to + 1)
  self.cursor = from + #text
end

function Field:insert(text)
  replace(self, self.cursor, self.cursor, text)
end

local function before(self)
  return self.cursor > 0 and utf8.offset(self.text, -1, self.cursor + 1) - 1 or 0
end

local function behind(self)
  return self.cursor < #self.text and utf8.offset(self.text, 2, self.cursor + 1) - 1 or #self.text
end

local keys = {
  backspace = function(self) replace(self, before(self), self.cursor, "") end,
  delete = function(self) replace(self, self.cursor, behind(self), "") end,
  left = function(self) self.cursor = before(self) end,
  right = function(self) self.cursor = behind(self) end,
  home = function(self) self.cursor = 0 end,
  ["end"] = function(self) self.cursor = #self.text end,
}

function Field:key(name)
  if keys[name] then keys[name](self) end
end

-- A text too long for the line is moved so that the cursor is seen.
local function drawText(self, time)
  local ahead = self.font:getWidth(self.text:sub(1, self.cursor))
  local left = self.x + PAD - math.max(0, ahead - (self.width - 2 * PAD - 2))
  local top = self.y + (self.height - self.font:getHeight()) / 2
  love.graphics.setScissor(self.x + PAD - 1, self.y, self.width - 2 * PAD + 2, self.height)
  love.graphics.print(self.text, left, top)
  if time % 1 < 0.6 then love.graphics.rectangle("fill", left + ahead, top, 2, self.font:getHeight()) end
  love.graphics.setScissor()
end

---@param hint string  shown while nothing is typed
function Field:draw(time, hint)
  love.graphics.setFont(self.font)
  love.graphics.setColor(0.07, 0.06, 0.14, 0.9)
  love.graphics.rectangle("fill", self.x, self.y, self.width, self.height, 8)
  love.graphics.setColor(0.55, 0.5, 0.8)
  love.graphics.rectangle("line", self.x, self.y, self.width, self.height, 8)
  if self.text == "" then
    love.graphics.print(hint, self.x + PAD + 8, self.y + (self.height - self.font:getHeight()) / 2)
  end
  love.graphics.setColor(1, 1, 1)
  drawText(self, time)
end

return field
