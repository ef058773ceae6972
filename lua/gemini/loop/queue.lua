---First in, first out.

---@class gemini.Queue
---@field package first integer
---@field package last integer
local Queue = {}
Queue.__index = Queue

---@param item any  not nil
function Queue:push(item)
  self.last = self.last + 1
  self[self.last] = item
end

---@return any item  the first one; nil where there is none
function Queue:pop()
  local item = self[self.first]
  if item == nil then return nil end
  self[self.first] = nil
  self.first = self.first + 1
  return item
end

---@return any item  the first one, which stays there
function Queue:peek()
  return self[self.first]
end

---@return integer
function Queue:count()
  return self.last - self.first + 1
end

return function()
  return setmetatable({ first = 1, last = 0 }, Queue)
end
