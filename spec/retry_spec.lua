---Calls that are sent again: behind what, how often, after how long; and what is never sent twice.

local gemini = require "gemini"
local live = require "spec.support.live"
local loop = require "gemini.loop"
local talk = require "spec.support.talk"
local transport = require "gemini.transport"

local REPLY = talk.ok '{"candidates":[{"content":{"parts":[{"text":"hello"}]},"finishReason":"STOP"}]}'
local BREAK = { { "recv" }, { "reset" } }

-- A policy that waits no longer than a spec does.
local SOON = { delay = 0.001 }

local function refusal(status, more)
  return talk.http(status, ('{"error":{"code":%s,"message":"no"}}'):format(status:match "%d+"), more)
end

-- RetryInfo, as Google has it.
local function askingFor(delay)
  return talk.http("429 Too Many Requests", ('{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"no","details":['
    .. '{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"%s"}]}}'):format(delay))
end

-- A server whose connections do so, in turn: an answer, or a script.
local function serving(options, ...)
  local scripts = {}
  for i = 1, select("#", ...) do
    local answer = select(i, ...)
    scripts[i] = type(answer) == "string" and talk.last(answer) or answer
  end
  return talk.scripted(scripts, options)
end

local function ask(client, call)
  return client.models:generateContent({ model = "m", contents = "x" }, call)
end

local function stream(client, call)
  return (client.models:streamGenerateContent({ model = "m", contents = "x" }, call))
end

-- Options whose waits are noted.
local function noting(retry)
  local told = {}
  return {
    retry = retry,
    onRetry = function(err, attempt, wait) told[#told + 1] = { err = err, attempt = attempt, wait = wait } end,
  }, told
end

describe("a call that breaks", function()
  after_each(talk.stop)

  local BROKEN = {
    ["408"] = refusal "408 Request Timeout", ["429"] = refusal "429 Too Many Requests", ["500"] = refusal "500 Oops",
    ["502"] = talk.http("502 Bad Gateway", "<html><title>No</title></html>", "Content-Type: text/html\r\n"),
    ["503"] = refusal "503 Busy", ["504"] = refusal "504 Late",
    ["a 503 in an answer with status 200"] = talk.ok '{"error":{"code":503,"message":"no","status":"UNAVAILABLE"}}',
    ["a connection that is reset"] = BREAK,
    ["a connection that ends without an answer"] = { { "recv" }, { "close" } },
    ["headers that are cut off"] = { { "recv" }, { "send", "HTTP/1.1 200 OK\r\nContent-Le" }, { "close" } },
    ["a body that is cut off"] = { { "recv" }, { "send", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{" }, { "close" } },
    ["JSON that is cut off"] = talk.ok '{"candidates":[',
  }

  for name, broken in pairs(BROKEN) do
    it("by " .. name .. " is sent again", function()
      local options, told = noting(SOON)
      local client, server = serving(options, broken, REPLY)
      local reply, err = ask(client)
      assert.is_nil(err)
      assert.equal("hello", reply.text)
      assert.equal(2, #server:requests())
      assert.same(talk.sent(1).body, talk.sent(2).body)
      assert.same({ 1, 1 }, { #told, told[1].attempt })
      assert.truthy(tostring(told[1].err):find("models.generateContent", 1, true))
    end)
  end

  for _, status in ipairs { "400 Bad", "401 Who", "403 No", "404 Where", "409 Conflict", "412 Failed", "501 What" } do
    it("by " .. status .. " is not", function()
      local options, told = noting(SOON)
      local client, server = serving(options, refusal(status), REPLY)
      local reply, err = ask(client)
      assert.is_nil(reply)
      assert.same({ "api", tonumber(status:match "%d+"), 1 }, { err.kind, err.code, err.attempts })
      assert.same({ 1, 0 }, { #server:requests(), #told })
    end)
  end

  it("by what is no reply is not", function()
    for _, answer in ipairs { talk.ok "{]", talk.ok "[]", talk.http("200 OK", "") } do
      local client, server = serving({ retry = SOON }, answer, REPLY)
      local reply, err = ask(client)
      assert.is_nil(reply)
      assert.same({ "protocol", 1 }, { err.kind, #server:requests() })
    end
  end)

  it("by silence is sent again, where there is time", function()
    local client, server = serving({ retry = SOON }, { { "recv" }, { "hold" } }, REPLY)
    assert.equal("hello", assert(ask(client, { idleTimeout = 0.1, timeout = 20 })).text)
    assert.equal(2, #server:requests())
  end)

  it("is sent so often, and tells how often", function()
    local busy = refusal "503 Busy"
    for most = 1, 4 do
      local client, server = serving({ retry = { attempts = most, delay = 0.001 } }, busy, busy, busy, busy, busy)
      local reply, err = ask(client)
      assert.is_nil(reply)
      assert.same({ 503, most }, { err.code, err.attempts })
      assert.equal(most, #server:requests())
    end
  end)

  it("is sent five times, and not at all again where nobody wants that", function()
    local busy = refusal "503 Busy"
    local client, server = serving({ retry = SOON }, busy, busy, busy, busy, busy, REPLY)
    assert.equal(5, select(2, ask(client)).attempts)
    assert.equal(5, #server:requests())
    client, server = serving({ retry = false }, busy, REPLY)
    assert.equal(1, select(2, ask(client)).attempts)
    assert.equal(1, #server:requests())
    client, server = serving({ retry = SOON }, busy, REPLY)
    assert.equal(1, select(2, ask(client, { retry = false })).attempts)
    assert.equal(1, #server:requests())
    client, server = serving({ retry = false }, busy, busy, busy, REPLY)
    assert.equal(2, select(2, ask(client, { retry = { attempts = 2, delay = 0 } })).attempts)
    assert.equal(2, #server:requests())
  end)

  it("waits twice as long each time, and no longer than is said", function()
    local busy = refusal "503 Busy"
    local options, told = noting { attempts = 6, delay = 0.01, maxDelay = 0.05 }
    local began = transport.now()
    ask((serving(options, busy, busy, busy, busy, busy, busy)))
    local sum = 0
    for i, most in ipairs { 0.01, 0.02, 0.04, 0.05, 0.05 } do
      assert.is_true(told[i].wait >= most / 2 and told[i].wait <= most, told[i].wait)
      sum = sum + told[i].wait
    end
    assert.equal(5, #told)
    assert.is_true(transport.now() - began >= sum)
  end)

  it("waits as long as the server says, and a second more, for it cuts them", function()
    for _, answer in ipairs { askingFor "0.05s", refusal("503 Busy", "Retry-After: 0\r\n") } do
      local options, told = noting(SOON)
      local client = serving(options, answer, REPLY)
      local began = transport.now()
      assert.equal("hello", assert(ask(client)).text)
      assert.equal(1 + (told[1].err.retryAfter or 0), told[1].wait)
      assert.is_true(transport.now() - began >= told[1].wait)
    end
  end)

  it("is given up where the server wants more than the longest wait, or more than the call has", function()
    for delay, case in pairs {
      ["3600s"] = { {}, {} }, ["20s"] = { { maxDelay = 10 }, {} }, ["5s"] = { {}, { timeout = 3 } },
    } do
      local client, server = serving({ retry = case[1] }, askingFor(delay), REPLY)
      local began = transport.now()
      local reply, err = ask(client, case[2])
      assert.is_nil(reply)
      assert.same({ 429, tonumber(delay:match "%d+"), 1 }, { err.code, err.retryAfter, err.attempts })
      assert.equal(1, #server:requests())
      assert.is_true(transport.now() - began < 1)
    end
  end)

  it("has one timeout for all that is sent", function()
    local hold = { { "recv" }, { "hold" } }
    local client = serving({ retry = SOON }, BREAK, hold)
    local began = transport.now()
    local reply, err = ask(client, { timeout = 0.4 })
    assert.is_nil(reply)
    assert.same({ "timeout", "no complete answer within 0.4 s", 2 }, { err.kind, err.message, err.attempts })
    assert.is_true(transport.now() - began < 0.65)
  end)

  it("lets other tasks go on while it waits, and is ended with its own", function()
    local options, told = noting { delay = 100, maxDelay = 100 }
    local client, server = serving(options, refusal "503 Busy", REPLY)
    local results
    gemini.run(function()
      local task = gemini.spawn(ask, client)
      while not told[1] do gemini.sleep(0.001) end
      task:cancel "no time"
      results = { task:await() }
    end)
    assert.equal("no time", results[2].reason)
    assert.equal(1, #server:requests())
    live.none()
  end)

  it("is ended by what onRetry raises", function()
    local client, server = serving({ retry = SOON, onRetry = function() error("mine", 0) end }, BREAK, REPLY)
    local ok, raised = pcall(ask, client)
    assert.same({ false, "mine" }, { ok, raised })
    assert.equal(1, #server:requests())
    live.none()
  end)

  it("tells the call's onRetry in the client's place", function()
    local options, told = noting(SOON)
    local own = 0
    ask((serving(options, BREAK, REPLY)), { onRetry = function() own = own + 1 end })
    assert.same({ 0, 1 }, { #told, own })
  end)

  it("may be one for a page, or a look at what is under way", function()
    local busy = refusal "503 Busy"
    local client = serving({ retry = SOON }, talk.ok '{"models":[{"name":"models/a"}],"nextPageToken":"t"}', busy,
      talk.ok '{"models":[{"name":"models/b"}]}')
    local names = {}
    for model in client.models:list() do names[#names + 1] = model.name end
    assert.same({ "models/a", "models/b" }, names)
    client = serving({ retry = SOON }, talk.ok '{"name":"models/m/operations/o"}', busy,
      talk.ok '{"name":"models/m/operations/o","done":true,"response":{"x":1}}')
    local operation = assert(client.models.operations:get { name = "models/m/operations/o" })
    assert.equal(1, assert(operation:wait { interval = 0.01 }).response.x)
    client = serving({ retry = SOON }, busy, talk.ok '{"name":"files/a","state":"ACTIVE"}')
    assert.equal("files/a", assert(client.files:waitActive { name = "files/a" }).name)
  end)

  it("was sent by wrong options not at all", function()
    for problem, retry in pairs {
      ["retry: attempts must be a positive number of requests, got 0"] = { attempts = 0 },
      ["retry: unknown option 'attempt', did you mean 'attempts'?"] = { attempt = 2 },
      ["retry: delay must be a number of seconds, got -1"] = { delay = -1 },
      ["retry must be false, or a table of options, got boolean"] = true,
    } do
      local ok, raised = pcall(gemini.new, { apiKey = "k", retry = retry })
      assert.is_false(ok)
      assert.truthy(raised:find(problem, 1, true), raised)
      local client, server = serving({}, REPLY)
      ok, raised = pcall(ask, client, { retry = retry })
      assert.is_false(ok)
      assert.truthy(raised:find(problem, 1, true), raised)
      assert.equal(0, #server:requests())
    end
  end)
end)

describe("a stream that breaks", function()
  after_each(talk.stop)

  local WHOLE = talk.sse(talk.chunk "hel" .. talk.chunk("lo", "STOP"))
  local EMPTY = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"

  for name, broken in pairs {
    ["by a refusal"] = refusal "503 Busy", ["by an error in the place of its first event"] = talk.sse
      'data: {"error":{"code":503,"message":"no"}}\r\n\r\n', ["before its answer"] = BREAK,
    ["before its first event"] = EMPTY,
    ["in its first event"] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 99\r\n\r\ndata: {",
    ["behind a comment"] = EMPTY .. ": hm\r\n\r\n",
  } do
    it(name .. " begins again", function()
      local client, server = serving({ retry = SOON }, broken, WHOLE)
      local reply, err = stream(client):collect()
      assert.is_nil(err)
      assert.equal("hello", reply.text)
      assert.equal(2, #server:requests())
    end)
  end

  for name, behind in pairs {
    [""] = "", [" by an error"] = 'data: {"error":{"code":503,"message":"no"}}\r\n\r\n', [" in an event"] = "data: {",
  } do
    it("behind its first event" .. name .. " does not", function()
      local options, told = noting(SOON)
      local client, server = serving(options, talk.sse(talk.chunk "hel" .. behind), WHOLE)
      local reply, err = stream(client):collect()
      assert.is_nil(reply)
      assert.same({ "hel", 1 }, { err.partial.text, err.attempts })
      assert.same({ 1, 0 }, { #server:requests(), #told })
    end)
  end

  it("is given up like a call", function()
    local busy = refusal "503 Busy"
    local client, server = serving({ retry = { attempts = 3, delay = 0.001 } }, busy, busy, busy, busy)
    local reply, err = stream(client):collect()
    assert.is_nil(reply)
    assert.same({ 503, 3, 3 }, { err.code, err.attempts, #server:requests() })
    client = serving({ retry = SOON }, BREAK, { { "recv" }, { "hold" } })
    reply, err = stream(client, { timeout = 0.4 }):collect()
    assert.is_nil(reply)
    assert.same({ "timeout", "no complete answer within 0.4 s", 2 }, { err.kind, err.message, err.attempts })
  end)

  it("is not begun again where it was closed while it waited", function()
    local options = { retry = { delay = 0.05 } }
    local client, server = serving(options, refusal "503 Busy", WHOLE)
    local err
    gemini.run(function()
      local answer = stream(client)
      local task = gemini.spawn(function() return answer:next() end)
      while #server:requests() == 0 or loop.live() > 0 do gemini.sleep(0.001) end
      answer:close()
      err = select(2, task:await())
    end)
    assert.equal("cancelled", err.kind)
    assert.equal(1, #server:requests())
    live.none()
  end)
end)

describe("what makes something", function()
  after_each(talk.stop)

  local MADE = talk.ok '{"name":"corpora/a"}'

  local function create(client, call) return client.corpora:create({ displayName = "a" }, call) end

  local CUT = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"
  local MAY_BE_MADE = {
    BREAK, { { "recv" }, { "close" } }, { { "recv" }, { "send", CUT }, { "close" } }, refusal "500 Oops", refusal "502 Bad",
    refusal "504 Late", refusal "408 Slow",
  }

  it("is not made twice where it may have been made", function()
    for _, broken in ipairs(MAY_BE_MADE) do
      local client, server = serving({ retry = SOON }, broken, MADE)
      local reply, err = create(client)
      assert.is_nil(reply)
      assert.same({ 1, 1 }, { err.attempts, #server:requests() })
    end
  end)

  it("is, where the caller says so", function()
    for i, broken in ipairs(MAY_BE_MADE) do
      local retry = { delay = 0.001, creates = true }
      local client, server = serving({ retry = i % 2 == 0 and retry or SOON }, broken, MADE)
      assert.equal("corpora/a", assert(create(client, { retry = i % 2 == 1 and retry or nil })).name)
      assert.equal(2, #server:requests())
    end
  end)

  it("is asked for again where it can't have been made", function()
    for _, refused in ipairs { refusal "429 Slow Down", refusal "503 Busy" } do
      local client, server = serving({ retry = SOON }, refused, MADE)
      assert.equal("corpora/a", assert(create(client)).name)
      assert.equal(2, #server:requests())
    end
    local client, server = serving({ retry = SOON }, { { "sleep", 0.05 }, { "reset" } }, MADE)
    assert.equal("corpora/a", assert(client.corpora:create { displayName = ("a"):rep(30000000) }).name)
    assert.same({ 1, 2 }, { #server:requests(), server:connections() })
  end)

  it("is asked for again where no connection came about", function()
    local options, told = noting { delay = 0.05 }
    local client, server = serving(options, MADE)
    server:stop()
    local reply, err = client.triggers.executions:create({ trigger_id = "t" }, { timeout = 0.12 })
    assert.is_nil(reply)
    assert.equal("network", err.kind)
    assert.is_true(#told > 0)
  end)

  it("is not sent again by libcurl on a kept connection", function()
    local client, server = serving({ retry = SOON }, { { "recv" }, { "send", REPLY }, { "recv" }, { "reset" } }, MADE)
    assert(ask(client))
    local reply, err = create(client)
    assert.is_nil(reply)
    assert.same({ "network", 2 }, { err.kind, #server:requests() })
  end)
end)

describe("a GET that is redirected", function()
  after_each(talk.stop)

  local function moved(status, to) return talk.http(status, "", ("Location: %s\r\n"):format(to)) end

  it("is followed on its server", function()
    for _, status in ipairs { "301 Moved", "302 Found", "303 Other", "307 Temporary", "308 Permanent" } do
      local client, server = serving({}, moved(status, "/v1beta/models/b"), talk.ok '{"name":"models/b"}')
      assert.equal("models/b", assert(client.models:get { name = "a" }).name)
      assert.equal(2, #server:requests())
      assert.equal("/v1beta/models/b", talk.sent(2).target)
      assert.equal("k-secret-1", talk.sent(2).headers["x-goog-api-key"])
    end
  end)

  it("is not followed elsewhere, nor without end", function()
    local client, server = serving({}, moved("302 Found", "http://elsewhere.example/"), REPLY)
    local reply, err = client.models:get { name = "a" }
    assert.is_nil(reply)
    assert.same({ "protocol", 302, 1 }, { err.kind, err.code, #server:requests() })
    local again = moved("302 Found", "/v1beta/models/a")
    client, server = serving({}, again, again, again, again, again, again, again)
    reply, err = client.models:get { name = "a" }
    assert.is_nil(reply)
    assert.same({ "limit", 6 }, { err.kind, #server:requests() })
  end)

  it("is the only one that is followed", function()
    local client, server = serving({}, moved("307 Temporary", "/v1beta/models/m:generateContent"), REPLY)
    local reply, err = ask(client)
    assert.is_nil(reply)
    assert.same({ "protocol", 307, 1 }, { err.kind, err.code, #server:requests() })
  end)
end)
