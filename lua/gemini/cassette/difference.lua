---What tells a request from the recorded one that comes nearest to it.

require("gemini.interpreted")()

local canonical = require "gemini.canonical"
local plain = require "gemini.plain"

-- Bytes of a value that are shown.
local SHOWN = 60

local function shown(value)
  return value == nil and "absent" or plain.line(canonical(value), SHOWN)
end

local function placeOf(place, name)
  if type(name) == "number" then return ("%s[%d]"):format(place, name) end
  return place == "" and tostring(name) or place .. "." .. tostring(name)
end

local compare

-- The names in both, in order.
local function names(a, b)
  local all, out = {}, {}
  for name in next, a do all[name] = true end
  for name in next, b do all[name] = true end
  for name in next, all do out[#out + 1] = name end
  table.sort(out, function(x, y)
    if type(x) == type(y) then return x < y end
    return type(x) == "number"
  end)
  return out
end

local function compareFields(a, b, place, found)
  for _, name in ipairs(names(a, b)) do compare(a[name], b[name], placeOf(place, name), found) end
end

-- Notes the places that differ.
function compare(a, b, place, found)
  if type(a) == "table" and type(b) == "table" then return compareFields(a, b, place, found) end
  if a == b then return end
  found[#found + 1] = { place = place, here = shown(a), there = shown(b) }
end

local function isAlike(a, b) return a.verb == b.verb and a.path == b.path end

-- The exchange that differs in the fewest places, and these.
local function nearest(asked, exchanges)
  local best, least
  for i, exchange in ipairs(exchanges) do
    local found = {}
    compare(asked, exchange.request, "", found)
    local better = not least or #found < #least
    if isAlike(asked, exchange.request) and better then best, least = i, found end
  end
  return best, least
end

local function ofMethod(method, exchanges)
  for i, exchange in ipairs(exchanges) do
    if exchange.request.method == method then return i, exchange.request end
  end
end

---@param asked table  what is not in the cassette
---@param exchanges table[]
---@return string words  how it differs from what is
return function(asked, exchanges)
  local at, places = nearest(asked, exchanges)
  if at and places[1] then
    local first = places[1]
    return ("in exchange %d, the nearest, %s is %s, and here %s"):format(at, first.place, first.there, first.here)
  end
  local other
  at, other = ofMethod(asked.method, exchanges)
  if at then return ("the nearest is exchange %d: %s %s"):format(at, other.verb, other.path) end
  return ("it holds %d exchanges, and none of %s"):format(#exchanges, asked.method)
end
