-- Calls at a server that fails at random (spec/soak/server.lua): client.lua URL COUNT [MINUTES [SEED]]
-- Holds each result against what it can be, and all of them against what the server has counted; makes COUNT calls, and
-- goes on until so many minutes are over. Fails where something does not agree, or where memory grows.
local gemini = require "gemini"
local texts = require "spec.soak.texts"

local url, COUNT, MINUTES = arg[1], tonumber(arg[2]), tonumber(arg[3] or 0)
local seed = tonumber(arg[4] or 1)

local WORKERS, ATTEMPTS = 50, 3

-- kB by which the process may grow behind its warm-up.
local GROWTH = 3 * 1024

local function random(n)
  seed = seed * 16807 % 2147483647
  return seed % n + 1
end

local seen = { calls = 0, good = 0, requests = 0, kinds = {} }

local client = gemini.new {
  apiKey = "k-secret-soak", baseUrl = url, idleTimeout = 3, timeout = 60,
  retry = { attempts = ATTEMPTS, delay = 0.002 },
  onRequest = function(request)
    if request.method ~= "models.get" then seen.requests = seen.requests + 1 end
  end,
}

local function memory()
  collectgarbage()
  collectgarbage()
  return tonumber(io.open("/proc/self/status"):read("*a"):match "VmRSS:%s*(%d+) kB")
end

local KINDS = { api = true, network = true, truncated = true, timeout = true }

local function count(err, n)
  local shown = tostring(err)
  assert(KINDS[err.kind], shown)
  assert(err.attempts >= 1 and err.attempts <= ATTEMPTS, shown)
  assert(not shown:find("\n", 1, true) and not shown:find("secret", 1, true), shown)
  if err.partial and err.partial.text then
    assert(texts.reply(n):sub(1, #err.partial.text) == err.partial.text, "what came of a stream is another's")
  end
  seen.kinds[err.kind] = (seen.kinds[err.kind] or 0) + 1
end

local acts = {}

function acts.unary(n)
  local reply, err = client.models:generateContent { model = "m" .. n, contents = "x" }
  if err then return err end
  assert(reply.text == texts.reply(n), "a reply is another's, or not whole")
end

function acts.stream(n)
  local reply, err = client.models:streamGenerateContent({ model = "m" .. n, contents = "x" }):collect()
  if err then return err end
  assert(reply.text == texts.reply(n), "a stream is another's, or not whole")
end

function acts.make(n)
  local reply, err = client.corpora:create { displayName = ("%d"):format(n) }
  if err then return err end
  assert(reply.name == ("corpora/%d"):format(n), "what was made is another's")
end

local ACTS = { acts.unary, acts.unary, acts.stream, acts.make }

local function call()
  seen.calls = seen.calls + 1
  local n = seen.calls
  local err = ACTS[random(#ACTS)](n)
  if err then count(err, n) else seen.good = seen.good + 1 end
end

local ends = os.time() + MINUTES * 60

local function isOver() return seen.calls >= COUNT and os.time() >= ends end

local warm, before = math.min(5000, COUNT > 0 and COUNT / 5 or 5000), nil

local function work()
  while not isOver() do
    call()
    if not before and seen.calls >= warm then before = memory() end
  end
end

gemini.run(function()
  for _ = 1, WORKERS do gemini.spawn(work) end
end)

local after = memory()
local counted = assert(client.models:get { name = "count" }).counts
local failed = 0
for _, times in pairs(seen.kinds) do failed = failed + times end
print(("calls %d, good %d, failed %d (api %d, network %d, truncated %d, timeout %d)"):format(seen.calls, seen.good, failed,
  seen.kinds.api or 0, seen.kinds.network or 0, seen.kinds.truncated or 0, seen.kinds.timeout or 0))
print(("requests %d, and %d by libcurl; the server's: %d, good %d"):format(seen.requests, counted.replayed, counted.requests,
  counted.good))
print(("memory kB: %d, %d"):format(before, after))
assert(seen.calls == seen.good + failed, "a call has ended in nothing")
assert(seen.good == counted.good, "good answers are not as many as the server sent")
assert(seen.requests + counted.replayed == counted.requests, "requests are not as many as the server got")
assert(gemini.loop.live() == 0 and gemini.loop.tasks() == 0, "something is still under way")
assert(after - before < GROWTH, "memory grows")
