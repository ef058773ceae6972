---What holds under every host: the same cases, run by each of them. Needs no busted, for Neovim has none.
---
---A host is { wait = fun(done) }, which lets its loop run until that is so.

local gemini = require "gemini"
local loop = require "gemini.loop"
local loopback = require "loopback"
local talk = require "spec.support.talk"

local REPLY = talk.ok '{"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"STOP"}]}'

local function equal(expected, value, what)
  if value ~= expected then
    error(("%s: expected %s, got %s"):format(what or "value", tostring(expected), tostring(value)), 2)
  end
end

local function ask(client)
  return client.models:generateContent { model = "m", contents = "x" }
end

local function open(client)
  return client.models:streamGenerateContent { model = "m", contents = "x" }
end

-- PUC Lua 5.1 can't yield from a `for`'s iterator.
local function read(stream, each)
  local count = 0
  while true do
    local chunk, err = stream:next()
    if not chunk then return count, err end
    count = count + 1
    if each then each(count) end
  end
end

-- Runs a function as a task, and the host until it has ended.
local function run(host, fn)
  local task = gemini.spawn(fn)
  host.wait(function() return tostring(task) ~= "gemini.task: running" end)
  return task:await()
end

local STREAM = { { "recv" }, { "send", talk.sse "" }, { "drip", talk.chunk("a"):rep(8), #talk.chunk "a", 0.005 },
  { "send", talk.chunk("", "STOP") }, { "close" } }
local ENDLESS = { { "recv" }, { "send", talk.sse "" }, { "send", talk.chunk "a" }, { "hold" } }

local cases = {}

local function case(name, fn) cases[#cases + 1] = { name = name, fn = fn } end

case("calls and streams beside each other", function(host)
  local client = talk.scripted { STREAM, STREAM, STREAM }
  local turns, total = {}, 0
  local function reader(name)
    return function()
      local count = read(open(client), function() turns[#turns + 1] = name end)
      total = total + count
    end
  end
  run(host, function() gemini.all { reader(1), reader(2), reader(3) } end)
  equal(27, total, "chunks")
  local changes = 0
  for i = 2, #turns do changes = changes + (turns[i] ~= turns[i - 1] and 1 or 0) end
  if changes < 4 then error("the streams came one after the other: " .. table.concat(turns)) end
end)

case("calls that block, outside of tasks", function(host)
  local client = talk.scripted { { { "recv" }, { "sleep", 0.02 }, { "send", REPLY } } }
  local ticks = 0
  local task = gemini.spawn(function()
    for _ = 1, 3 do
      gemini.sleep(0.001)
      ticks = ticks + 1
    end
  end)
  equal("x", ask(client).text)
  equal("x", gemini.run(function() return ask(client).text end))
  host.wait(function() return ticks == 3 end)
  task:await()
end)

case("descriptors that are used again at once", function(host)
  local client, server = talk.scripted { { { "recv" }, { "send", (REPLY:gsub("\r\n", "\r\nConnection: close\r\n", 1)) }, { "close" } } }
  run(host, function()
    for _ = 1, 30 do equal("x", assert(ask(client)).text) end
    for _ = 1, 10 do
      open(client):close()
      equal("x", assert(ask(client)).text)
    end
  end)
  equal(true, #server:requests() >= 40, "requests")
  client, server = talk.scripted { ENDLESS }
  run(host, function()
    for _ = 1, 20 do
      local stream = open(client)
      equal("a", stream:next().text)
      stream:close()
    end
  end)
  equal(20, #server:requests())
end)

case("timers of no time, that let sockets have their turn", function(host)
  local client = talk.scripted { STREAM }
  local rounds, chunks = 0, nil
  run(host, function()
    local reader = gemini.spawn(function() chunks = read(open(client)) end)
    while not chunks do
      gemini.sleep(0)
      coroutine.yield()
      rounds = rounds + 1
    end
    reader:await()
    gemini.sleep(0.001)
  end)
  equal(9, chunks, "chunks")
  equal(true, rounds > 1, "rounds")
end)

case("a task that is ended by another one, by itself, and within a callback", function(host)
  local client, server = talk.scripted { ENDLESS }
  local first = gemini.spawn(function() read(open(client)) end)
  run(host, function()
    local second
    second = gemini.spawn(function()
      read(open(client), function() first:cancel "by another" end)
    end)
    while tostring(first) == "gemini.task: running" do gemini.sleep(0.001) end
    second:cancel "by its parent"
    equal("by its parent", select(2, second:await()).message)
  end)
  equal("by another", select(2, first:await()).message)
  local own
  local watched = gemini.new {
    apiKey = "k", baseUrl = server.url, onResponse = function() own:cancel "by itself" end,
  }
  own = gemini.spawn(function() read(open(watched)) end)
  host.wait(function() return tostring(own) ~= "gemini.task: running" end)
  equal("by itself", select(2, own:await()).message)
  equal(0, loop.live(), "transfers")
  equal(true, server:waitClosed(30))
end)

case("a stream that is closed while somebody waits for it", function(host)
  local client = talk.scripted { ENDLESS }
  local _, err = run(host, function()
    local stream = open(client)
    stream:next()
    gemini.spawn(function()
      gemini.sleep(0.005)
      stream:close()
    end)
    return stream:next()
  end)
  equal("cancelled", err.kind)
  equal(0, loop.live(), "transfers")
end)

case("time limits", function(host)
  local client = talk.scripted { { { "recv" }, { "hold" } } }
  local err = run(host, function()
    local _, err = client.models:generateContent({ model = "m", contents = "x" }, { timeout = 0.05 })
    return err
  end)
  equal("timeout", err.kind)
  err = run(host, function() return select(2, read((client.models:streamGenerateContent(
    { model = "m", contents = "x" }, { idleTimeout = 0.05 })))) end)
  equal("timeout", err.kind)
  equal("no byte for 50 ms", err.message)
end)

case("much that comes at once, to a consumer that is slow", function(host)
  local count = 2000
  local client = talk.scripted {
    { { "recv" }, { "send", talk.sse "" }, { "fill", talk.chunk(("x"):rep(1000)), count },
      { "send", talk.chunk("", "STOP") }, { "close" } },
  }
  local chunks = run(host, function()
    return (read(open(client), function(i) if i % 500 == 0 then gemini.sleep(0.01) end end))
  end)
  equal(count + 1, chunks)
end)

-- Another Lua state, in a thread of its own.
local THREAD = [[
  local path, cpath, url = ...
  package.path, package.cpath = path, cpath
  local gemini = require "gemini"
  local client = gemini.new { apiKey = "k", baseUrl = url }
  local sum = 0
  gemini.run(function()
    gemini.map({ 1, 2, 3, 4, 5, 6, 7, 8 }, function(i)
      assert(client.models:generateContent { model = "m", contents = "x" })
      sum = sum + i
    end)
  end)
  assert(sum == 36)
]]

case("another loop in the same process", function(host, uv)
  local client, server = talk.scripted { { { "recv" }, { "sleep", 0.01 }, { "send", REPLY } } }
  local chunk = string.dump(assert((loadstring or load)(THREAD)))
  local thread = uv.new_thread(chunk, package.path, package.cpath, server.url)
  run(host, function()
    gemini.map({ 1, 2, 3, 4, 5, 6, 7, 8 }, function() assert(ask(client)) end)
  end)
  thread:join()
  equal(16, #server:requests(), "requests")
end)

local contract = { cases = cases, loopback = loopback }

---Ends what a case has left.
function contract.clean()
  talk.stop()
  equal(0, loop.tasks(), "tasks")
end

return contract
