-- A player asks, reads, stops an answer, and is told of an error.
local gemini = require "gemini"
local pilot = require "pilot"
local scene = require "scene"

local PORT = tonumber(os.getenv("GOOGLE_GEMINI_BASE_URL"):match "%d+$")

-- Connections to the server that are up, as the system has it: state 01 in its table.
local function connections()
  local count, port = 0, ("%04X"):format(PORT)
  for line in io.lines "/proc/net/tcp" do
    if line:match "^%s*%d+: %x+:%x+ %x+:(%x+) 01" == port then count = count + 1 end
  end
  return count
end

local function isDone() return not scene.wizard.busy end

local function ask(question)
  pilot.type(question)
  pilot.await("what is typed", function() return scene.field.text == question end)
  pilot.press "return"
  pilot.await("the question is asked", function() return scene.field.text == "" end)
end

local function answerTo(question)
  ask(question)
  pilot.await("an answer to " .. question, isDone)
  return scene.answer.text
end

local function isRead()
  return isDone() and not scene.owl.busy and not scene.answer:isTalking() and not scene.remark:isTalking()
end

local function key(image, x, y)
  local r, g, b = image:getPixel(x, y)
  return math.floor(r * 255) * 65536 + math.floor(g * 255) * 256 + math.floor(b * 255)
end

local function colours(image)
  local seen, count = {}, 0
  image:mapPixel(function(_, _, r, g, b, a)
    local colour = r * 65536 + g * 256 + b
    if not seen[colour] then seen[colour], count = true, count + 1 end
    return r, g, b, a
  end)
  return count
end

-- How many pixels within a bubble are not the same.
local function differing(bubble, before, after)
  local count = 0
  for y = bubble.y, bubble.y + bubble.height - 1 do
    for x = bubble.x, bubble.x + bubble.width - 1 do
      if key(before, x, y) ~= key(after, x, y) then count = count + 1 end
    end
  end
  return count
end

-- Types with a slip, sends, and follows both answers.
local function first(out)
  for _, text in ipairs { "Why is ", "the sky", " é" } do pilot.type(text) end
  for _ = 1, 2 do pilot.press "backspace" end
  for _ = 1, 3 do pilot.press "left" end
  pilot.type "blue "
  pilot.await("what is typed", function() return scene.field.text:find "blue" end)
  out.typed = scene.field.text
  pilot.press "return"
  pilot.await("both calls", function() return gemini.loop.live() == 2 end)
  pilot.await("the owl", function() return not scene.owl.busy and scene.answer.text ~= "" end)
  out.remark, out.meanwhile, out.unfinished = scene.remark.text, scene.answer.text, scene.wizard.busy
  pilot.await("the wizard", isDone)
  out.answer = scene.answer.text
end

local function stop(out)
  ask "slow"
  pilot.await("the begin of the answer", function() return scene.answer.text ~= "" and not scene.owl.busy end)
  local before = connections()
  pilot.press "escape"
  pilot.await("the connection's end", function() return connections() < before end)
  out.stopped, out.closed, out.live = scene.answer.text, before - connections(), gemini.loop.live()
end

return function(folder)
  local out = {}
  pilot.await("the owl's greeting", isRead)
  out.greeting = scene.remark.text
  local before = pilot.screenshot(folder .. "/before.png")
  first(out)
  pilot.await("the text is written out", isRead)
  local after = pilot.screenshot(folder .. "/after.png")
  out.colours = colours(after)
  out.differing = { answer = differing(scene.answer, before, after), remark = differing(scene.remark, before, after) }
  out.second = answerTo "echo"
  stop(out)
  out.third = answerTo "echo again"
  out.refused, out.problem = answerTo "refuse", scene.answer.problem
  pilot.await("the text is written out", isRead)
  pilot.screenshot(folder .. "/refused.png")
  return out
end
