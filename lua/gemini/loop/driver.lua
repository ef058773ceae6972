---Drives the transfers of this Lua state: one multi handle, so that all clients share its connections. Its sockets and
---its timer are watched by the core itself, or by a host that has been attached.

local task = require "gemini.loop.task"
local tasks = require "gemini.loop.tasks"

---@class gemini.Host  an event loop that others wait in
---@field watch fun(fd: integer, mode: "r"|"w"|"rw"|nil)  what is wanted of a socket from now on; nil for nothing more,
---  before the socket is closed
---@field timer fun(ms: integer|nil)  when to call `timer`, in place of what was said before; nil for never
---@field runUntil? fun(done: fun(): boolean, seconds: number): boolean?  runs the loop until that, or for so long;
---  false where it can't be run now
---@field schedule? fun(fn: function)  calls it soon, where tasks may run; at once when absent
---@field report? fun(problem: string)  is told what a task raised that nobody waits for

---@class gemini.HostEvents  what a host calls
---@field socket fun(fd: integer)  when a watched socket is ready
---@field timer fun()  when the time has come
---@field detach fun()  gives the sockets back, when the host ends

local driver = {}

local multi
local host

-- Whether the host has been asked to let tasks go on.
local pending = false

-- Those who wait for a transfer, by its number, and who for the end of any.
local waiting, ends, ended = {}, {}, 0
local NOBODY = {}

local function theMulti()
  multi = multi or require("gemini.transport").multi()
  return multi
end

local function least(a, b)
  return a and b and math.min(a, b) or a or b
end

-- Seconds: what a host may count. It calls in vain then.
local LONGEST = 1e6

-- Tells the host when to call.
local function arm()
  local soon = not pending and (tasks.isBusy() and 0 or tasks.patience()) or nil
  local seconds = least(soon, multi and multi:wanted())
  host.timer(seconds and math.ceil(math.min(seconds, LONGEST) * 1000))
end

-- Wakes those whose transfers have something for them.
local function wake()
  for id in multi.news, multi do
    for fn in pairs(waiting[id] or NOBODY) do fn() end
  end
  local count = multi:ended()
  if count == ended then return end
  ended = count
  for _, fn in pairs(ends) do fn() end
end

-- The host is told once, and not of each that is woken.
local function tell()
  if not multi or next(waiting) == nil and next(ends) == nil then return end
  tasks.alarm = nil
  local ok, raised = pcall(wake)
  tasks.alarm = host and driver.flush or nil
  if not ok then error(raised, 0) end
end

---Tells of all that has happened: to those who wait, and to the host.
function driver.flush()
  tell()
  if not host then return end
  if multi then
    for fd, mode in multi.change, multi do host.watch(fd, mode) end
  end
  arm()
end

---Starts an exchange. libcurl is loaded here, at the first one.
---@param request table  see luarequest.h
---@param headers? userdata  in the place of the request's own
---@param timeout? number  likewise
---@return userdata transfer
function driver.submit(request, headers, timeout)
  local transfer = theMulti():submit(request, headers, timeout)
  driver.flush()
  return transfer
end

---@param transfer userdata
function driver.close(transfer)
  transfer:close()
  driver.flush()
end

---@return integer count  of the transfers under way
function driver.live()
  return multi and multi:live() or 0
end

---Calls a function when something has become of a transfer.
---@param transfer userdata
---@param fn fun()
function driver.expect(transfer, fn)
  local id = transfer:id()
  local all = waiting[id] or {}
  all[fn] = true
  waiting[id] = all
end

---Calls it no longer.
---@param transfer userdata
---@param fn fun()
function driver.forget(transfer, fn)
  local id = transfer:id()
  waiting[id][fn] = nil
  if not next(waiting[id]) then waiting[id] = nil end
end

---Calls a function whenever a transfer has ended.
---@param whose any  who asks for it
---@param fn? fun()  nil for no longer
function driver.atEnd(whose, fn)
  if next(ends) == nil then ended = multi and multi:ended() or 0 end
  ends[whose] = fn
end

---Moves bytes; waits until something becomes of a transfer, for so many seconds at most.
---@param seconds number
---@param budget? number  seconds in which to handle what has come; what is left waits for the next step
function driver.step(seconds, budget)
  theMulti():step(seconds, budget)
  driver.flush()
end

---@return boolean  whether there has been a transfer, or a host
function driver.isOpen()
  return multi ~= nil
end

-- ---- Hosts. ----

local function report(problem)
  if host and host.report then return host.report(problem) end
  io.stderr:write("gemini: a task failed: ", tostring(problem), "\n")
end

local function tellFailures()
  for failed in tasks.failure do report(task.told(failed)) end
end

-- Lets tasks go on, in a host's callback.
local function pump()
  pending = false
  tasks.pump()
  driver.flush()
  if not tasks.isGathering() then tellFailures() end
end

local function after()
  tell()
  if tasks.isBusy() and not pending then
    pending = host.schedule ~= nil
    local call = host.schedule or function(fn) fn() end
    call(pump)
  end
  driver.flush()
end

-- What a host may call late, when it has been detached, is no harm.
local function guarded(own, act)
  return function(fd)
    if host ~= own then return end
    act(fd)
    if host == own then after() end
  end
end

---@return gemini.Host?
function driver.host()
  return host
end

local function detach()
  multi:listen(false)
  driver.flush()
  host.timer(nil)
  host, tasks.alarm, pending = nil, nil, false
end

---Hands sockets and the timer to an event loop. There is one at a time.
---@param given gemini.Host
---@return gemini.HostEvents
function driver.attach(given)
  theMulti():listen(true)
  host = given
  tasks.alarm = driver.flush
  driver.flush()
  return {
    socket = guarded(given, function(fd) multi:act(fd) end),
    timer = guarded(given, function() multi:expire() end),
    detach = function()
      if host == given then detach() end
    end,
  }
end

return driver
