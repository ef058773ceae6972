---A task that several wait for: it ends when nobody waits for it any more.

local loop = require "gemini.loop"
local task = require "gemini.loop.task"
local tasks = require "gemini.loop.tasks"
local wait = require "gemini.loop.wait"

local shared = {}

---@class gemini.Shared
---@field private task gemini.Task
---@field private waiting integer
local Shared = {}
Shared.__index = Shared

---@return boolean
function Shared:hasEnded()
  return task.hasEnded(self.task)
end

---Waits until it has ended.
---@return any ...  what its function returned; raises what it raised
function Shared:await()
  self.waiting = self.waiting + 1
  -- Outside of tasks, what ends a wait is raised: a Ctrl-C.
  local ok, ended = loop.try(wait.till, function() return self:hasEnded() end, task.watcher(self.task))
  self.waiting = self.waiting - 1
  if ended then
    if self.waiting == 0 then tasks.cancel(self.task, ok and ended or task.cancellation "interrupted") end
    error(ended, 0)
  end
  return task.results(self.task)
end

---@param fn function
---@param ... any  its arguments
---@return gemini.Shared
function shared.spawn(fn, ...)
  return setmetatable({ task = tasks.spawn(fn, ...), waiting = 0 }, Shared)
end

return shared
