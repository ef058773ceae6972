---Calls beside each other: tasks that yield while they wait.

local emu = require "spec.support.emulator"
local gemini = require "gemini"
local loop = require "gemini.loop"
local run = require "spec.support.run"
local talk = require "spec.support.talk"
local temporary = require "spec.support.temporary"
local timers = require "gemini.loop.timers"

local REPLY = talk.ok '{"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"STOP"}]}'

-- What is raised ends with the place where a task raised it.
local function firstLine(raised)
  return raised:match("^(.-)\nstack traceback:\n.+")
end

local function ask(client)
  return client.models:generateContent { model = "m", contents = "x" }
end

-- A server that lets each of so many calls wait.
local function waiting(seconds)
  return talk.scripted { { { "recv" }, { "sleep", seconds }, { "send", REPLY }, { "close" } } }
end

describe("tasks", function()
  after_each(function()
    temporary.clean()
    talk.stop()
  end)

  it("run beside each other, and give what their functions return", function()
    local client, server = waiting(0.6)
    local seen
    local results = { gemini.run(function(...)
      local running = {}
      for i = 1, 10 do
        running[i] = gemini.spawn(function(n)
          local reply = assert(ask(client))
          seen = seen or #server:requests()
          return n, reply.text
        end, i)
      end
      local sum = 0
      for i, task in ipairs(running) do
        local n, text = task:await()
        assert.same({ i, "x" }, { n, text })
        sum = sum + n
      end
      return sum, nil, ...
    end, "a", nil) }
    assert.same({ 55, nil, "a" }, results)
    assert.equal(10, seen)
  end)

  it("go on while the program waits outside of them", function()
    local client, server = waiting(0.1)
    local done = {}
    local task = gemini.spawn(function()
      for i = 1, 2 do
        assert(ask(client))
        done[i] = true
      end
      return "end"
    end)
    assert.equal(1, select("#", task:await()))
    assert.same({ true, true }, done)
    assert.equal("end", task:await())
    task = gemini.spawn(function() return assert(ask(client)).text end)
    assert(ask(client))
    assert(ask(client))
    assert.equal("gemini.task: ended", tostring(task))
    assert.equal(5, #server:requests())
  end)

  it("wait for each other, and for none twice", function()
    local client = waiting(0.1)
    local first = gemini.spawn(function() return ask(client) end)
    local second = gemini.spawn(function() return first:await() end)
    assert.equal("x", second:await().text)
    assert.equal(second:await(), first:await())
    local ok, problem = pcall(gemini.run, function()
      local own
      own = gemini.spawn(function()
        gemini.spawn(ask, client):await()
        own:await()
      end)
      own:await()
    end)
    assert.is_false(ok)
    assert.truthy(problem:find("task:await: a task can't wait for itself", 1, true), problem)
    local function nothing() end
    for _, nested in ipairs {
      function() gemini.run(nothing) end, function() coroutine.wrap(function() gemini.run(nothing) end)() end,
    } do
      ok, problem = pcall(gemini.run, nested)
      assert.is_false(ok)
      assert.truthy(problem:find("gemini.run: it is running already", 1, true), problem)
    end
  end)

  it("that fail take no other one down, and are heard of", function()
    local client = waiting(0.1)
    local reached = false
    local function failing() error({ "mine" }, 0) end
    local ok, raised = pcall(gemini.run, function()
      gemini.spawn(failing)
      assert(ask(client))
      reached = true
    end)
    assert.is_false(ok)
    assert.same({ "mine" }, raised)
    assert.is_true(reached)
    gemini.run(function()
      local task = gemini.spawn(failing)
      local fine, problem = pcall(task.await, task)
      assert.same({ false, { "mine" } }, { fine, problem })
    end)
    ok, raised = pcall(gemini.run, function() error("own", 0) end)
    assert.same({ false, "own" }, { ok, firstLine(raised) })
  end)

  it("that fail are all heard of, each in the run that it belongs to", function()
    local function failing(with) error(with, 0) end
    local ok, raised = pcall(gemini.run, function()
      local first = gemini.spawn(failing, "first")
      gemini.spawn(failing, "second")
      pcall(first.await, first)
    end)
    assert.same({ false, "second" }, { ok, firstLine(raised) })
    ok, raised = pcall(gemini.run, function()
      gemini.spawn(failing, "other")
      error("main", 0)
    end)
    assert.same({ false, "main" }, { ok, firstLine(raised) })
    gemini.spawn(failing, "outside of all")
    assert.equal("fine", gemini.run(function() return "fine" end))
  end)

  it("may let others go on by a yield of their own, and bytes too", function()
    local client = waiting(0.1)
    local done, rounds = false, 0
    gemini.run(function()
      gemini.spawn(function()
        assert(ask(client))
        done = true
      end)
      while not done do
        rounds = rounds + 1
        coroutine.yield()
      end
    end)
    assert.is_true(rounds > 1)
  end)

  it("that wait for each other are told so, and do not hang", function()
    local ok, problem = pcall(gemini.run, function()
      local first, second
      first = gemini.spawn(function()
        coroutine.yield()
        second:await()
      end)
      second = gemini.spawn(function() first:await() end)
    end)
    assert.is_false(ok)
    assert.truthy(problem:find("tasks wait for each other", 1, true), problem)
  end)

  it("and run take functions alone", function()
    for name, call in pairs { ["gemini.run"] = gemini.run, ["gemini.spawn"] = gemini.spawn } do
      local ok, problem = pcall(call, {})
      assert.is_false(ok)
      assert.truthy(problem:find(name .. ": expected a function, got table", 1, true), problem)
    end
    local ok, problem = pcall(gemini.spawn(function() end).await, {})
    assert.is_false(ok)
    assert.truthy(problem:find("task:await: call it with a colon", 1, true), problem)
  end)

  it("are not kept when they have ended", function()
    collectgarbage()
    collectgarbage()
    local before = collectgarbage "count"
    for _ = 1, 5000 do gemini.spawn(function() end) end
    collectgarbage()
    collectgarbage()
    assert.is_true(collectgarbage "count" - before < 500)
  end)

  it("by the hundred may have coroutines of their own", function()
    local client = waiting(0.01)
    local count = 0
    gemini.run(function()
      for _ = 1, 100 do
        gemini.spawn(function()
          coroutine.wrap(function() assert(ask(client)) end)()
          count = count + 1
        end)
      end
    end)
    assert.equal(100, count)
  end)

  it("that a Ctrl-C meets end all of it", function()
    local output, status = run.lua([[
      local server = require("loopback").start { { { "recv" }, { "hold" } } }
      local gemini = require "gemini"
      local client = gemini.new { apiKey = "k", baseUrl = server.url }
      gemini.run(function()
        gemini.spawn(function() client.models:generateContent { model = "m", contents = "x" } end)
        while true do
          local sum = 0
          for i = 1, 1e6 do sum = sum + i end
          coroutine.yield()
        end
      end)
      print "went on"
    ]], "timeout --foreground -s INT -k 20 1")
    assert.truthy(output:find("interrupted!", 1, true), output)
    assert.falsy(output:find("went on", 1, true), output)
    assert.equal(124, status)
  end)

  it("may have coroutines of their own, in which calls block", function()
    local client = waiting(0.05)
    local texts = gemini.run(function()
      local out = {}
      for text in coroutine.wrap(function()
        for _ = 1, 2 do coroutine.yield(assert(ask(client)).text) end
      end) do
        out[#out + 1] = text
      end
      return out
    end)
    assert.same({ "x", "x" }, texts)
  end)

  it("take their streams in turn", function()
    local event = talk.chunk "x"
    local script = { { "recv" }, { "send", talk.sse "" }, { "drip", event:rep(5), #event, 0.03 }, { "send", talk.chunk("", "STOP") } }
    local client = talk.scripted { script, script, script }
    local order, count = {}, {}
    gemini.run(function()
      for i = 1, 3 do
        gemini.spawn(function()
          -- PUC Lua 5.1 can't yield from a `for`'s iterator.
          local stream = client.models:streamGenerateContent { model = "m", contents = "x" }
          local chunk
          repeat
            chunk = stream:next()
            order[#order + 1], count[i] = i, (count[i] or 0) + 1
          until not chunk
        end)
      end
    end)
    assert.same({ 7, 7, 7 }, count)
    local turns = 0
    for i = 2, #order do turns = turns + (order[i] ~= order[i - 1] and 1 or 0) end
    assert.is_true(turns > 5)
  end)
end)

describe("an upload in a task", function()
  local server

  setup(function() server = emu.start { work = 0 } end)
  teardown(function() server.stop() end)
  after_each(function()
    temporary.clean()
    talk.stop()
  end)

  -- Each chunk is answered after a while, in which the stream brings many events.
  it("holds up no stream: between its chunks events come", function()
    local chunks, event = 6, talk.chunk "x"
    local ACTIVE = talk.http("200 OK", "", "X-Goog-Upload-Status: active\r\n")
    local upload = { { "recv" }, { "send", talk.http("200 OK", "",
      "X-Goog-Upload-Status: active\r\nX-Goog-Upload-URL: /session\r\nX-Goog-Upload-Chunk-Granularity: 262144\r\n") } }
    for i = 1, chunks do
      upload[#upload + 1] = { "recv" }
      upload[#upload + 1] = { "sleep", 0.2 }
      upload[#upload + 1] = { "send", i < chunks and ACTIVE
        or talk.http("200 OK", '{"file":{"name":"files/a"}}', "X-Goog-Upload-Status: final\r\n") }
    end
    local stream = { { "recv" }, { "send", talk.sse "" }, { "drip", event:rep(2000), #event, 0.005 } }
    local client = talk.scripted({ stream, upload })
    local log, file = {}, nil
    gemini.run(function()
      local events = client.models:streamGenerateContent { model = "m", contents = "x" }
      gemini.spawn(function()
        file = assert(client.media:upload {
          path = temporary.file(("x"):rep(262144 * chunks)), mimeType = "text/plain", chunkSize = 262144,
          protocol = "resumable", onProgress = function(sent)
            if sent % 262144 == 0 then log[#log + 1] = "chunk" end
          end,
        })
        log[#log + 1] = "file"
      end)
      while not file do
        assert(events:next())
        log[#log + 1] = "event"
      end
      events:close()
    end)
    assert.equal("files/a", file.name)
    local gaps, last = 0, nil
    for _, each in ipairs(log) do
      if each == "chunk" and last == "chunk" then gaps = gaps + 1 end
      last = each
    end
    assert.equal(0, gaps)
    local _, marks = table.concat(log, " "):gsub("chunk", "")
    assert.is_true(marks >= chunks, marks .. " marks")
  end)

  it("and others beside it are all whole", function()
    local client = gemini.new { apiKey = "k", baseUrl = server.url }
    local data = ("0123456789abcdef"):rep(65536 * 3)
    local sizes = {}
    gemini.run(function()
      for i = 1, 4 do
        gemini.spawn(function()
          local file = assert(client.media:upload {
            data = data:sub(i), mimeType = "text/plain", chunkSize = 524288, onProgress = function() end,
          })
          sizes[i] = tonumber(file.sizeBytes)
        end)
      end
    end)
    assert.same({ #data, #data - 1, #data - 2, #data - 3 }, sizes)
  end)

  it("ends with what its caller's function raises, and takes no other one down", function()
    local client = gemini.new { apiKey = "k", baseUrl = server.url }
    local reached = false
    local ok, raised = pcall(gemini.run, function()
      gemini.spawn(function()
        client.media:upload {
          data = ("x"):rep(20000000), mimeType = "text/plain",
          onProgress = function(sent) if sent > 0 then error("enough", 0) end end,
        }
      end)
      for _ = 1, 3 do assert(client.models:countTokens { model = "gemini-2.5-flash", contents = "x" }) end
      reached = true
    end)
    assert.same({ false, "enough", true }, { ok, firstLine(raised), reached })
  end)

  it("that are cancelled leave nothing to wait for by the clock, though they wait again", function()
    local again = 0
    gemini.run(function()
      local task = gemini.spawn(function()
        repeat
          again = again + 1
          local ok = loop.try(gemini.sleep, 1000)
        until not ok and again == 3
      end)
      task:cancel()
    end)
    assert.is_true(again > 0)
    assert.is_nil(timers.next())
  end)
end)
