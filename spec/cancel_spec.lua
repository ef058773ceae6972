---Tasks cancelled at any moment: each ends, those that wait for it hear of it, and nothing of it is left.

local gemini = require "gemini"
local loop = require "gemini.loop"
local storm = require "spec.support.storm"

-- Sockets of this process. A connection whose server has gone is given up where another one is made, but curl looks for
-- such ones once a second.
local function sockets()
  gemini.sleep(1.1)
  assert(not gemini.new({ apiKey = "k", baseUrl = "http://127.0.0.1:1", retry = false }).models:get { name = "x" })
  local pipe = io.popen "find /proc/$PPID/fd -type l -printf '%l\\n' | grep -c socket"
  local count = tonumber(pipe:read "*a")
  pipe:close()
  return count
end

-- What has finalisers goes in several rounds; what LuaJIT has compiled is no leak.
local function memory()
  local jit = rawget(_G, "jit")
  if jit then jit.flush() end
  for _ = 1, 5 do collectgarbage() end
  return collectgarbage "count"
end

-- Each run is another one; a failure names the seed by which it can be had again.
local function weather(driver, count)
  local seed, drive = tonumber(os.getenv "SEED") or os.time(), storm.DRIVERS[driver]
  local message = ("seed %d"):format(seed)
  storm.run(drive, seed, 50)
  local kilobytes, fds = memory(), sockets()
  local cancelled = storm.run(drive, seed, count)
  local grown = memory() - kilobytes
  assert.equal(0, loop.live(), message)
  assert.equal(0, loop.tasks(), message)
  assert.is_true(cancelled > count / 10, ("%s: %d were cancelled"):format(message, cancelled))
  assert.is_true(grown < 200, ("%s: %.0f kB are left"):format(message, grown))
  assert.equal(fds, sockets(), message)
end

describe("tasks cancelled at random", function()
  for driver in pairs(storm.DRIVERS) do
    it("end, 1,000 of them, and leave nothing behind, in " .. driver, function() weather(driver, 1000) end)
  end

  it("end, 10,000 of them, and leave nothing behind #memory", function() weather("gemini.run", 10000) end)
end)
