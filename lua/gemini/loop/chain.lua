---First in, first out, of tables that have fields for the ones before and behind them: to put one in takes no memory,
---and so can't fail.

---@class gemini.Chain
---@field package forth string
---@field package back string
---@field package first table|false
---@field package last table|false
---@field package length integer
local Chain = {}
Chain.__index = Chain

---@param item table  in no chain by these fields
function Chain:push(item)
  local forth, back, last = self.forth, self.back, self.last
  item[forth], item[back] = false, last
  if last then last[forth] = item else self.first = item end
  self.last, self.length = item, self.length + 1
end

---@param item table  in this chain
function Chain:remove(item)
  local forth, back = self.forth, self.back
  local behind, before = item[forth], item[back]
  if before then before[forth] = behind else self.first = behind end
  if behind then behind[back] = before else self.last = before end
  item[forth], item[back], self.length = false, false, self.length - 1
end

---@return table?  the first one; nil where there is none
function Chain:pop()
  local item = self.first
  if not item then return nil end
  self:remove(item)
  return item
end

---@param item? table  in this chain
---@return table|false  the one behind it, or the first one
function Chain:next(item)
  if item then return item[self.forth] end
  return self.first
end

---@return table|false
function Chain:newest()
  return self.last
end

---@return integer
function Chain:count()
  return self.length
end

function Chain:clear()
  while self.first do self:remove(self.first) end
end

---@param forth string  the fields of an item, which are there already
---@param back string
---@return gemini.Chain
return function(forth, back)
  return setmetatable({ forth = forth, back = back, first = false, last = false, length = 0 }, Chain)
end
