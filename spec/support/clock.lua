-- An emulator whose clock the spec turns on, so that what happens there after a while needs no waiting.
local emu = require "spec.support.emulator"

local clock = {}

-- The child's clock is luasocket's. A prompt turns it; others are answered by the spec's own function, if there is one.
local SCRIPT = [[
local socket = require "socket"
local real, ahead = socket.gettime, 0
socket.gettime = function() return real() + ahead end
local reply = %s
return function(request)
  local seconds = request.text:match("^later ([%%d.]+)$")
  if not seconds then return reply and reply(request) end
  ahead = ahead + tonumber(seconds)
  return "now"
end
]]

-- Seconds that work takes there: longer than any spec runs.
clock.WORK = 1000

---Starts an emulator.
---@param reply string? the text of a reply function
---@param options table? more options of emulator.spawn
---@return table server
function clock.start(reply, options)
  local given = { delay = 0, work = clock.WORK, script = SCRIPT:format(reply or "nil") }
  for name, value in pairs(options or {}) do given[name] = value end
  return emu.start(given)
end

---Turns the clock of an emulator on.
---@param client gemini.Client
---@param seconds number
function clock.later(client, seconds)
  local text = ("later %d"):format(seconds)
  assert(client.models:generateContent { model = "gemini-2.5-flash", contents = text })
end

return clock
