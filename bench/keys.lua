-- The typist: keys.lua KEYS. Neovim has a terminal of its own, and gets keys through that at a steady pace, whether it
-- keeps up or not.
local emulator = require "gemini.emulator"
local socket = require "socket"

local KEYS, PACE = tonumber(arg[1]), 0.02

-- Longer than it takes to type.
local REPLY = [[
return function()
  local chunks = {}
  for i = 1, %d do chunks[i] = i %% 10 == 0 and "and on to the next line\n" or "some words of it " end
  return chunks
end
]]

local COMMAND = "env TERM=xterm GEMINI_API_KEY=k GOOGLE_GEMINI_BASE_URL=%s LUA_PATH='lua/?.lua;lua/?/init.lua;;' "
  .. "LUA_CPATH='build/5.1/?.so;;' KEYS_ASK='%s' KEYS_RESULT=%s timeout -k 1 120 "
  .. "script -qfec 'stty rows 40 cols 120; nvim --clean -n -i NONE -u bench/keys_init.lua' /dev/null >/dev/null"

local function lines(path)
  local out, file = {}, io.open(path)
  for line in file and file:lines() or function() end do out[#out + 1] = line end
  if file then file:close() end
  return out
end

local function await(path, first)
  local ends = socket.gettime() + 20
  while lines(path)[1] ~= first do
    assert(socket.gettime() < ends, "Neovim does not answer")
    socket.sleep(0.05)
  end
end

-- Types, and gives the times.
local function typed(pipe)
  local times, start = {}, socket.gettime()
  for i = 1, KEYS do
    socket.sleep(math.max(0, start + i * PACE - socket.gettime()))
    times[i] = socket.gettime()
    pipe:write "x"
    pipe:flush()
  end
  return times
end

-- Milliseconds from each key to its being shown, sorted; and how many pieces of an answer came meanwhile.
local function measure(url, ask)
  local path = os.tmpname()
  local pipe = io.popen(COMMAND:format(url, ask, path), "w")
  await(path, "ready")
  local times = typed(pipe)
  socket.sleep(0.5)
  pipe:write "\27"
  pipe:flush()
  socket.sleep(0.5)
  pipe:write ":qa!\r"
  pipe:close()
  local shown, delays = lines(path), {}
  os.remove(path)
  for i, time in ipairs(times) do delays[i] = (tonumber(shown[i + 1]) - time) * 1000 end
  table.sort(delays)
  return delays, tonumber(shown[KEYS + 2])
end

local function row(name, delays, pieces)
  local function at(share) return delays[math.ceil(share * #delays)] end
  print(("%-12s %8d %10d %8.2f %8.2f %8.2f"):format(name, #delays, pieces, at(0.5), at(0.99), at(1)))
end

local reply = os.tmpname()
local file = assert(io.open(reply, "w"))
file:write(REPLY:format(KEYS * PACE / 0.01 * 2 + 500))
file:close()
local server = assert(emulator.spawn { delay = 0.01, reply = reply })
os.remove(reply)
print "                 keys     pieces   p50 ms   p99 ms   max ms"
row("no stream", measure(server.url, ""))
row("stream", measure(server.url, "Gemini Go on and on."))
server.stop()
