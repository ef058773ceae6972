-- A tower room at night.
local backdrop = {}

local WIDTH, HEIGHT, FLOOR = 960, 540, 442

local NIGHT = {
  { 0, 0, 0, 0, 0.09, 0.07, 0.22 }, { WIDTH, 0, 0, 0, 0.06, 0.08, 0.25 },
  { WIDTH, FLOOR, 0, 0, 0.26, 0.17, 0.38 }, { 0, FLOOR, 0, 0, 0.30, 0.19, 0.36 },
}

local mesh

-- The same stars at every start.
local function drawStars(time)
  for i = 1, 60 do
    local x, y = (i * 173) % WIDTH, (i * 97) % (FLOOR - 60)
    love.graphics.setColor(1, 1, 0.9, 0.35 + 0.3 * math.sin(time * (1 + i % 3) + i))
    love.graphics.circle("fill", x, y, 0.8 + i % 3 * 0.5)
  end
end

local function drawFloor()
  love.graphics.setColor(0.17, 0.11, 0.19)
  love.graphics.rectangle("fill", 0, FLOOR, WIDTH, HEIGHT - FLOOR)
  love.graphics.setColor(0.24, 0.16, 0.26)
  love.graphics.rectangle("fill", 0, FLOOR, WIDTH, 5)
end

function backdrop.draw(time)
  mesh = mesh or love.graphics.newMesh(NIGHT, "fan", "static")
  love.graphics.setColor(1, 1, 1)
  love.graphics.draw(mesh)
  drawStars(time)
  drawFloor()
end

return backdrop
