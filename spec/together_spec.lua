---Tasks that are ended, and several at once.

local gemini = require "gemini"
local loop = require "gemini.loop"
local run = require "spec.support.run"
local talk = require "spec.support.talk"

local REPLY = talk.ok '{"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"STOP"}]}'
local closes = _VERSION == "Lua 5.4"
-- PUC Lua 5.1 can't yield through a pcall.
local catches = _VERSION ~= "Lua 5.1" or type(rawget(_G, "jit")) == "table"

local function ask(client, call)
  return client.models:generateContent({ model = "m", contents = "x" }, call)
end

local function answering(seconds)
  return talk.scripted { { { "recv" }, { "sleep", seconds }, { "send", REPLY } } }
end

-- A stream of one event that never ends.
local function endless()
  return talk.scripted { { { "recv" }, { "send", talk.sse "" }, { "send", talk.chunk "a" }, { "hold" } } }
end

local function open(client)
  return client.models:streamGenerateContent { model = "m", contents = "x" }
end

describe("task:cancel", function()
  after_each(talk.stop)

  it("ends what the task waits for, and tells those who wait for it", function()
    local client, server = endless()
    local reached = false
    local task = gemini.spawn(function()
      local stream = open(client)
      assert(stream:next())
      stream:next()
      reached = true
    end)
    while #server:requests() == 0 or loop.live() == 0 do gemini.step(0.05) end
    local waiter = gemini.spawn(function() return task:await() end)
    assert.is_true(task:cancel "enough of it")
    assert.equal("gemini.task: cancelled", tostring(task))
    assert.equal(0, loop.live())
    assert.is_true(server:waitClosed(30))
    assert.equal(1, server:stats().peerClosed)
    for _, each in ipairs { task, waiter } do
      local value, err = each:await()
      assert.is_nil(value)
      assert.equal("cancelled", err.kind)
      assert.equal("enough of it", err.message)
      assert.equal("enough of it", err.reason)
      assert.equal("task: cancelled: enough of it", tostring(err))
    end
    assert.is_false(reached)
    assert.is_false(task:cancel())
    assert.is_nil(task:traceback())
  end)

  it("takes any reason, or none", function()
    local reason = { 1 }
    local first, second = gemini.spawn(gemini.sleep, 60), gemini.spawn(gemini.sleep, 60)
    first:cancel(reason)
    second:cancel()
    local _, err = first:await()
    assert.equal(reason, err.reason)
    assert.equal("the task was cancelled", err.message)
    assert.is_nil(select(2, second:await()).reason)
  end)

  it("ends all transfers that the task has begun, and no others", function()
    local client, server = endless()
    local other, own
    local outside = gemini.spawn(function()
      other = open(client)
      assert(other:next())
      other:next()
    end)
    local task = gemini.spawn(function()
      own = open(client)
      assert(own:next())
      gemini.sleep(60)
    end)
    while loop.live() < 2 or #server:requests() < 2 do gemini.step(0.05) end
    task:cancel()
    assert.equal(1, loop.live())
    assert.equal("cancelled", select(2, own:next()).kind)
    outside:cancel()
    assert.equal(0, loop.live())
  end)

  if closes then
    it("runs what the task has still to close, and calls may be made there", function()
      local client = answering(0.02)
      local closed
      local task = gemini.spawn(load [[
        local gemini, ask, client, note = ...
        local guard <close> = setmetatable({}, { __close = function(_, err) note(err, ask(client).text) end })
        gemini.sleep(60)
      ]], gemini, ask, client, function(err, text) closed = { err.kind, text } end)
      task:cancel()
      assert.same({ "cancelled", "x" }, closed)
      assert.equal("cancelled", select(2, task:await()).kind)
    end)

    it("tells of what is raised while it closes", function()
      local task = gemini.spawn(load [[
        local gemini = ...
        local guard <close> = setmetatable({}, { __close = function() error("can't close", 0) end })
        gemini.sleep(60)
      ]], gemini)
      task:cancel()
      assert.same({ false, "can't close" }, { pcall(task.await, task) })
    end)
  end

  if catches then
    it("is raised again wherever a task waits that has caught it", function()
      local kinds = {}
      local task = gemini.spawn(function()
        for i = 1, 3 do
          local _, err = pcall(gemini.sleep, 60)
          kinds[i] = err.kind
        end
        return "went on"
      end)
      task:cancel()
      assert.same({ "cancelled", "cancelled", "cancelled" }, kinds)
      assert.equal("cancelled", select(2, task:await()).kind)
    end)
  end

  it("ends a task by itself, one that has a coroutine of its own, and one that only lets others go on", function()
    local client, server = answering(60)
    local reached = false
    local results = {}
    gemini.run(function()
      local own
      own = gemini.spawn(function()
        coroutine.yield()
        own:cancel "myself"
        reached = true
      end)
      local nested = gemini.spawn(function()
        coroutine.yield()
        coroutine.wrap(function()
          ask(client)
          reached = true
        end)()
      end)
      local generous = gemini.spawn(function() while true do coroutine.yield() end end)
      -- By then it waits in a coroutine that is no task.
      repeat gemini.sleep(0.01) until #server:requests() > 0
      nested:cancel "nested"
      generous:cancel "generous"
      results = { own, nested, generous }
    end)
    assert.is_false(reached)
    for i, message in ipairs { "myself", "nested", "generous" } do
      assert.equal(message, select(2, results[i]:await()).message)
    end
    assert.equal(1, #server:requests())
    assert.equal(0, loop.live())
  end)

  it("leaves an upload to be gone on with", function()
    local begun = talk.http("200 OK", "", "X-Goog-Upload-Status: active\r\nX-Goog-Upload-URL: /session\r\n" ..
      "X-Goog-Upload-Chunk-Granularity: 4\r\n")
    local client, server = talk.scripted { { { "recv" }, { "send", begun }, { "recv" }, { "hold" } } }
    local session
    local task = gemini.spawn(function()
      client.media:upload {
        data = "0123456789", mimeType = "text/plain", protocol = "resumable", chunkSize = 4,
        onProgress = function(_, _, upload) session = upload.session end,
      }
    end)
    while #server:requests() < 2 do gemini.step(0.05) end
    task:cancel()
    assert.equal("cancelled", select(2, task:await()).kind)
    assert.truthy(session.url:find("/session", 1, true))
    assert.equal(0, loop.live())
  end)
end)

describe("a task that fails", function()
  it("tells of the place, through all that waited for it", function()
    local function deep() error "deep down" end
    local ok, raised = pcall(gemini.run, function()
      local inner = gemini.spawn(function()
        gemini.sleep(0.001)
        deep()
      end)
      inner:await()
    end)
    assert.is_false(ok)
    assert.truthy(raised:find("^[^\n]*together_spec.lua:%d+: deep down\nstack traceback:"), raised)
    assert.truthy(raised:find("in %S* *%S*deep", 1), raised)
    local _, places = raised:gsub("stack traceback:", "")
    assert.equal(2, places)
  end)

  it("has its traceback", function()
    local task = gemini.spawn(function() error { "mine" } end)
    assert.same({ false, { "mine" } }, { pcall(task.await, task) })
    assert.truthy(task:traceback():find("together_spec.lua", 1, true))
    local client = talk.answering(talk.http("404 Not Found", '{"error":{"code":404,"message":"no"}}'))
    local _, err = pcall(gemini.run, function()
      local stream = open(client)
      local _, problem = stream:next()
      error(problem)
    end)
    assert.equal(404, err.code)
    assert.truthy(err.traceback:find("together_spec.lua", 1, true))
    talk.stop()
  end)
end)

describe("gemini.map", function()
  after_each(talk.stop)

  it("gives what a function returned for each item, and the errors, in order", function()
    local client, server = talk.scripted {
      { { "recv" }, { "sleep", 0.1 }, { "send", REPLY }, { "close" } },
      { { "recv" }, { "send", talk.http("404 Not Found", '{"error":{"code":404,"message":"no"}}') }, { "close" } },
      { { "recv" }, { "send", talk.sse "" }, { "send", talk.chunk "a" }, { "close" } },
    }
    local results, errors = gemini.map({ 10, 20, 30, 40 }, function(item, place)
      if place == 4 then return nil end
      if place < 3 then
        gemini.sleep(0.03 * place)
        local reply, err = ask(client)
        return reply and reply.text .. item, err
      end
      gemini.sleep(0.2)
      local stream = open(client)
      repeat
        local chunk, err = stream:next()
        if err then error(err, 0) end
      until not chunk
    end)
    assert.equal("x10", results[1])
    assert.same({ nil, nil, nil, 4 }, { results[2], results[3], results[4], results.n })
    assert.equal(404, errors[2].code)
    assert.equal("truncated", errors[3].kind)
    assert.same({ nil, nil }, { errors[1], errors[4] })
    assert.equal(3, #server:requests())
  end)

  it("runs so many at once", function()
    local client, server = answering(0.05)
    local running, most = 0, 0
    local function one()
      running = running + 1
      most = math.max(most, running)
      assert(ask(client))
      running = running - 1
      return true
    end
    local list = {}
    for i = 1, 20 do list[i] = i end
    gemini.run(function() gemini.map(list, one, { concurrency = 3 }) end)
    assert.equal(3, most)
    gemini.map(list, one)
    assert.equal(8, most)
    assert.equal(40, #server:requests())
    assert.same({ n = 0 }, (gemini.map({}, one)))
  end)

  it("raises what the function does wrong, and ends the others", function()
    local client = answering(60)
    for _, call in ipairs { function(fn) return fn() end, gemini.run } do
      local begun = 0
      local ok, raised = pcall(call, function()
        gemini.map({ 1, 2, 3, 4, 5 }, function(item)
          begun = begun + 1
          if item == 3 then error "wrong" end
          ask(client)
        end, { concurrency = 3 })
      end)
      assert.is_false(ok)
      assert.truthy(raised:find("together_spec.lua:%d+: wrong"), raised)
      assert.equal(3, begun)
      assert.equal(0, loop.tasks())
      assert.equal(0, loop.live())
    end
  end)

  it("ends with the task that waits for it", function()
    local client = answering(60)
    local task = gemini.spawn(function() gemini.map({ 1, 2, 3 }, function() ask(client) end) end)
    assert.equal(3, loop.live())
    task:cancel()
    assert.equal(0, loop.live())
    assert.equal(0, loop.tasks())
  end)

  it("names what is wrong with its arguments", function()
    for problem, arguments in pairs {
      ["gemini.map: expected a list, got string"] = { "abc", print },
      ["gemini.map: fn: expected a function, got nil"] = { {} },
      ["gemini.map: concurrency must be a positive number of calls, got 0"] = { {}, print, { concurrency = 0 } },
      ["gemini.map: unknown option 'concurency', did you mean 'concurrency'?"] = { {}, print, { concurency = 2 } },
    } do
      local ok, raised = pcall(gemini.map, arguments[1], arguments[2], arguments[3])
      assert.is_false(ok)
      assert.truthy(raised:find(problem, 1, true), raised)
    end
  end)
end)

describe("gemini.all and gemini.race", function()
  after_each(talk.stop)

  it("wait for functions and tasks", function()
    local client = answering(0.02)
    local task = gemini.spawn(function() return "task" end)
    local results, errors = gemini.all {
      function() return ask(client).text end, task, function() return nil, "no" end,
      gemini.spawn(function()
        gemini.sleep(0.05)
        return "late"
      end),
    }
    assert.same({ "x", "task", nil, "late", n = 4 }, results)
    assert.same({ [3] = "no" }, errors)
  end)

  it("give the first, and end the other functions but no tasks", function()
    local client, server = answering(60)
    local slow = gemini.spawn(function()
      gemini.sleep(0.05)
      return "task"
    end)
    local function two()
      gemini.sleep(0.001)
      return "first", 2
    end
    assert.same({ "first", 2 }, { gemini.race { function() return ask(client) end, two, slow } })
    assert.equal(0, loop.live())
    assert.is_true(server:waitClosed(30))
    assert.equal("task", slow:await())
    local ok, raised = pcall(gemini.race, { function() error("lost", 0) end, slow })
    assert.same({ false, "lost" }, { ok, raised })
  end)

  it("name what is wrong with their arguments", function()
    for problem, call in pairs {
      ["gemini.race: the list is empty"] = function() gemini.race {} end,
      ["gemini.race: expected functions and tasks, got a number at [2]"] = function() gemini.race { print, 2 } end,
      ["gemini.all: expected a list, got nil"] = function() gemini.all() end,
    } do
      local ok, raised = pcall(call)
      assert.is_false(ok)
      assert.truthy(raised:find(problem, 1, true), raised)
    end
  end)
end)

describe("gemini.timeout and gemini.sleep", function()
  after_each(talk.stop)

  it("end what takes too long, and pass on what does not", function()
    local client, server = answering(60)
    for _, call in ipairs { function(fn) return fn() end, gemini.run } do
      call(function()
        local value, err = gemini.timeout(0.1, ask, client)
        assert.is_nil(value)
        assert.equal("timeout", err.kind)
        assert.equal("not done within 0.1 s", err.message)
        assert.equal(0, loop.live())
        assert.same({ 1, nil, "three" }, { gemini.timeout(20, function(...) return ... end, 1, nil, "three") })
        assert.same({ nil, "world" }, { gemini.timeout(20, function() return nil, "world" end) })
      end)
    end
    local ok, raised = pcall(gemini.timeout, 20, function() error("own", 0) end)
    assert.same({ false, "own" }, { ok, raised })
    assert.equal(2, #server:requests())
  end)

  it("name what is wrong with their arguments", function()
    for problem, call in pairs {
      ["gemini.sleep: expected a number of seconds, got -1"] = function() gemini.sleep(-1) end,
      ["gemini.timeout: expected a number of seconds, got nil"] = function() gemini.timeout(nil, print) end,
      ["gemini.timeout: fn: expected a function, got number"] = function() gemini.timeout(1, 2) end,
    } do
      local ok, raised = pcall(call)
      assert.is_false(ok)
      assert.truthy(raised:find(problem, 1, true), raised)
    end
  end)
end)

describe("gemini.step", function()
  after_each(talk.stop)

  it("lets tasks go on, and tells whether there are any", function()
    local client = answering(0.05)
    assert.is_false(gemini.step(0))
    local text
    gemini.spawn(function() text = ask(client).text end)
    local steps = 0
    while gemini.step(0.01) do steps = steps + 1 end
    assert.equal("x", text)
    assert.is_true(steps > 0)
  end)

  it("leaves to the next step what it has no time for", function()
    local rounds = {}
    for i = 1, 20 do
      gemini.spawn(function()
        coroutine.yield()
        local ends = require("gemini.transport").now() + 0.002
        while require("gemini.transport").now() < ends do end
        rounds[#rounds + 1] = i
      end)
    end
    local steps = 0
    while gemini.step(0, { budget = 0.001 }) do steps = steps + 1 end
    assert.equal(20, #rounds)
    assert.is_true(steps >= 19, steps)
  end)

  it("takes no more of a stream at once than it has time for", function()
    local count = 4000
    local client, server = talk.scripted {
      { { "recv" }, { "send", talk.sse "" }, { "fill", talk.chunk "a", count }, { "send", talk.chunk("", "STOP") }, { "close" } },
    }
    local chunks = 0
    gemini.spawn(function()
      local stream = open(client)
      while stream:next() do chunks = chunks + 1 end
    end)
    local steps = 0
    while gemini.step(0, { budget = 0.001 }) do steps = steps + 1 end
    assert.equal(count + 1, chunks)
    assert.is_true(steps > 3, steps)
    assert.is_true(server:waitClosed(30))
  end)

  it("raises what a task raised that nobody waits for", function()
    gemini.spawn(function() error "nobody hears" end)
    local ok, raised = pcall(gemini.step)
    assert.is_false(ok)
    assert.truthy(raised:find("nobody hears\nstack traceback:", 1, true), raised)
    assert.is_false(gemini.step())
    local heard
    gemini.spawn(function()
      local child = gemini.spawn(function()
        gemini.sleep(0.001)
        error("child", 0)
      end)
      gemini.sleep(0.02)
      heard = { (pcall(child.await, child)) }
    end)
    if catches then
      while gemini.step(0.01) do end
      assert.same({ false }, heard)
    end
  end)

  it("is not for tasks, and names what is wrong with its arguments", function()
    local ok, raised = pcall(gemini.run, function() gemini.step(0) end)
    assert.is_false(ok)
    assert.truthy(raised:find("gemini.step: a task can't drive the others", 1, true), raised)
    for problem, call in pairs {
      ["gemini.step: expected a number of seconds, got x"] = function() gemini.step "x" end,
      ["gemini.step: budget must be a positive number of seconds, got 0"] = function() gemini.step(0, { budget = 0 }) end,
    } do
      ok, raised = pcall(call)
      assert.is_false(ok)
      assert.truthy(raised:find(problem, 1, true), raised)
    end
  end)
end)

describe("gemini.adopt", function()
  after_each(talk.stop)

  it("lets calls yield in somebody else's coroutine", function()
    local client = answering(0.05)
    local ready, text, yields = {}, nil, 0
    local co = coroutine.create(function()
      text = ask(client).text
      gemini.sleep(0.01)
      coroutine.yield "its own"
      text = text .. ask(client).text
    end)
    gemini.adopt(co, function(each) ready[#ready + 1] = each end)
    local values = {}
    ready[1] = co
    while coroutine.status(co) ~= "dead" do
      local each = table.remove(ready, 1)
      if each then
        local ok, value = coroutine.resume(each)
        assert.is_true(ok, value)
        yields = yields + 1
        values[#values + 1] = value
        if value == "its own" then ready[#ready + 1] = each end
      end
      gemini.step(0.01)
    end
    assert.equal("xx", text)
    assert.same({ "its own" }, values)
    assert.is_true(yields > 2)
    assert.equal(0, loop.tasks())
  end)

  it("lets it go on by itself where nobody else does, and be cancelled", function()
    local client = answering(0.02)
    local co = coroutine.create(function() return ask(client).text end)
    local task = gemini.adopt(co)
    assert.equal("x", task:await())
    co = coroutine.create(function() gemini.sleep(60) end)
    task = gemini.adopt(co, coroutine.resume)
    assert.is_true(coroutine.resume(co))
    assert.is_true(task:cancel "stop")
    assert.equal("dead", coroutine.status(co))
  end)

  it("refuses what is a task already", function()
    gemini.run(function()
      local ok, raised = pcall(gemini.adopt, (coroutine.running()))
      assert.is_false(ok)
      assert.truthy(raised:find("gemini.adopt: the coroutine is a task already", 1, true), raised)
    end)
    local ok, raised = pcall(gemini.adopt, print)
    assert.is_false(ok)
    assert.truthy(raised:find("gemini.adopt: expected a thread, got function", 1, true), raised)
  end)
end)

describe("a Ctrl-C", function()
  it("ends all tasks, and their transfers", function()
    local output = run.lua([[
      local server = require("loopback").start { { { "recv" }, { "hold" } } }
      local gemini = require "gemini"
      local client = gemini.new { apiKey = "k", baseUrl = server.url }
      local task
      print(pcall(gemini.run, function()
        task = gemini.spawn(function() client.models:generateContent { model = "m", contents = "x" } end)
        while true do gemini.sleep(0.01) end
      end))
      print(task, require("gemini.loop").live(), require("gemini.loop").tasks())
    ]], "timeout --foreground -s INT -k 20 1")
    assert.truthy(output:find("interrupted!", 1, true), output)
    assert.truthy(output:find("gemini.task: cancelled\t0\t0", 1, true), output)
  end)
end)
