---Calls that wait for each other and go together: one batch for each model, and each call gets its reply.

local chain = require "gemini.loop.chain"
local gathering = require "gemini.gathering"
local items = require "gemini.batch.items"
local run = require "gemini.batch.run"
local tables = require "gemini.tables"
local task = require "gemini.loop.task"
local tasks = require "gemini.loop.tasks"
local together = require "gemini.loop.together"
local wait = require "gemini.loop.wait"

local wave = {}

---@class gemini.Wave
---@field private plan gemini.BatchPlan
---@field private isDue fun(): boolean  whether it is time to send
---@field private close fun()  called when it is sent: it takes no further calls
---@field private calls gemini.Chain  those that wait
---@field private sender gemini.Task?  once it is sent
local Wave = {}
Wave.__index = Wave

---@class gemini.WaveCall
---@field built gemini.Request
---@field member gemini.BatchMember
---@field place integer?  in the order of asking, once the wave is sent
---@field changed fun()|false|nil  wakes who waits for it
---@field reply table?
---@field err gemini.Error?
---@field isFree boolean  nobody waits for it any more, or need not
---@field behind gemini.WaveCall|false  the next one that is free

-- What is asked of which model: tuned ones have batches too.
local function modelOf(built)
  local name = built.url:match("/([^/?]+/[^/?]+):%w+$")
  if not name or not (name:find("^models/") or name:find("^tunedModels/")) then return nil end
  return (name:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

---@param built gemini.Request
---@return boolean  whether it is a call that a batch can hold
function wave.takes(built)
  return items.KINDS[built.label.method] ~= nil and modelOf(built) ~= nil
end

local function isBefore(one, other)
  if one.member ~= other.member then return one.member.number < other.member.number end
  return one.place < other.place
end

-- In the order of the functions, whichever was the first to ask: equal runs send equal batches, which a cassette knows.
local function inOrder(calls)
  local list, call = {}, calls:next()
  while call do
    list[#list + 1], call.place = call, #list + 1
    call = calls:next(call)
  end
  table.sort(list, isBefore)
  return list
end

-- The calls by what batch they go in.
local function grouped(calls)
  local groups, byName = {}, {}
  for _, call in ipairs(inOrder(calls)) do
    local method, model = call.built.label.method, modelOf(call.built)
    local name = method .. " " .. model
    if not byName[name] then
      byName[name] = { kind = items.KINDS[method], model = model }
      groups[#groups + 1] = byName[name]
    end
    table.insert(byName[name], call)
  end
  return groups
end

local function planOf(base, group)
  local plan = tables.copy(base)
  plan.kind, plan.model, plan.entries = group.kind, group.model, {}
  for i, call in ipairs(group) do
    plan.entries[i] = items.made(base.client, group.kind, ("%d"):format(i), call.built.body, call)
  end
  return plan
end

-- Batches know nothing of vectors.
local function packed(call, reply)
  local embedding = call.built.packed and reply.embedding
  local values = type(embedding) == "table" and embedding[call.built.packed]
  if type(values) ~= "table" then return reply end
  local ok, vector = pcall(require("gemini.vector").new, values)
  if ok then embedding[call.built.packed] = vector end
  return reply
end

-- An error of one request tells of the call that was made.
local function answer(call, result)
  if result.response then
    call.reply = packed(call, result.response)
  else
    call.err = result.error
    call.err.method = call.built.label.method
  end
end

local function send(base, group)
  local results = run.open(planOf(base, group))
  while true do
    local key, result = results:next()
    if not key then
      for _, call in ipairs(result and group or {}) do
        if not call.reply then call.err = call.err or result end
      end
      return true
    end
    answer(result.request, result)
  end
end

-- The sender's own calls wait for no wave: `onProgress` may make some.
local function nothing() return false end

local function sendAll(base, groups)
  gathering.set(tasks.current(), { client = base.client, takes = nothing })
  local senders = {}
  for i, group in ipairs(groups) do
    senders[i] = function() return send(base, group) end
  end
  local _, failures = together.all(senders)
  for i, group in ipairs(groups) do
    for _, call in ipairs(failures[i] and group or {}) do call.err = call.err or failures[i] end
  end
end

-- The call goes on: its member does not wait for it any more.
local function free(self, call)
  self.calls:remove(call)
  call.isFree = true
  call.member:wait(-1)
end

-- All calls are free before the first of them goes on.
local function finish(self)
  local first = self.calls:next()
  local call = first
  while call do
    call.behind = self.calls:next(call)
    free(self, call)
    call = call.behind
  end
  call = first
  while call do
    if call.changed then call.changed() end
    call = call.behind
  end
end

local function begin(self)
  self.close()
  local groups = grouped(self.calls)
  self.sender = tasks.spawn(sendAll, self.plan, groups)
  if task.hasEnded(self.sender) then return finish(self) end
  task.watch(self.sender, function() finish(self) end)
end

---Lets it be seen whether it is time to send.
function Wave:nudge()
  local call = not self.sender and self.calls:next()
  if call and call.changed then call.changed() end
end

-- What the call had come to, or what the sender has raised.
local function result(self, call)
  if call.reply or call.err then return call.reply, call.err end
  return task.results(self.sender)
end

local function giveUp(self, call, cancelled)
  if not call.isFree then free(self, call) end
  if self.sender and self.calls:count() == 0 then tasks.cancel(self.sender, cancelled) end
  error(cancelled, 0)
end

---Waits until the call has its reply.
---@param member gemini.BatchMember
---@param built gemini.Request
---@return table? reply
---@return gemini.Error?
function Wave:call(member, built)
  local call = {
    built = built, member = member, isFree = false, changed = false, behind = false, nextCall = false, lastCall = false,
  }
  self.calls:push(call)
  member:wait(1)
  local function isDue() return not self.sender and self.isDue() end
  local function watch(changed) call.changed = changed end
  repeat
    -- Whoever has begun the task of this call may go on to begin others.
    local cancelled = isDue() and wait.pass()
    if isDue() and not cancelled then begin(self) end
    cancelled = cancelled or wait.till(function() return call.isFree or isDue() end, watch)
    if cancelled then giveUp(self, call, cancelled) end
  until call.isFree
  return result(self, call)
end

---@param plan gemini.BatchPlan  of each batch, without what is in it
---@param isDue fun(): boolean  whether it is time to send
---@param close fun()  called when it is sent: it takes no further calls
---@return gemini.Wave
function wave.new(plan, isDue, close)
  return setmetatable({ plan = plan, isDue = isDue, close = close, calls = chain("nextCall", "lastCall") }, Wave)
end

return wave
