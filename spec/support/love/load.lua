-- Many streams beside the scene, each begun anew when it has ended, until the time is over.
local gemini = require "gemini"
local pilot = require "pilot"

local function follow(client, out, ends)
  repeat
    local text = ""
    for chunk in client.models:streamGenerateContent { model = "gemini-2.5-flash", contents = "Tell me a story." } do
      text, out.chunks = text .. chunk.text, out.chunks + 1
    end
    out.texts[text] = (out.texts[text] or 0) + 1
  until love.timer.getTime() >= ends
end

return function(streams, seconds)
  local out = { chunks = 0, texts = {}, most = 0 }
  local client, ends = gemini.new(), love.timer.getTime() + tonumber(seconds)
  pilot.await("the scene is alone", function() return gemini.loop.tasks() == 0 end)
  pilot.steps, pilot.frames = {}, {}
  for _ = 1, tonumber(streams) do gemini.spawn(follow, client, out, ends) end
  repeat
    out.most = math.max(out.most, gemini.loop.live())
    coroutine.yield()
  until gemini.loop.tasks() == 0
  out.steps, out.frames = gemini.array(pilot.steps), gemini.array(pilot.frames)
  return out
end
