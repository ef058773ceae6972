-- Uploads files, and shows how far each has come, how fast, and how long it will take:
--   lua5.4 examples/upload.lua talk.mp4 notes.md
--   tar c notes | lua5.4 examples/upload.lua -
-- Where stdout is no terminal it prints the names of the files alone, for a script to read.
local gemini = require "gemini"
local socket = require "socket"

local WIDTH = 24
-- How much the last moment counts in the rate that is shown.
local WEIGHT = 0.2

local status = os.execute "test -t 1"
local isTerminal = status == true or status == 0

local UNITS = { "B", "kB", "MB", "GB", "TB" }

local function amount(bytes)
  local unit = 1
  while bytes >= 1000 and unit < #UNITS do bytes, unit = bytes / 1000, unit + 1 end
  return (unit == 1 and "%d %s" or "%.1f %s"):format(bytes, UNITS[unit])
end

local function clock(seconds)
  return ("%d:%02d"):format(math.floor(seconds / 60), math.floor(seconds % 60))
end

local function bar(part)
  local full = math.floor(part * WIDTH)
  return ("[%s%s] %3d %%"):format(("#"):rep(full), ("."):rep(WIDTH - full), math.floor(part * 100))
end

-- Bytes a second, of late.
local function newRate()
  local rate, at, before = nil, socket.gettime(), 0
  return function(sent)
    local now = socket.gettime()
    if now <= at then return rate end
    local last = math.max(sent - before, 0) / (now - at)
    rate, at, before = rate and rate + WEIGHT * (last - rate) or last, now, sent
    return rate
  end
end

-- What onProgress is to call; the total of a pipe is not known before its end.
local function newMeter(name)
  local rateOf, begun = newRate(), socket.gettime()
  return function(sent, total)
    local words = { name, total and bar(total > 0 and sent / total or 1) or "", amount(sent) }
    local rate = rateOf(sent)
    if sent == total then
      words[#words + 1] = ("in %s"):format(clock(socket.gettime() - begun))
    elseif rate and rate > 0 then
      words[#words + 1] = amount(rate) .. "/s"
      if total then words[#words + 1] = clock((total - sent) / rate) .. " left" end
    end
    io.write("\r", table.concat(words, "  "), "\27[K")
    io.flush()
  end
end

local function upload(client, name)
  local file, err = client.files:upload {
    path = name ~= "-" and name or nil,
    read = name == "-" and function(n) return io.read(n) end or nil,
    onProgress = isTerminal and newMeter(name) or nil,
  }
  if isTerminal then io.write "\n" end
  if not file then error(err, 0) end
  print(file.name)
end

if not arg[1] then
  io.stderr:write "usage: lua5.4 examples/upload.lua FILE… (- for what comes in)\n"
  os.exit(2)
end
local ok, err = pcall(function()
  local client = gemini.new()
  for _, name in ipairs(arg) do upload(client, name) end
end)
if not ok then
  io.stderr:write(tostring(err), "\n")
  os.exit(1)
end
