---Limits that all calls of a client share.

local gemini = require "gemini"
local talk = require "spec.support.talk"

local REPLY = talk.ok '{"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"STOP"}]}'
local QUOTA = [[{"error":{"code":429,"message":"slower","status":"RESOURCE_EXHAUSTED","details":[
  {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"%s"}]}}]]

local function ask(client, call)
  return client.models:generateContent({ model = "m", contents = "x" }, call)
end

local function limited(server, limit, more)
  local given = { apiKey = "k", baseUrl = server.url, limit = limit, retry = false }
  for name, value in pairs(more or {}) do given[name] = value end
  return gemini.new(given)
end

local function answering(seconds)
  local _, server = talk.scripted { { { "recv" }, { "sleep", seconds }, { "send", REPLY } } }
  return server
end

describe("a client's limit", function()
  after_each(talk.stop)

  it("lets so many requests out at once, in the order of their calls", function()
    local server = answering(0.05)
    local client = limited(server, { concurrency = 2 })
    local answered, most, order = 0, 0, {}
    gemini.run(function()
      for i = 1, 8 do
        gemini.spawn(function()
          assert(ask(client))
          most = math.max(most, #server:requests() - answered)
          answered = answered + 1
          order[#order + 1] = math.ceil(i / 2)
        end)
      end
    end)
    assert.equal(2, most)
    assert.same({ 1, 1, 2, 2, 3, 3, 4, 4 }, order)
  end)

  it("holds calls outside of tasks to it, too", function()
    local _, server = talk.scripted {
      { { "recv" }, { "send", talk.sse "" }, { "send", talk.chunk "a" }, { "hold" } }, { { "recv" }, { "send", REPLY } },
    }
    local client = limited(server, { concurrency = 1 })
    local stream = client.models:streamGenerateContent { model = "m", contents = "x" }
    assert.equal("a", stream:next().text)
    local reply, err = ask(client, { timeout = 0.1 })
    assert.is_nil(reply)
    assert.equal("timeout", err.kind)
    assert.equal("the client's limit left no room within 0.1 s", err.message)
    assert.equal(0, err.attempts)
    assert.truthy(tostring(err):find("(give a longer timeout, or raise limit)", 1, true))
    assert.equal(1, #server:requests())
    stream:close()
    assert.equal("x", ask(client).text)
  end)

  it("is not held up by a stream that was left open and forgotten", function()
    local _, server = talk.scripted {
      { { "recv" }, { "send", talk.sse "" }, { "send", talk.chunk "a" }, { "hold" } }, { { "recv" }, { "send", REPLY } },
    }
    local client = limited(server, { concurrency = 1 })
    assert.equal("a", client.models:streamGenerateContent({ model = "m", contents = "x" }):next().text)
    assert.equal("x", ask(client).text)
  end)

  it("lets so many calls begin a minute", function()
    local server = answering(0)
    local client = limited(server, { perMinute = 3 })
    for _ = 1, 3 do assert(ask(client)) end
    local _, err = ask(client, { timeout = 0.1 })
    assert.equal("timeout", err.kind)
    assert.equal(3, #server:requests())
    local other = limited(server, { perMinute = 3 })
    assert(ask(other))
  end)

  it("lets all wait where the server tells one to", function()
    local transport = require "gemini.transport"
    local _, server = talk.scripted {
      { { "recv" }, { "send", talk.http("429 Too Many Requests", QUOTA:format "0.2s") }, { "close" } },
      { { "recv" }, { "send", REPLY } },
    }
    local client = limited(server, {})
    local results = {}
    gemini.run(function()
      local _, err = ask(client)
      assert.equal(429, err.code)
      local told = transport.now()
      for i = 1, 3 do
        gemini.spawn(function()
          assert(ask(client))
          results[i] = transport.now() - told
        end)
      end
    end)
    for i = 1, 3 do assert.is_true(results[i] >= 0.2, results[i]) end
  end)

  it("waits for no delay that nobody would wait for, nor where no limit is asked for", function()
    for delay, limit in pairs { ["90000s"] = {}, ["30s"] = false } do
      local _, server = talk.scripted {
        { { "recv" }, { "send", talk.http("429 Too Many Requests", QUOTA:format(delay)) }, { "close" } },
        { { "recv" }, { "send", REPLY } },
      }
      local client = limited(server, limit or nil)
      assert.equal(429, select(2, ask(client)).code)
      assert.equal("x", ask(client, { timeout = 20 }).text)
      talk.stop()
    end
  end)

  it("gives the turn of a task that is cancelled to the next", function()
    local server = answering(0.2)
    local client = limited(server, { concurrency = 1 })
    local first, second, third
    gemini.run(function()
      first = gemini.spawn(ask, client)
      second = gemini.spawn(ask, client)
      third = gemini.spawn(ask, client)
      second:cancel "not needed"
    end)
    assert.equal("x", first:await().text)
    assert.equal("not needed", select(2, second:await()).message)
    assert.equal("x", third:await().text)
    assert.equal(2, #server:requests())
  end)

  it("is refused where it is none", function()
    for limit, problem in pairs {
      [{ concurrency = 0 }] = "limit: concurrency must be a positive number of requests, got 0",
      [{ perSecond = 1 }] = "limit: unknown option 'perSecond'",
      [8] = "limit must be a table of limits, got number",
    } do
      local ok, raised = pcall(gemini.new, { apiKey = "k", limit = limit })
      assert.is_false(ok)
      assert.truthy(raised:find("gemini.new: " .. problem, 1, true), raised)
    end
  end)
end)
