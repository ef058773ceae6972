---Many requests by the batch service: what goes over the wire, and what its caller gets.

local cjson = require "cjson"
local clock = require "spec.support.clock"
local emu = require "spec.support.emulator"
local gemini = require "gemini"
local lua = require("spec.support.run").lua
local talk = require "spec.support.talk"
local temporary = require "spec.support.temporary"

local MODEL = "gemini-2.5-flash"

local function operation(state, more, name)
  return ('{"name":"batches/%s","metadata":{"state":"BATCH_STATE_%s"%s}}'):format(name or "b", state, more or "")
end

local function reply(text)
  return ('{"candidates":[{"content":{"parts":[{"text":"%s"}]},"finishReason":"STOP"}]}'):format(text)
end

local function good(key, text) return ('{"metadata":{"key":"%s"},"response":%s}'):format(key, reply(text)) end

local function bad(key, code) return ('{"metadata":{"key":"%s"},"error":{"code":%d,"message":"no"}}'):format(key, code) end

local function done(name, ...)
  local results = table.concat({ ... }, ",")
  return operation("SUCCEEDED", (',"output":{"inlinedResponses":{"inlinedResponses":[%s]}}'):format(results), name)
end

local function answering(...)
  local answers = {}
  for i = 1, select("#", ...) do answers[i] = talk.ok((select(i, ...))) end
  return talk.answering((table.unpack or unpack)(answers)) -- luacheck: globals unpack
end

-- What a run gives, in its order.
local function all(run)
  local list = {}
  while true do
    local key, result = run:next()
    if not key then return list, result end
    list[#list + 1] = { key, result.response and result.response.text or result.error.code or result.error.kind, result }
  end
end

local function plain(list)
  local out = {}
  for i, each in ipairs(list) do out[i] = { each[1], each[2] } end
  return out
end

-- The requests of the batch that was sent.
local function inlined(n) return talk.sent(n).body.batch.inputConfig.requests.requests end

describe("client.batches:run", function()
  after_each(talk.stop)

  it("sends nothing before the first result is asked for, then one batch, and gives results by their keys", function()
    local client, server = answering(
      operation "PENDING", operation "RUNNING", done("b", good("2", "two"), good("1", "one")))
    local states = {}
    local run = client.batches:run {
      model = MODEL, displayName = "mine", interval = 0.01, requests = { { contents = "a" }, { contents = "b" } },
      onProgress = function(each) states[#states + 1] = each.state end,
    }
    assert.equal(0, #server:requests())
    assert.same({ nil, nil, "gemini.batchRun not begun: open" }, { run.name, run.operation, tostring(run) })
    local seen = {}
    for key, result in run do
      seen[#seen + 1] = { key, result.response.text, result.request.contents, result.key }
    end
    assert.same({ { "2", "two", "b", "2" }, { "1", "one", "a", "1" } }, seen)
    assert.same({ "BATCH_STATE_PENDING", "BATCH_STATE_RUNNING" }, states)
    assert.same({ "batches/b", "BATCH_STATE_SUCCEEDED" }, { run.name, run.operation.state })
    assert.equal(3, #server:requests())
    assert.same({ "POST", "/v1beta/models/gemini-2.5-flash:batchGenerateContent" }, { talk.sent(1).verb, talk.sent(1).target })
    assert.equal("mine", talk.sent(1).body.batch.displayName)
    assert.same({
      { request = { contents = { { role = "user", parts = { { text = "a" } } } } }, metadata = { key = "1" } },
      { request = { contents = { { role = "user", parts = { { text = "b" } } } } }, metadata = { key = "2" } },
    }, inlined(1))
    assert.same({ "GET", "/v1beta/batches/b" }, { talk.sent(3).verb, talk.sent(3).target })
    assert.is_nil((run:next()))
  end)

  it("takes keys of items and from a function, and keeps metadata", function()
    local requests = {
      { request = { contents = "a" }, metadata = { key = "x", page = 7 } }, { key = 12, request = { contents = "b" } }, { contents = "c" },
    }
    local client = answering(done("b", good("3", "c"), good("x", "a"), good("12", "b")))
    local found = assert(client.batches:run({ model = MODEL, requests = requests }):collect())
    assert.same({ "a", "b", "c" }, { found.x.response.text, found["12"].response.text, found["3"].response.text })
    assert.is_true(rawequal(requests[1], found.x.request))
    assert.same({ key = "x", page = 7 }, inlined(1)[1].metadata)
    assert.same({ key = "x", page = 7 }, requests[1].metadata)
    local places = {}
    client = answering(done("b", good("k3", "c"), good("k1", "a"), good("k2", "b")))
    found = assert(client.batches:run({
      model = MODEL, requests = requests,
      key = function(request, place)
        places[place] = request
        return "k" .. place
      end,
    }):collect())
    assert.same(requests, places)
    -- What is no key may be of use to the function.
    local odd = { { key = { 7 }, request = { contents = "a" } } }
    assert(client.batches:run { model = MODEL, requests = odd, key = function(item) return "k" .. item.key[1] end })
    assert.same({ "a", "b", "c" }, { found.k1.response.text, found.k2.response.text, found.k3.response.text })
  end)

  it("refuses what is wrong at the call, and sends nothing", function()
    local client, server = answering(done "b")
    local one = { contents = "a" }
    local function refused(args, call)
      local ok, problem = pcall(client.batches.run, client.batches, args, call)
      assert.is_false(ok, cjson.encode { args.name, args.model, args.requests and #args.requests })
      return (problem:gsub("^batches%.run: ", ""))
    end
    for expected, args in pairs {
      ["requests is missing"] = { model = MODEL },
      ["model is missing"] = { requests = { one } },
      ['requests[1] and requests[2] have the same key, "k"'] = {
        model = MODEL, requests = { one, one }, key = function() return "k" end,
      },
      ['requests[1] and requests[3] have the same key, "1"'] = {
        model = MODEL, requests = { one, one, { key = 1, request = one } },
      },
      ["requests[2]: must be a table, got string"] = { model = MODEL, requests = { one, "a" } },
      ["requests must be a list, got table"] = { model = MODEL, requests = { first = one } },
      ["requests[1]: key must return a string, got nil"] = { model = MODEL, requests = { one }, key = function() end },
      ["requests[1]: key must be a string or a number"] = { model = MODEL, requests = { { key = true, request = one } } },
      ["requests[2]: key must be a string or a number"] = {
        model = MODEL, requests = { one, { metadata = { key = {} }, request = one } },
      },
      ["requests[2]: requests with content and such with contents don't go in one batch"] = {
        model = MODEL, requests = { one, { content = "x" } },
      },
      ["requests[1]: key and metadata stand beside the request: { key = …, request = { … } }"] = {
        model = MODEL, requests = { { key = "a", contents = "x" } },
      },
      ["requests[1]: unknown option 'metadta', did you mean 'metadata'?"] = {
        model = MODEL, requests = { { request = one, metadta = {} } },
      },
      ['requests[1]: the model other is not that of the batch, "gemini-2.5-flash"'] = {
        model = MODEL, requests = { { contents = "x", model = "other" } },
      },
      ["unknown option 'retryFail', did you mean 'retryFailed'?"] = { model = MODEL, requests = { one }, retryFail = 1 },
      ["retryFailed must be a number of further batches, got -1"] = { model = MODEL, requests = { one }, retryFailed = -1 },
      ["name must look like batches/*, got \"files/x\""] = { name = "files/x" },
    } do
      assert.equal(expected, refused(args))
    end
    assert.truthy(refused({ model = MODEL, requests = { { key = "\255", request = one } } }):find "^requests%[1%]: key: .*UTF%-8")
    assert.truthy(refused({ model = MODEL, requests = { { contents = print } } }):find("^requests%[1%]: .*function"))
    assert.truthy(refused({ model = MODEL, requests = { one } }, { timout = 1 }):find("did you mean 'timeout'", 1, true))
    assert.same({}, assert(client.batches:run({ model = MODEL, requests = {} }):collect()))
    assert.equal(0, #server:requests())
  end)

  it("ends where nothing changes any more, by an error that names the batch", function()
    local running = operation("RUNNING", ',"batchStats":{"requestCount":"2","pendingRequestCount":"2"}')
    local moved = operation("RUNNING", ',"batchStats":{"pendingRequestCount":"1","requestCount":"2"}')
    local script = {}
    for _, each in ipairs { running, running, moved } do
      script[#script + 1] = { { "recv" }, { "send", talk.ok(each) }, { "close" } }
    end
    for _ = 1, 40 do script[#script + 1] = { { "recv" }, { "send", talk.ok(moved) }, { "close" } } end
    local client = talk.scripted(script)
    local run = client.batches:run { model = MODEL, requests = { { contents = "a" } }, interval = 0.05, stallTimeout = 0.3 }
    local key, err = run:next()
    assert.is_nil(key)
    assert.same({ "timeout", "batches/b has not changed for 0.3 seconds" }, { err.kind, err.message })
    assert.equal("batches/b", err.partial.name)
    assert.is_true(rawequal(err, select(2, run:next())))
    local ok, raised = pcall(function() for _ in run do error "a result" end end)
    assert.is_false(ok)
    assert.is_true(rawequal(err, raised))
  end)

  it("looks once more before it says that nothing has changed", function()
    local client = answering(operation "RUNNING", done("b", good("1", "one")))
    local run = client.batches:run { model = MODEL, requests = { { contents = "a" } }, interval = 30, stallTimeout = 0.1 }
    assert.same({ { "1", "one" } }, plain(all(run)))
  end)

  it("ends at its timeout", function()
    local client = answering(operation "RUNNING", operation "RUNNING", operation "RUNNING")
    local _, err = client.batches:run({
      model = MODEL, requests = { { contents = "a" } }, interval = 0.2, stallTimeout = 20, timeout = 0.3,
    }):collect()
    assert.equal("timeout", err.kind)
    assert.truthy(err.message:find("batches/b has not finished within ", 1, true), err.message)
  end)

  it("goes on with a batch by its name, and makes nothing", function()
    local client, server = answering(operation "RUNNING", done("b", good("k1", "one")))
    local requests = { { contents = "a" }, { contents = "b" } }
    local run = client.batches:run {
      name = "batches/b", requests = requests, key = function(_, place) return "k" .. place end, interval = 0.01,
    }
    local list = all(run)
    assert.same({ { "k1", "one" }, { "k2", "protocol" } }, plain(list))
    assert.is_true(rawequal(requests[1], list[1][3].request))
    assert.is_true(rawequal(requests[2], list[2][3].request))
    assert.equal('batches/b has no result for "k2"', list[2][3].error.message)
    assert.equal(2, #server:requests())
    for i = 1, 2 do assert.same({ "GET", "/v1beta/batches/b" }, { talk.sent(i).verb, talk.sent(i).target }) end
    client = answering(done("b", bad("x", 8), good("y", "why")))
    assert.same({ { "y", "why" }, { "x", 429 } }, plain(all(client.batches:run { name = "b" })))
  end)

  it("says in the loop what went wrong with the whole", function()
    local client = talk.answering(talk.http("404 Not Found", '{"error":{"code":404,"status":"NOT_FOUND","message":"gone"}}'))
    local run = client.batches:run { name = "b" }
    local ok, err = pcall(function() for _ in run do error "a result" end end)
    assert.is_false(ok)
    assert.same({ "NOT_FOUND", "batches.get" }, { err.status, err.method })
    assert.is_nil(err.partial)
    client = answering(operation "RUNNING", operation "FAILED")
    local found
    found, err = client.batches:run({ model = MODEL, requests = { { contents = "a" } }, interval = 0.01 }):collect()
    assert.is_nil(found)
    assert.same({ "BATCH_STATE_FAILED", "batches/b" }, { err.status, err.partial.name })
    client = answering(done("b", '{"response":' .. reply "x" .. "}"))
    found, err = client.batches:run({ name = "b" }):collect()
    assert.is_nil(found)
    assert.equal("a result has no key", err.message)
  end)

  it("sends again what failed and may pass, and what is missing; what failed for good comes at the end", function()
    local client, server = answering(
      done("b", bad("1", 8), good("2", "two"), bad("3", 3)), done("c", bad("1", 14), good("4", "four")), done("d", good("1", "one")))
    local requests = { { contents = "a" }, { contents = "b" }, { contents = "c" }, { contents = "d" } }
    local run = client.batches:run { model = MODEL, requests = requests, retryFailed = 2 }
    local list = all(run)
    assert.same({ { "2", "two" }, { "4", "four" }, { "1", "one" }, { "3", 400 } }, plain(list))
    assert.same({ "batches/b", "batches/c", "batches/d" }, run.names)
    assert.equal(3, #server:requests())
    local keys = {}
    for i = 1, 3 do
      keys[i] = {}
      for j, each in ipairs(inlined(i)) do keys[i][j] = each.metadata.key end
    end
    assert.same({ { "1", "2", "3", "4" }, { "1", "4" }, { "1" } }, keys)
  end)

  it("gives up after so many batches", function()
    local client, server = answering(done("b", bad("1", 8), good("2", "two")), done("c", bad("1", 8)))
    local requests = { { contents = "a" }, { contents = "b" } }
    assert.same({ { "2", "two" }, { "1", 429 } }, plain(all(client.batches:run { model = MODEL, requests = requests, retryFailed = 1 })))
    assert.equal(2, #server:requests())
    client, server = answering(done("b", bad("1", 8), good("2", "two")))
    assert.same({ { "2", "two" }, { "1", 429 } }, plain(all(client.batches:run { model = MODEL, requests = requests })))
    assert.equal(1, #server:requests())
  end)

  it("goes on with several batches, of which the later ones repeat what failed before", function()
    local client, server = answering(done("b", bad("1", 8), good("2", "two")), done("c", good("1", "one")))
    local run = client.batches:run { name = { "batches/b", "batches/c" }, requests = { { contents = "a" }, { contents = "b" } } }
    assert.same({ { "2", "two" }, { "1", "one" } }, plain(all(run)))
    assert.same({ "/v1beta/batches/b", "/v1beta/batches/c" }, { talk.sent(1).target, talk.sent(2).target })
    assert.equal(2, #server:requests())
  end)

  it("takes what a batch that has expired has brought", function()
    local expired = operation("EXPIRED", (',"output":{"inlinedResponses":{"inlinedResponses":[%s]}}'):format(good("2", "two")))
    local client = answering(operation "RUNNING", expired, done("c", '{"metadata":{"key":"1"}}'))
    local requests = { { contents = "a" }, { contents = "b" } }
    local list = all(client.batches:run { model = MODEL, requests = requests, retryFailed = 1, interval = 0.01 })
    assert.same({ { "2", "two" }, { "1", "protocol" } }, plain(list))
    assert.equal("a result has neither a response nor an error", list[2][3].error.message)
    client = answering(expired)
    list = all(client.batches:run { model = MODEL, requests = requests })
    assert.equal("BATCH_STATE_EXPIRED", list[2][3].error.status)
  end)

  it("holds requests against the facts where its client does", function()
    local client = talk.answering(talk.ok(done("b", good("1", "one"))))
    client = gemini.new { apiKey = "k", baseUrl = tostring(client):match "http%S+", check = true }
    assert(client.batches:run({ model = MODEL, requests = { { contents = "a" } } }):collect())
    local requests = { { contents = "a" }, { contents = "a", generationConfig = { temprature = 1 } } }
    local ok, problem = pcall(client.batches.run, client.batches, { model = MODEL, requests = requests })
    assert.is_false(ok)
    assert.truthy(problem:find("requests[2]: unknown field 'generationConfig.temprature'", 1, true), problem)
  end)

  it("passes over results that nobody asked for, and those that come twice", function()
    local client = answering(done("b", good("7", "x"), good("1", "one"), good("1", "again"), '{"response":{}}'))
    assert.same({ { "1", "one" } }, plain(all(client.batches:run { model = MODEL, requests = { { contents = "a" } } })))
  end)

  it("is for one task at a time", function()
    local client = answering(operation "RUNNING", done("b", good("1", "one")))
    gemini.run(function()
      local run = client.batches:run { model = MODEL, requests = { { contents = "a" } }, interval = 0.05 }
      local first = gemini.spawn(function() return run:next() end)
      local ok, problem = pcall(run.next, run)
      assert.is_false(ok)
      assert.truthy(problem:find("another task waits for the next result", 1, true))
      assert.equal("1", (first:await()))
    end)
  end)

  -- What the server was asked for.
  local function targets(server)
    local list = {}
    for i = 1, #server:requests() do list[i] = talk.sent(i).verb .. " " .. talk.sent(i).target:gsub("^/v1beta/", "") end
    return list
  end

  it("goes on with its batch where a wait for it was broken off", function()
    local client, server = answering(operation "RUNNING", operation "RUNNING", done("b", good("1", "one")), done "c")
    local slips = 1
    local run = client.batches:run {
      model = MODEL, requests = { { contents = "a" } }, interval = 0.1,
      onProgress = function()
        slips = slips - 1
        if slips == 0 then error "a slip" end
      end,
    }
    local ok, problem = pcall(run.next, run)
    assert.is_false(ok)
    assert.truthy(problem:find("a slip", 1, true))
    local key, err = gemini.timeout(0.05, run.next, run)
    assert.same({ nil, "timeout" }, { key, err.kind })
    assert.equal("1", (run:next()))
    assert.same({ "POST models/gemini-2.5-flash:batchGenerateContent", "GET batches/b", "GET batches/b" }, targets(server))
  end)

  it("names the batch in the error of the one that was to follow", function()
    local client = talk.answering(
      talk.ok(done("b", bad("1", 8), good("2", "two"))), talk.http("400 No", '{"error":{"code":400,"message":"no"}}'))
    local found, err = client.batches:run({
      model = MODEL, requests = { { contents = "a" }, { contents = "b" } }, retryFailed = 1,
    }):collect()
    assert.is_nil(found)
    assert.same({ 400, "batches/b" }, { err.code, err.partial.name })
  end)

  it("makes nothing once more that somebody has cancelled", function()
    local cancelled = operation("CANCELLED", (',"output":{"inlinedResponses":{"inlinedResponses":[%s]}}'):format(good("2", "two")))
    local requests = { { contents = "a" }, { contents = "b" } }
    local client, server = answering(cancelled, done("c", good("1", "one")))
    local list = all(client.batches:run { model = MODEL, requests = requests, retryFailed = 1 })
    assert.same({ { "2", "two" }, { "1", "api" } }, plain(list))
    assert.equal("BATCH_STATE_CANCELLED", list[2][3].error.status)
    assert.equal(1, #server:requests())
    client = answering(cancelled, done("c", good("1", "one")))
    list = all(client.batches:run { name = { "b", "c" }, requests = requests })
    assert.same({ { "2", "two" }, { "1", "one" } }, plain(list))
  end)

  it("takes null for nothing", function()
    local client = answering(done("b", '{"key":"1","metadata":null,"error":null,"response":' .. reply "one" .. "}"))
    local requests = { { request = { contents = "a" }, metadata = { page = 3 } } }
    local found = assert(client.batches:run({ model = MODEL, requests = requests }):collect())
    assert.same({ "one", { page = 3 } }, { found["1"].response.text, found["1"].metadata })
    for _, nothing in ipairs { "{}", '{"code":0}' } do
      client = answering(done("b", ('{"key":"1","error":%s,"response":%s}'):format(nothing, reply "one")))
      assert.same({ { "1", "one" } }, plain(all(client.batches:run { name = "b" })))
    end
    client = answering('{"name":null,"metadata":{"state":"BATCH_STATE_RUNNING"}}')
    local run = client.batches:run { model = MODEL, requests = requests }
    local _, err = run:collect()
    assert.equal("protocol", err.kind)
    assert.truthy(err.message:find("^the batch has no name: "))
    assert.equal("gemini.batchRun not begun: open", tostring(run))
  end)

  it("says how it is to be called", function()
    local client = answering(done "b")
    local run = client.batches:run { name = "b" }
    assert.has_error(function() run.next() end, "run:next: call it with a colon")
    assert.has_error(function() run.collect() end, "run:collect: call it with a colon")
  end)

  it("has requests for embeddings, and tuned models", function()
    local embedded = '{"metadata":{"key":"1"},"response":{"embedding":{"values":[1,2]}}}'
    local client = answering(done("b", embedded), done("b", good("1", "one")))
    local found = assert(client.batches:run({
      model = "gemini-embedding-001", requests = { { content = "a", taskType = "CLUSTERING" } },
    }):collect())
    assert.same({ 1, 2 }, found["1"].response.embedding.values)
    assert.equal("/v1beta/models/gemini-embedding-001:asyncBatchEmbedContent", talk.sent(1).target)
    assert.same({ content = { parts = { { text = "a" } } }, taskType = "CLUSTERING" }, inlined(1)[1].request)
    assert(client.batches:run({ model = "tunedModels/t", requests = { { contents = "a" } } }):collect())
    assert.equal("/v1beta/tunedModels/t:batchGenerateContent", talk.sent(2).target)
  end)
end)


-- What an upload's session, the batch of its file, and the download of what comes out answer with.
local function ofFile(results)
  return talk.http("200 OK", "", "X-Goog-Upload-Status: active\r\nX-Goog-Upload-URL: /session\r\n"),
    talk.http("200 OK", '{"file":{"name":"files/in"}}', "X-Goog-Upload-Status: final\r\n"),
    talk.ok(operation("SUCCEEDED", ',"output":{"responsesFile":"files/out"}')),
    talk.http("200 OK", results)
end

describe("the file of a batch", function()
  after_each(talk.stop)
  after_each(temporary.clean)

  it("has a line for each request, and is named by the batch", function()
    local client, server = talk.answering(ofFile('{"key":"2","response":' .. reply "two" .. "}\n"
      .. '{"key":"k","error":{"code":3,"message":"no"}}\n'))
    local list = all(client.batches:run {
      model = MODEL, displayName = "mine", maxInlineSize = 0,
      requests = { { key = "k", request = { contents = "a\nb" } }, { contents = "b", generationConfig = { topK = 3 } } },
    })
    assert.same({ { "2", "two" }, { "k", 400 } }, plain(list))
    assert.equal(4, #server:requests())
    local start, bytes = talk.media(1), talk.media(2).bytes
    assert.same({ "resumable", "start", "application/jsonl", tostring(#bytes) }, {
      start.headers["x-goog-upload-protocol"], start.headers["x-goog-upload-command"],
      start.headers["x-goog-upload-header-content-type"], start.headers["x-goog-upload-header-content-length"],
    })
    local lines = {}
    for line in bytes:gmatch "([^\n]*)\n" do lines[#lines + 1] = cjson.decode(line) end
    assert.same({
      { key = "k", request = { contents = { { role = "user", parts = { { text = "a\nb" } } } } } },
      { key = "2", request = {
        contents = { { role = "user", parts = { { text = "b" } } } }, generationConfig = { topK = 3 },
      } },
    }, lines)
    assert.same({ displayName = "mine", inputConfig = { fileName = "files/in" } }, talk.sent(3).body.batch)
    assert.equal("/v1beta/files/out:download?alt=media", talk.sent(4).target)
  end)

  it("begins where the requests have as many bytes as are named", function()
    local line = #'{"key":"1","request":{"contents":[{"role":"user","parts":[{"text":"a"}]}]}}\n'
    for size, isInline in pairs { [line] = false, [line + 1] = true } do
      local client = talk.answering(ofFile "")
      if isInline then client = answering(done("b", good("1", "one"))) end
      assert(client.batches:run({ model = MODEL, requests = { { contents = "a" } }, maxInlineSize = size }):collect())
      assert.equal(isInline and "/v1beta/models/gemini-2.5-flash:batchGenerateContent" or "/upload/v1beta/files", talk.sent(1).target)
    end
  end)

  it("holds no metadata, which count where the batch would hold them", function()
    local client = talk.answering(ofFile('{"key":"1","response":' .. reply "one" .. "}\n"))
    local requests = { { request = { contents = "a" }, metadata = { text = ("x"):rep(1000) } } }
    local found = assert(client.batches:run({ model = MODEL, requests = requests, maxInlineSize = 1000 }):collect())
    assert.same(requests[1].metadata, found["1"].metadata)
    assert.equal("/upload/v1beta/files", talk.sent(1).target)
    local line = '{"key":"1","request":{"contents":[{"role":"user","parts":[{"text":"a"}]}]}}\n'
    assert.equal(line, (talk.media(2).bytes:gsub('"parts":%[{"text":"a"}%],"role":"user"', '"role":"user","parts":[{"text":"a"}]')))
  end)

  it("is sent and read with the options of the call", function()
    local client, server = talk.answering(ofFile('{"key":"1","response":' .. reply "one" .. "}\n"))
    local args = { model = MODEL, requests = { { contents = "a" } }, maxInlineSize = 0 }
    local headers = { ["X-Mine"] = "7" }
    local run = client.batches:run(args, { headers = headers, timeout = 30 })
    headers["X-Mine"] = "8"
    assert.same({ { "1", "one" } }, plain(all(run)))
    for i = 1, #server:requests() do assert.equal("7", talk.media(i).headers["x-mine"]) end
    assert.same({ "30", nil }, { talk.media(3).headers["x-server-timeout"], talk.media(4).headers["x-server-timeout"] })
  end)

  it("says so where the server gives it no name", function()
    local nameless = talk.http("200 OK", '{"file":{"displayName":"x"}}', "X-Goog-Upload-Status: final\r\n")
    local client = talk.answering((ofFile ""), nameless)
    local _, err = client.batches:run({ model = MODEL, requests = { { contents = "a" } }, maxInlineSize = 0 }):collect()
    assert.same({ "protocol", "the file that was uploaded has no name" }, { err.kind, err.message })
  end)

  it("is read on where the reading was broken off", function()
    local text = '{"key":"1","response":' .. reply "one" .. '}\n{"key":"2","response":' .. reply "two" .. "}\n"
    local finished = talk.last(talk.ok(operation("SUCCEEDED", ',"output":{"responsesFile":"files/out"}')))
    local head = "HTTP/1.1 200 OK\r\nContent-Length: " .. #text .. "\r\nConnection: close\r\n\r\n"
    for _, requests in pairs { { { contents = "a" }, { contents = "b" } }, false } do
      local client = talk.scripted {
        finished, { { "recv" }, { "send", head .. text:sub(1, -20) }, { "sleep", 2 }, { "close" } }, talk.last(talk.http("200 OK", text)),
      }
      local run = client.batches:run { name = "b", requests = requests or nil }
      assert.equal("1", (run:next()))
      local key, err = gemini.timeout(0.1, run.next, run)
      assert.same({ nil, "timeout" }, { key, err.kind })
      assert.same({ { "2", "two" } }, plain(all(run)))
    end
  end)

  it("is played from a cassette, whatever the order of names in its tables", function()
    local server, path = emu.start { delay = 0, work = 0 }, temporary.file()
    local function played(mode)
      local output, status = lua(([[
        local client = require("gemini").new { apiKey = "k", baseUrl = %q, replay = %q, mode = %q }
        local config = {}
        for name in ("topK seed logprobs maxOutputTokens candidateCount"):gmatch "%%a+" do config[name] = 1 end
        local found = assert(client.batches:run({
          model = "gemini-2.5-flash", requests = { { contents = "a", generationConfig = config } }, interval = 0.01, maxInlineSize = 0,
        }):collect())
        print(found["1"].response.text)
      ]]):format(server.url, path, mode))
      assert.equal(0, status, output)
      return output
    end
    local recorded = played "record"
    server.stop()
    for _ = 1, 5 do assert.equal(recorded, played "replay") end
  end)

  it("is made as it is sent #memory", function()
    local text, most, requests, seen = ("x"):rep(100000), 0, {}, 0
    local server = emu.start { delay = 0, work = 0 }
    local client = gemini.new {
      apiKey = "k", baseUrl = server.url, onRequest = function(request)
        seen = seen + (request.method == "media.upload" and 1 or 0)
        collectgarbage()
        most = math.max(most, collectgarbage "count")
      end,
    }
    for i = 1, 400 do requests[i] = { contents = text } end
    collectgarbage()
    collectgarbage()
    local before = collectgarbage "count"
    local _, first = client.batches:run({ model = MODEL, requests = requests, interval = 0.05, maxInlineSize = 0 }):next()
    server.stop()
    assert.is_true(rawequal(text, first.request.contents))
    -- 40 MB went, in chunks of 8 MiB, of which two may be there.
    assert.equal(6, seen)
    assert.is_true(most - before < 20000, ("%.0f KB"):format(most - before))
  end)
end)

describe("a batch of a file", function()
  local server, client

  setup(function()
    server = emu.start { delay = 0, work = 0.1, script = [[
      local seen = {}
      return function(request)
        local text = request.text
        seen[text] = (seen[text] or 0) + 1
        if text:find("^again") and seen[text] == 1 then return { error = { status = "UNAVAILABLE", message = "later" } } end
        return "to " .. text
      end
    ]] }
    client = gemini.new { apiKey = "k", baseUrl = server.url }
  end)
  teardown(function() server.stop() end)

  -- The requests of a client, as its observer saw them.
  local function observed(options)
    local sent = {}
    options.apiKey, options.baseUrl = "k", options.baseUrl or server.url
    options.onRequest = function(request) sent[#sent + 1] = request end
    return gemini.new(options), sent
  end

  it("is one where the requests are large, and its results come from a file", function()
    local watched, sent = observed {}
    local requests = {}
    for i = 1, 30 do requests[i] = { contents = ("%d é \n %s"):format(i, ("x"):rep(1000)) } end
    local found = assert(watched.batches:run({
      model = MODEL, requests = requests, maxInlineSize = 20000, interval = 0.05, key = function(_, i) return "k" .. i end,
    }):collect())
    for i = 1, 30 do assert.equal("to " .. requests[i].contents, found["k" .. i].response.text) end
    local methods = {}
    for i, request in ipairs(sent) do methods[i] = request.method end
    assert.same({ "media.upload", "media.upload", "models.batchGenerateContent" }, { methods[1], methods[2], methods[3] })
    assert.equal("files.download", methods[#methods])
    assert.equal("application/jsonl", sent[1].headers["x-goog-upload-header-content-type"])
    local batch = cjson.decode(sent[3].body).batch
    assert.same({ "30 requests", nil }, { batch.displayName, batch.inputConfig.requests })
    local file = assert(client.files:get { name = batch.inputConfig.fileName })
    assert.equal("application/jsonl", file.mimeType)
  end)

  it("sends again what failed, and keeps metadata that the file has no place for", function()
    local run = client.batches:run {
      model = MODEL, maxInlineSize = 0, interval = 0.05, retryFailed = 1,
      requests = {
        { request = { contents = "again" }, metadata = { key = "a", page = 3 } }, { key = "b", request = { contents = "once" } },
      },
    }
    local list, err = all(run)
    assert.is_nil(err, tostring(err))
    assert.same({ { "b", "to once" }, { "a", "to again" } }, plain(list))
    assert.same({ key = "a", page = 3 }, list[2][3].metadata)
    assert.equal(2, #run.names)
  end)

  it("goes on in another client", function()
    local slow = clock.start 'function(request) return "to " .. request.text end'
    local first = gemini.new { apiKey = "k", baseUrl = slow.url }
    local requests = { { contents = "first" }, { contents = "second" } }
    local _, err = first.batches:run({
      model = MODEL, requests = requests, maxInlineSize = 0, interval = 0.01, stallTimeout = 0.05,
    }):collect()
    assert.same({ "timeout", "BATCH_STATE_PENDING" }, { err.kind, err.partial.state })
    clock.later(first, clock.WORK)
    local watched, sent = observed { baseUrl = slow.url }
    local found = assert(watched.batches:run({ name = err.partial.name, requests = requests }):collect())
    slow.stop()
    assert.same({ "to first", "to second" }, { found["1"].response.text, found["2"].response.text })
    for _, request in ipairs(sent) do assert.equal("GET", request.verb) end
  end)

  it("works in tasks, while others go on", function()
    local ticks, found = 0, nil
    gemini.run(function()
      local ticking = gemini.spawn(function()
        for _ = 1, 5 do
          gemini.sleep(0.01)
          ticks = found and ticks or ticks + 1
        end
      end)
      found = assert(client.batches:run({
        model = MODEL, requests = { { contents = "a" } }, maxInlineSize = 0, interval = 0.05,
      }):collect())
      ticking:await()
    end)
    assert.equal("to a", found["1"].response.text)
    assert.is_true(ticks > 0)
  end)

  it("ends when its task is cancelled", function()
    local before = gemini.loop and require("gemini.loop").live()
    local result, err = gemini.timeout(0.1, function()
      return client.batches:run({ model = MODEL, requests = { { contents = "a" } }, interval = 5 }):collect()
    end)
    assert.same({ nil, "timeout" }, { result, err.kind })
    assert.equal(before, require("gemini.loop").live())
  end)
end)
