---A loop of one's own, on luasocket's select, as the host of gemini's calls: what any loop has to do for it.
---
---  local host = require "examples.loops.select"()
---  gemini.spawn(function() … end)
---  while busy do host.turn(0.1) end

local gemini = require "gemini"
local socket = require "socket"

-- What luasocket's select takes for a socket.
local function item(fd)
  return { fd = fd, getfd = function() return fd end }
end

---@return { turn: fun(seconds: number), detach: fun() }  turn: waits for so long at most
return function()
  local watched, due, events = {}, nil, nil

  local function wanting(letter)
    local list = {}
    for _, each in pairs(watched) do
      if each.mode:find(letter, 1, true) then list[#list + 1] = each end
    end
    return list
  end

  local function tell(ready)
    for _, each in ipairs(ready) do
      -- What was done for one before may have ended it, or given its number to another.
      if watched[each.fd] == each then events.socket(each.fd) end
    end
  end

  local function turn(seconds)
    if due then seconds = math.max(0, math.min(seconds, due - socket.gettime())) end
    local readable, writable = socket.select(wanting "r", wanting "w", seconds)
    tell(readable)
    tell(writable)
    if due and socket.gettime() >= due then
      due = nil
      events.timer()
    end
  end

  events = gemini.loop.attach {
    watch = function(fd, mode)
      watched[fd] = mode and item(fd)
      if mode then watched[fd].mode = mode end
    end,
    timer = function(ms) due = ms and socket.gettime() + ms / 1000 end,
    runUntil = function(_, seconds) turn(seconds) end,
  }
  return { turn = turn, detach = events.detach }
end
