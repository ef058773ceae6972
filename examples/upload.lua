-- Uploads files, and shows how far each has come, how fast, and how long it will take:
--   lua5.4 examples/upload.lua talk.mp4 notes.md
--   lua5.4 examples/upload.lua --type text/plain Makefile
--   tar c notes | lua5.4 examples/upload.lua -
-- Where stdout is no terminal it prints the names of the files alone, for a script to read.
local gemini = require "gemini"
local socket = require "socket"

local WIDTH, NAME = 24, 20
-- How much the last moment counts in the rate that is shown.
local WEIGHT = 0.2

-- Lua 5.1 gives the exit status, later ones true.
local tested = os.execute "test -t 1"
local isTerminal = tested == true or tested == 0

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
  local short = #name > NAME and "…" .. name:sub(-NAME) or name
  return function(sent, total)
    local words = { short }
    if total then words[2] = bar(total > 0 and sent / total or 1) end
    words[#words + 1] = amount(sent)
    local rate = rateOf(sent)
    if sent == total then
      words[#words + 1] = ("in %s"):format(clock(socket.gettime() - begun))
    elseif rate and rate > 0 then
      words[#words + 1] = amount(rate) .. "/s"
      if total then words[#words + 1] = clock((total - sent) / rate) .. " left" end
    end
    io.write("\r", table.concat(words, "  "), "\27[K", sent == total and "\n" or "")
    io.flush()
  end
end

local function upload(client, name, mimeType)
  local file, err = client.files:upload {
    path = name ~= "-" and name or nil,
    read = name == "-" and function(n) return io.read(n) end or nil,
    mimeType = mimeType,
    onProgress = isTerminal and newMeter(name) or nil,
  }
  if not file then error(err, 0) end
  print(file.name)
end

local function fail(status, message)
  -- What is raised for a programmer says where; this is for a person.
  io.stderr:write((tostring(message):gsub("^[^:\n]+:%d+: ", "")), "\n")
  os.exit(status, true)
end

local names, mimeType = { (table.unpack or unpack)(arg) }, nil -- luacheck: ignore 113 143
if names[1] == "--type" then
  mimeType = names[2]
  table.remove(names, 1)
  table.remove(names, 1)
end
if not names[1] then fail(2, "usage: lua5.4 examples/upload.lua [--type TYPE] FILE… (- for what comes in)") end
local ok, err = pcall(function()
  local client = gemini.new()
  for _, name in ipairs(names) do upload(client, name, mimeType) end
end)
if not ok then fail(1, err) end
