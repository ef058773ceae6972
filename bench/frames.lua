-- Of the times in a load's JSON, the percentiles; without a name the head of their table.
local cjson = require "cjson"

local ROW = "%-14s %-12s %7s %8s %8s %8s %8s"

local function row(name, what, times)
  table.sort(times)
  local function at(share) return ("%.2f"):format(1000 * times[math.ceil(#times * share)]) end
  print(ROW:format(name, what, #times, at(0.5), at(0.99), at(0.999), at(1)))
end

if not arg[1] then
  print(ROW:format("", "", "frames", "p50", "p99", "p99.9", "max"))
  return
end
local load = cjson.decode(io.read "*a")
row(arg[1], "gemini.step", load.steps)
row(("%d chunks"):format(load.chunks), "frame", load.frames)
