---What came back from the state file was not what had gone in, or the file could not be written at all.

local emu = require "spec.support.emulator"

describe("the emulator's state file", function()
  local path, server

  local function restart()
    if server then server.stop() end
    server = emu.start { state = path, work = 0, delay = 0 }
  end

  before_each(function()
    path = os.tmpname()
    os.remove(path)
    restart()
  end)

  after_each(function()
    server.stop()
    server = nil
    os.remove(path)
  end)

  local function ask(verb, target, body) return emu.call(server.url, verb, "/v1beta/" .. target, body) end

  local function good(verb, target, body)
    local response = ask(verb, target, body)
    assert.equal(200, response.status, response.body)
    return emu.json(response), response.body
  end

  local function interaction(depth)
    local tool = '{"type":"function","name":"f","parameters":' .. ('{"a":'):rep(depth) .. "1" .. ("}"):rep(depth) .. "}"
    return '{"model":"gemini-2.5-flash","input":"x","tools":[' .. tool .. "]}"
  end

  it("holds what is as deep as a request may be, and is not hurt by what is deeper", function()
    local id = good("POST", "interactions", interaction(97)).id
    for _, depth in ipairs { 98, 500, 994, 999 } do
      assert.equal(400, ask("POST", "interactions", interaction(depth)).status)
    end
    good("POST", "agents", '{"id":"mine"}')
    local shown = good("GET", "interactions/" .. id)
    restart()
    assert.same(shown, good("GET", "interactions/" .. id))
    good("GET", "agents/mine")
  end)

  it("keeps what is like a mark, an empty list and a long number", function()
    good("POST", "agents", '{"id":"mine","description":"\\u0000[]","tools":[],"base_environment":{"n":1234567890123456}}')
    restart()
    local _, text = good("GET", "agents/mine")
    for _, part in ipairs { '"\\u0000[]"', '"tools":[]', '{"n":1234567890123456}' } do
      assert.truthy(text:find(part, 1, true), text)
    end
  end)

  it("goes on counting requests where another process stopped", function()
    local seen, body = {}, '{"contents":[{"parts":[{"text":"x"}]}]}'
    for _ = 1, 3 do
      restart()
      for _ = 1, 2 do
        local id = good("POST", "models/gemini-2.5-flash:generateContent", body).responseId
        assert.is_nil(seen[id])
        seen[id] = true
      end
    end
  end)

  it("keeps every kind of change, in the order of creation", function()
    good("POST", "corpora", '{"name":"corpora/a"}')
    for i = 1, 4 do good("POST", "corpora/a/documents", ('{"name":"corpora/a/documents/d%d"}'):format(i)) end
    good("PATCH", "corpora/a/documents/d2?updateMask=displayName", '{"displayName":"changed"}')
    good("DELETE", "corpora/a/documents/d3")
    good("POST", "corpora/a/documents", '{"name":"corpora/a/documents/d3"}')
    good("POST", "webhooks", '{"id":"w","uri":"https://a.b/","subscribed_events":["batch.failed"]}')
    local documents, webhooks = good("GET", "corpora/a/documents"), good("GET", "webhooks")
    restart()
    assert.same(documents, good("GET", "corpora/a/documents"))
    assert.same(webhooks, good("GET", "webhooks"))
    local names = {}
    for i, document in ipairs(documents.documents) do names[i] = document.name:match("[^/]+$") end
    assert.same({ "d1", "d2", "d4", "d3" }, names)
  end)

  it("has what changed with something else", function()
    good("POST", "agents", '{"id":"mine"}')
    local id = good("POST", "triggers", '{"schedule":"0 * * * *","time_zone":"UTC","interaction":'
      .. '{"agent":"mine","input":"x"}}').id
    good("POST", "triggers/" .. id .. "/executions", "{}")
    local trigger = good("GET", "triggers/" .. id)
    assert.is_string(trigger.last_run_time)
    restart()
    assert.same(trigger, good("GET", "triggers/" .. id))
  end)

  it("has no trace of a batch that was refused", function()
    good("POST", "corpora", '{"name":"corpora/a"}')
    good("POST", "corpora/a/documents", '{"name":"corpora/a/documents/d"}')
    local parent = "corpora/a/documents/d"
    local request = '{"parent":"%s","chunk":{"name":"%s/chunks/%s","data":{"stringValue":"text"}}}'
    local one, two = request:format(parent, parent, "one"), request:format(parent, parent, "two")
    local both = ('{"requests":[%s,%s]}'):format(one, one)
    assert.equal(409, ask("POST", parent .. "/chunks:batchCreate", both).status)
    restart()
    assert.is_nil(good("GET", parent .. "/chunks").chunks)
    assert.equal(2, #good("POST", parent .. "/chunks:batchCreate", ('{"requests":[%s,%s]}'):format(one, two)).chunks)
  end)

  it("that can't be written is told of at the start", function()
    local other, problem = require("gemini.emulator").new { state = path .. "/none/state.json" }
    assert.is_nil(other)
    assert.truthy(problem:find("/none/state.json", 1, true), problem)
  end)
end)
