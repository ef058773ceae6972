---libuv as the host: Neovim's (vim.uv, vim.loop) and luv's. While it runs, tasks go on by themselves.

local loop = require "gemini.loop"
local options = require "gemini.options"

local uv = {}

local neovim = rawget(_G, "vim")

local function isNeovims(library)
  return type(neovim) == "table" and (library == neovim.uv or library == neovim.loop)
end

-- In Neovim's callbacks of libuv most of its functions can't be called.
local function defaults(library, given)
  if not isNeovims(library) then return given.schedule, given.report end
  return given.schedule or neovim.schedule, given.report or function(problem)
    neovim.notify("gemini: " .. tostring(problem), neovim.log.levels.ERROR)
  end
end

-- Neovim has its own way to run its loop; libuv's can't be run within itself.
local function runner(library)
  if isNeovims(library) then
    return function(done, seconds)
      if neovim.in_fast_event() then return false end
      neovim.wait(seconds * 1000, done, 10)
    end
  end
  local timer = assert(library.new_timer())
  return function(_, seconds)
    if library.loop_mode() then return false end
    timer:start(math.ceil(seconds * 1000), 0, function() end)
    library.run "once"
    timer:stop()
  end, timer
end

-- On Windows a handle is bound to its socket, and not to the number.
local perSocket = package.config:sub(1, 1) == "\\"

-- Watches sockets by handles that are kept for the next socket of the same number: luv crashes where a program ends
-- before its loop has seen a handle closed.
local function watcher(library, events)
  local polls = {}
  return function(fd, mode)
    local poll = polls[fd]
    if mode then
      poll = poll or assert(library.new_poll(fd))
      polls[fd] = poll
      poll:start(mode, function() events.socket(fd) end)
    elseif poll then
      poll:stop()
      if perSocket then
        poll:close()
        polls[fd] = nil
      end
    end
  end, polls
end

local function alarm(library, events)
  local timer = assert(library.new_timer())
  return function(ms)
    timer:stop()
    -- One that is due at once would go before all else, again and again.
    if ms then timer:start(math.max(ms, 1), 0, function() events.timer() end) end
  end, timer
end

---@param library table  vim.uv, vim.loop, or require "luv"
---@param given? gemini.UvOptions
---@return fun() detach  gives the sockets back: transfers under way are then driven by whatever waits for them
function uv.attach(library, given)
  if type(library) ~= "table" or type(library.new_poll) ~= "function" then
    error("gemini.loop.uv.attach: expected libuv's functions (vim.uv, vim.loop, or luv), got " .. type(library), 2)
  end
  local problem = options.check(given, options.uv)
  if problem then error("gemini.loop.uv.attach: " .. problem, 2) end
  if loop.isAttached() then error("gemini.loop.uv.attach: another loop is attached: detach that one first", 2) end
  local events = {}
  local schedule, report = defaults(library, given or {})
  local timer, alarmTimer = alarm(library, events)
  local run, runTimer = runner(library)
  local watch, polls = watcher(library, events)
  local attached = loop.attach { watch = watch, timer = timer, runUntil = run, schedule = schedule, report = report }
  events.socket, events.timer = attached.socket, attached.timer
  local handles = { alarmTimer, runTimer }
  return function()
    attached.detach()
    for _, poll in pairs(polls) do handles[#handles + 1] = poll end
    for _, handle in ipairs(handles) do handle:close() end
    if runTimer and not library.loop_mode() then library.run "nowait" end
    polls, handles = {}, {}
  end
end

return uv
