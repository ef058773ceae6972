-- The times of the last frames, as a curve and as the 99th percentile.
local WIDTH, HEIGHT = 240, 30

-- So many times are kept, one a frame and one a pixel; the percentile is found anew after so many.
local KEPT, AFRESH = WIDTH, 30

local Graph = {}
Graph.__index = Graph

local graph = {}

---@param given table  x, y, title, font, most (seconds at the top), mark (seconds at the line)
function graph.new(given)
  local self = setmetatable(given, Graph)
  self.times, self.count, self.p99, self.points = {}, 0, 0, {}
  return self
end

local function percentile(times, share)
  local sorted = {}
  for i, time in ipairs(times) do sorted[i] = time end
  table.sort(sorted)
  return sorted[math.ceil(#sorted * share)]
end

---@param seconds number
function Graph:add(seconds)
  self.times[self.count % KEPT + 1] = seconds
  self.count = self.count + 1
  if self.count % AFRESH == 0 then self.p99 = percentile(self.times, 0.99) end
end

local function heightOf(self, seconds)
  return self.y + HEIGHT - HEIGHT * math.min(seconds / self.most, 1)
end

local function drawCurve(self)
  for i = 1, #self.times do
    -- The oldest one is where the next will be kept.
    local seconds = self.times[#self.times < KEPT and i or (self.count + i - 1) % KEPT + 1]
    self.points[2 * i - 1], self.points[2 * i] = self.x + i, heightOf(self, seconds)
  end
  if #self.points >= 4 then love.graphics.line(self.points) end
end

function Graph:draw()
  love.graphics.setColor(0.05, 0.04, 0.1, 0.75)
  love.graphics.rectangle("fill", self.x, self.y, WIDTH, HEIGHT + 22, 6)
  love.graphics.setColor(0.8, 0.35, 0.3, 0.8)
  love.graphics.line(self.x, heightOf(self, self.mark), self.x + WIDTH, heightOf(self, self.mark))
  love.graphics.setColor(0.45, 0.85, 0.6)
  drawCurve(self)
  love.graphics.setColor(0.85, 0.85, 0.95)
  love.graphics.setFont(self.font)
  local last = self.times[(self.count - 1) % KEPT + 1] or 0
  love.graphics.print(("%s %.2f ms   p99 %.2f ms"):format(self.title, last * 1000, self.p99 * 1000),
    self.x + 6, self.y + HEIGHT + 3)
end

return graph
