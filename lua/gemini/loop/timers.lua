---What happens at a time: a heap of entries, the earliest on top. Each knows its place, so that it can be taken out.

local timers = {}

---@class gemini.Timer
---@field at number  on the core's clock
---@field item any
---@field package place integer|false  in the heap; false when it is not there

local heap = {}

local function put(entry, place)
  heap[place] = entry
  entry.place = place
end

local function rise(entry)
  local place = entry.place
  while place > 1 do
    local above = math.floor(place / 2)
    if heap[above].at <= entry.at then break end
    put(heap[above], place)
    place = above
  end
  put(entry, place)
end

-- The earlier one of the two below a place.
local function below(place)
  local left, right = heap[2 * place], heap[2 * place + 1]
  return right and right.at < left.at and right or left
end

local function sink(entry)
  local child = below(entry.place)
  while child and child.at < entry.at do
    local place = child.place
    put(child, entry.place)
    entry.place = place
    child = below(place)
  end
  put(entry, entry.place)
end

---@param at number
---@param item any
---@return gemini.Timer
function timers.add(at, item)
  local entry = { at = at, item = item, place = false }
  put(entry, #heap + 1)
  rise(entry)
  return entry
end

---Harmless for one that has been taken.
---@param entry gemini.Timer
function timers.remove(entry)
  local place = entry.place
  if not place then return end
  entry.place = false
  local last = table.remove(heap)
  if last == entry then return end
  put(last, place)
  rise(last)
  sink(last)
end

---@return number? at  of the earliest one
function timers.next()
  return heap[1] and heap[1].at
end

---Takes the earliest one out, if its time has come.
---@param now number
---@return any item  nil if there is none
function timers.due(now)
  local first = heap[1]
  if not first or first.at > now then return nil end
  timers.remove(first)
  return first.item
end

return timers
