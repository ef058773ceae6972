-- Who is there, and what they do with what the player types.
local backdrop = require "backdrop"
local bubble = require "bubble"
local conversation = require "conversation"
local field = require "field"
local gemini = require "gemini"
local graph = require "graph"
local owl = require "owl"
local remarks = require "remarks"
local wizard = require "wizard"

local scene = {}

local NO_CLIENT = [[
My crystal ball is dark: it needs a key to the Gemini API.

Get one at https://aistudio.google.com/apikey, close this window, and call me again:

        GEMINI_API_KEY=… love examples/love

(%s)]]

local function connect()
  local ok, client = pcall(gemini.new)
  if ok then return client end
  scene.answer:fail(NO_CLIENT:format(tostring(client):match "gemini%.new: .*" or client))
end

---Sets the scene.
function scene.open()
  local large, small = love.graphics.newFont(17), love.graphics.newFont(13)
  scene.answer = bubble.new { x = 330, y = 20, width = 606, height = 246, tail = { 238, 282 }, font = large }
  scene.remark = bubble.new { x = 390, y = 314, width = 350, height = 100, tail = { 786, 350 }, font = small }
  scene.field = field.new { x = 24, y = 484, width = 912, height = 40, font = large }
  scene.frames = graph.new { x = 24, y = 20, title = "frame", most = 0.034, mark = 1 / 60, font = small }
  scene.steps = graph.new { x = 24, y = 82, title = "gemini.step", most = 0.002, mark = 0.001, font = small }
  scene.time = 0
  local client = connect()
  if not client then return end
  scene.wizard = conversation.new(client, scene.answer)
  scene.owl = remarks.new(client, scene.remark)
  scene.answer:add "Ask me anything, traveller."
  -- The first call loads libcurl, some milliseconds that no frame has to spare: here no frame is shown yet.
  scene.owl:greet()
end

---@param dt number  seconds since the frame before
---@param step number  seconds in gemini.step
function scene.update(dt, step)
  scene.time = scene.time + dt
  scene.frames:add(dt)
  scene.steps:add(step)
  scene.answer:update(dt)
  scene.remark:update(dt)
end

local function isBusy(speaker)
  return speaker ~= nil and speaker.busy
end

local function drawField()
  if not scene.wizard then return end
  scene.field:draw(scene.time, scene.wizard.busy and "Esc stops the answer" or "Type a question, then Enter")
end

function scene.draw()
  local wizardThinks, owlThinks = isBusy(scene.wizard), isBusy(scene.owl)
  backdrop.draw(scene.time)
  wizard.draw(178, 442, scene.time, { thinking = wizardThinks, talking = scene.answer:isTalking() })
  owl.draw(846, 412, scene.time, { thinking = owlThinks, talking = scene.remark:isTalking() })
  scene.answer:draw(scene.time, wizardThinks)
  scene.remark:draw(scene.time, owlThinks)
  scene.frames:draw()
  scene.steps:draw()
  drawField()
end

function scene.textinput(text)
  if scene.wizard then scene.field:insert(text) end
end

-- Both are asked at once, and neither waits for the other.
local function send()
  local question = scene.field.text
  if scene.wizard.busy or not question:find "%S" then return end
  scene.field:clear()
  scene.wizard:ask(question)
  scene.owl:hear(question)
end

local keys = {
  ["return"] = send,
  kpenter = send,
  escape = function() scene.wizard:stop() end,
  pageup = function() scene.answer:scroll(-5) end,
  pagedown = function() scene.answer:scroll(5) end,
}

function scene.keypressed(key)
  if not scene.wizard then return end
  if keys[key] then keys[key]() else scene.field:key(key) end
end

function scene.wheelmoved(_, dy)
  scene.answer:scroll(-dy)
end

return scene
