---Tasks that do this and that, and are cancelled at any moment, from everywhere: what each of them comes to is held
---against what was done to it.

local gemini = require "gemini"
local loop = require "gemini.loop"
local loopback = require "loopback"
local talk = require "spec.support.talk"

local storm = {}

-- So many tasks at once, each of which has a connection or two.
local MOST = 100

-- The same numbers on every Lua.
local function generator(seed)
  local state = seed
  return function(n)
    state = state * 16807 % 2147483647
    return state % n + 1
  end
end

-- ---- Servers. ----

local REPLY = '{"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"STOP"}],"file":{"name":"files/a"}}'

-- Connections that answer again and again, each answer after another while; some end in the midst.
local function answering(random)
  local scripts = {}
  for i = 1, 50 do
    local script = {}
    for _ = 1, 7 do
      script[#script + 1] = { "recv" }
      script[#script + 1] = { "sleep", random(4) / 1000 }
      script[#script + 1] = { "send", talk.ok(REPLY) }
    end
    script[#script + 1] = i < 10 and { "reset" } or { "loop" }
    scripts[i] = script
  end
  return scripts
end

-- Streams, each at another pace; one in five breaks off.
local function streaming(random)
  local scripts, event = {}, talk.chunk "x"
  for i = 1, 100 do
    local last = i % 5 == 0 and "" or talk.chunk("", "STOP")
    local count = random(6)
    scripts[i] = {
      { "recv" }, { "send", talk.sse "" }, { "drip", event:rep(count) .. last, #event, random(3) / 1000 }, { "close" },
    }
  end
  return scripts
end

-- ---- What tasks do. ----

local Storm = {}
Storm.__index = Storm

local acts = {}

function acts.sleep(self) gemini.sleep(self.random(5) / 1000) end

function acts.call(self)
  local reply, err = self.calls.models:generateContent { model = "m", contents = "x" }
  assert(reply or err.kind)
end

function acts.stream(self)
  local stream = self.streams.models:streamGenerateContent { model = "m", contents = "x" }
  local left = self.random(10)
  while left > 0 and stream:next() do left = left - 1 end
  if self.random(2) == 1 then stream:close() end
end

function acts.collect(self)
  local reply, err = self.streams.models:streamGenerateContent({ model = "m", contents = "x" }):collect()
  assert(reply or err.kind)
end

function acts.upload(self)
  local file, err = self.calls.media:upload { data = ("x"):rep(self.random(50000)), mimeType = "text/plain" }
  assert(file or err.kind)
end

function acts.timeout(self)
  local done, err = gemini.timeout(self.random(5) / 1000, function() return self:act() end)
  assert(done or err.kind == "timeout")
end

function acts.map(self)
  local results = gemini.map({ 1, 2, 3 }, function() return self:act() end, { concurrency = self.random(3) })
  for i = 1, 3 do assert(results[i] == "done") end
end

function acts.race(self)
  assert(gemini.race { function() return self:act() end, function() return self:act() end } == "done")
end

function acts.child(self) self:await(self:spawn()) end

-- What is caught there goes on as if nothing had been: the next wait ends it.
function acts.caught(self)
  loop.try(acts.stream, self)
  gemini.sleep(self.random(3) / 1000)
end

-- In a coroutine of its own a task blocks.
function acts.blocked(self)
  coroutine.wrap(function() acts.call(self) end)()
end

function acts.cancel(self) self:cancel() end

local NAMES = {}
for name in pairs(acts) do NAMES[#NAMES + 1] = name end
table.sort(NAMES)

function Storm:act()
  acts[NAMES[self.random(#NAMES)]](self)
  return "done"
end

-- ---- Tasks, and what becomes of them. ----

---Begins a task of one or more acts; none where there are enough.
function Storm:spawn()
  if self.begun == self.count then return end
  self.begun = self.begun + 1
  local place = self.begun
  local task = gemini.spawn(function()
    for _ = 1, self.random(2) do self:act() end
    return "done", place
  end)
  self.tasks[place] = task
  return task
end

-- Whether the task had not ended, nor been cancelled before.
local function cancelled(self, task)
  local reason, before = {}, self.reasons[task]
  -- The task may be the one that runs: this is where it ends.
  self.reasons[task] = before or reason
  if task:cancel(reason) then return true end
  self.reasons[task] = before
  return false
end

---Cancels one of the younger tasks that has not ended, where a few tries find one.
function Storm:cancel()
  for _ = 1, 5 do
    -- It is not there yet where its first act has not waited.
    local task = self.tasks[self.begun + 1 - self.random(math.min(self.begun, MOST))]
    if task and cancelled(self, task) then return end
  end
end

---Waits for a task, and looks at what it has come to.
function Storm:await(task)
  if not task then return end
  local value, more = task:await()
  local reason = self.reasons[task]
  if reason then
    assert(value == nil and more.kind == "cancelled" and more.reason == reason, "a cancelled task has other results")
  else
    assert(value == "done" and self.tasks[more] == task, "a task has not done what it should")
  end
end

-- Seconds in which the slowest machine is done.
local STUCK = 600

local function watch(self)
  gemini.sleep(STUCK)
  for _, task in pairs(self.tasks) do task:cancel "it was stuck" end
end

local function main(self)
  local watcher = gemini.spawn(watch, self)
  while self.begun < self.count do
    local task = self:spawn()
    if self.random(3) == 1 then gemini.spawn(self.await, self, task) end
    if self.random(2) == 1 then self:cancel() end
    while loop.tasks() > MOST do
      self:cancel()
      gemini.sleep(0.001)
    end
  end
  for place = 1, self.count do self:await(self.tasks[place]) end
  watcher:cancel()
end

-- What drives them all.
storm.DRIVERS = {
  ["gemini.run"] = function(self) gemini.run(main, self) end,
  ["gemini.step"] = function(self)
    local task = gemini.spawn(main, self)
    while gemini.step(0.001) do self:cancel() end
    task:await()
  end,
}

---Runs so many tasks.
---@param drive fun(self: table)  one of the drivers
---@param seed integer
---@param count integer
---@return integer cancelled  how many were cancelled before they had ended
function storm.run(drive, seed, count)
  local random = generator(seed)
  local calls, streams = loopback.start(answering(random)), loopback.start(streaming(random))
  local self = setmetatable({
    random = random, count = count, begun = 0, tasks = {}, reasons = {},
    calls = gemini.new { apiKey = "k", baseUrl = calls.url, retry = false },
    streams = gemini.new { apiKey = "k", baseUrl = streams.url, retry = false },
  }, Storm)
  local ok, raised = pcall(drive, self)
  calls:stop()
  streams:stop()
  if not ok then error(("seed %d: %s"):format(seed, tostring(raised)), 0) end
  local victims = 0
  for _ in pairs(self.reasons) do victims = victims + 1 end
  return victims
end

return storm
