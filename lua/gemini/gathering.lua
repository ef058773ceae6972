---Where a call is carried out: at once, or with others of its kind where it is made in a function that
---`client.batches:map` runs.

local rest, tasks = require("gemini.lazy") "gemini.rest", require("gemini.lazy") "gemini.loop.tasks"

local gathering = {}

---@class gemini.Gatherer  what becomes of calls in a task
---@field client gemini.State  whose calls it takes
---@field takes fun(built: gemini.Request): boolean
---@field call fun(self: gemini.Gatherer, built: gemini.Request): table?, gemini.Error?

-- By the task, as long as it has not ended.
---@type table<gemini.Task, gemini.Gatherer>
local members = setmetatable({}, { __mode = "k" })

---Lets the calls of a task, and of those that it begins, be gathered; nil for no longer.
---@param task gemini.Task
---@param gatherer? gemini.Gatherer
function gathering.set(task, gatherer)
  members[task] = gatherer
end

-- What gathers the calls of this client in the task that runs now; nil where it could not wait for others.
local function find(client)
  local task = tasks.current()
  while task do
    local gatherer = members[task]
    if gatherer and gatherer.client == client then return gatherer end
    task = task.parent
  end
end

---Carries out a call, as rest.call does.
---@param client gemini.State
---@param row gemini.Row
---@param built gemini.Request
---@return table? reply
---@return gemini.Error?
function gathering.call(client, row, built)
  local gatherer = next(members) ~= nil and find(client)
  if gatherer and gatherer.takes(built) then return gatherer:call(built) end
  return rest.call(client, row, built)
end

return gathering
