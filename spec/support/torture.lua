---Carries an act out again and again, and each time another allocation fails; to be run with torture.so preloaded.
---
---Whatever fails, the act gives what it should, or the memory error and nothing else; nothing is left under way, a call
---that nothing fails in goes well, and then there are as many blocks as before outside of Lua's heap.

local torture = require "torture"

-- The compiler lets the C library note where its code lies, and is not prepared for a no.
local jit = rawget(_G, "jit")
if jit then jit.off() end

local gemini = require "gemini"
require "gemini.failures" -- a file that can't be opened is to Lua one that isn't there
local loop = require "gemini.loop"
local loopback = require "loopback"
local torments = require "spec.support.torments"

io.stdout:setvbuf "line"
local name, all = arg[1], arg[2] == "all"
local row = assert(torments[name], "no such torment")
local server = loopback.start(row.scripts)

local function act()
  return row.act(gemini.new { apiKey = "k", baseUrl = server.url, timeout = 20, idleTimeout = 20, retry = false })
end

local function collect()
  for _ = 1, 3 do collectgarbage() end
end

-- What the act has come to: nil where that is as it should be.
local function problemOf(ok, value, err)
  if ok and err == nil then return value ~= row.gives and ("it gives %s"):format(tostring(value)) or nil end
  local raised = ok and err or value
  local text = tostring(raised)
  if text:find "^not enough memory" or text:find "not enough memory for buffer allocation$" then return nil end
  if text:find("Cannot allocate memory", 1, true) then return nil end
  return ("%s, %s"):format(type(raised) == "table" and raised.kind or type(raised), text)
end

local function well()
  if row.settle then row.settle(gemini.new { apiKey = "k", baseUrl = server.url, retry = false }) end
  return problemOf(pcall(act))
end

-- What is wrong after it.
local function aftermath()
  collect()
  if loop.live() > 0 then return ("%d transfers are live"):format(loop.live()) end
  if loop.tasks() > 0 then return ("%d tasks are live"):format(loop.tasks()) end
  local problem = well()
  if problem then return "the next time: " .. problem end
  collect()
end

for _ = 1, 5 do assert(not aftermath()) end
local blocks, bad, n, failed = torture.live(), 0, 0, true

local function note(wrong)
  if not wrong then return end
  bad = bad + 1
  print(("allocation %d: %s"):format(n, wrong))
end

-- Lets the n-th allocation fail; gives the blocks that are left over.
local function torment()
  collectgarbage()
  torture.arm(n, all)
  local ok, value, err = pcall(act)
  failed = torture.disarm()
  note(problemOf(ok, value, err))
  note(aftermath())
  local more = torture.live() - blocks
  blocks = torture.live()
  return more
end

while failed do
  n = n + 1
  -- A pool that has grown once is no leak: it does not grow by the same again.
  if torment() > 0 then
    local more = torment()
    note(more > 0 and ("%d blocks leaked"):format(more))
  end
  if bad > 9 then os.exit(1) end
end
server:stop()
print(("%d allocations, %d problems"):format(n - 1, bad))
os.exit(bad == 0 and 0 or 1)
