---cqueues as the host of gemini's calls: one of its threads watches the sockets.
---
---  local queue = require("cqueues").new()
---  local detach = require "examples.loops.cqueues"(queue)
---  gemini.spawn(function() … end)
---  queue:loop()

local condition = require "cqueues.condition"
local cqueues = require "cqueues"
local gemini = require "gemini"

local unpack = table.unpack or unpack -- luacheck: ignore 113 143

---@param queue table  a controller
---@return fun() detach
return function(queue)
  local watched, due, events = {}, nil, nil
  local attached, changed = true, condition.new()

  -- Waits for what there is to wait for; the list of what is ready.
  local function wait()
    local list = { changed }
    for _, each in pairs(watched) do list[#list + 1] = each end
    if due then list[#list + 1] = math.max(0, due - cqueues.monotime()) end
    return { cqueues.poll(unpack(list)) }
  end

  local function watch()
    while attached do
      for _, each in ipairs(wait()) do
        if type(each) == "table" and watched[each.pollfd] == each then events.socket(each.pollfd) end
      end
      if due and cqueues.monotime() >= due then
        due = nil
        events.timer()
      end
    end
  end

  events = gemini.loop.attach {
    watch = function(fd, mode)
      -- It must forget a socket before its number is used again.
      cqueues.cancel(fd)
      watched[fd] = mode and { pollfd = fd, events = mode }
      changed:signal()
    end,
    timer = function(ms)
      due = ms and cqueues.monotime() + ms / 1000
      changed:signal()
    end,
    runUntil = function(_, seconds)
      if cqueues.running() then return false end
      assert(queue:step(seconds))
    end,
  }
  queue:wrap(watch)
  return function()
    attached = false
    events.detach()
    changed:signal()
  end
end
