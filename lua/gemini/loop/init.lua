---Drives the transfers of this Lua state: one multi handle, so that all clients share its connections.

local loop = {}

-- Short enough that Ctrl-C, which Lua sees between two instructions, works while a call waits.
local SLICE = 0.1

local multi

local function theMulti()
  multi = multi or require("gemini.transport").multi()
  return multi
end

---Starts an exchange. libcurl is loaded here, at the first one.
---@param request table  see luarequest.h
---@return userdata transfer
function loop.submit(request)
  return theMulti():submit(request)
end

local function block(transfer, tick)
  while not transfer:ready() do
    multi:step(SLICE)
    if tick then tick(transfer) end
  end
end

---Waits until a transfer has something to take or has ended. What interrupts the wait ends the transfer and is raised.
---@param transfer userdata
---@param tick? fun(transfer: userdata)  called at least ten times a second while it waits
function loop.await(transfer, tick)
  if transfer:ready() then return end
  local ok, raised = pcall(block, transfer, tick)
  if ok then return end
  transfer:close()
  error(raised, 0)
end

---Waits for a time, while other transfers go on.
---@param seconds number
function loop.sleep(seconds)
  local now = require("gemini.transport").now
  local ends = now() + seconds
  repeat
    local left = ends - now()
    if left > 0 then theMulti():step(math.min(left, SLICE)) end
  until left <= 0
end

---@return integer count  of the transfers under way
function loop.live()
  return multi and multi:live() or 0
end

return loop
