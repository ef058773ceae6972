---Operations: what a reply that is one can do, seen from the wire.

local gemini = require "gemini"
local talk = require "spec.support.talk"

local NAME = "models/veo/operations/op1"

local function ok(...)
  local answers = {}
  for i = 1, select("#", ...) do answers[i] = talk.ok((select(i, ...))) end
  return (table.unpack or unpack)(answers) -- luacheck: globals unpack
end

local function operation(more)
  return ('{"name":"%s"%s}'):format(NAME, more or "")
end

local function start(...)
  local client, server = talk.answering(ok(operation(), ...))
  local op = assert(client.models:predictLongRunning { model = "veo", instances = { { prompt = "a cat" } } })
  return op, server
end

describe("an operation", function()
  after_each(talk.stop)

  it("is a plain table that can be read, encoded and copied", function()
    local op = start()
    assert.same({ name = NAME }, op)
    assert.equal(operation(), gemini.json.encode(op))
  end)

  it("waits until it is done, and becomes what the server says", function()
    local op, server = start(operation(), operation ',"metadata":{"n":1}', operation ',"done":true,"response":{"x":5}')
    local seen = {}
    local same = assert(op:wait {
      interval = 0.01,
      onProgress = function(each) seen[#seen + 1] = each.metadata and each.metadata.n or 0 end,
    })
    assert.is_true(rawequal(op, same))
    assert.same({ name = NAME, done = true, response = { x = 5 } }, op)
    assert.same({ 0, 0, 1 }, seen)
    assert.equal(4, #server:requests())
    for i = 2, 4 do
      assert.same({ "GET", "/v1beta/" .. NAME }, { talk.sent(i).verb, talk.sent(i).target })
    end
    assert.is_true(rawequal(op, (op:wait())))
    assert.equal(4, #server:requests())
  end)

  it("gives the error it ended in, with gRPC's code as a status", function()
    local op = start(operation ',"done":true,"error":{"code":3,"message":"a bad prompt"}')
    local done, err = op:wait { interval = 0.01 }
    assert.is_nil(done)
    assert.same({ "api", 400, "INVALID_ARGUMENT", "a bad prompt" }, { err.kind, err.code, err.status, err.message })
    assert.truthy(tostring(err):find("models.operations.get", 1, true))
  end)

  it("gives up at its time, and can be waited for again", function()
    local op = start(operation(), operation(), operation ',"done":true')
    local done, err = op:wait { interval = 0.2, timeout = 0.05 }
    assert.is_nil(done)
    assert.equal("timeout", err.kind)
    assert.truthy(err.message:find("0.05 seconds", 1, true))
    assert(op:wait { interval = 0.01 })
  end)

  it("gives each look the client's time and no more", function()
    local function scripts()
      return {
        { { "recv" }, { "send", talk.ok(operation()) }, { "close" } }, { { "recv" }, { "sleep", 1 }, { "close" } },
      }
    end
    local client = talk.scripted(scripts(), { timeout = 0.1 })
    local op = assert(client.models:predictLongRunning { model = "veo", instances = { {} } })
    local _, err = op:wait { interval = 0.01, timeout = 30 }
    assert.same({ "timeout", "models.operations.get" }, { err.kind, err.method })
    assert.falsy(err.message:find("has not finished", 1, true), err.message)
    client = talk.scripted(scripts())
    op = assert(client.models:predictLongRunning { model = "veo", instances = { {} } })
    _, err = op:wait { interval = 0.01, timeout = 0.2 }
    assert.truthy(err.message:find("has not finished within 0.2 seconds", 1, true), err.message)
  end)

  it("says what went wrong while it waited, and can be waited for again", function()
    local client = talk.answering(
      talk.ok(operation()),
      talk.http("404 Not Found", '{"error":{"code":404,"status":"NOT_FOUND","message":"gone"}}'),
      talk.ok(operation ',"done":true')
    )
    local op = assert(client.models:predictLongRunning { model = "veo", instances = { {} } })
    local done, err = op:wait { interval = 0.01 }
    assert.is_nil(done)
    assert.equal("NOT_FOUND", err.status)
    assert.same({ name = NAME }, op)
    assert(op:wait { interval = 0.01 })
  end)

  it("is cancelled where the API has a method for that", function()
    local client = talk.answering(ok('{"name":"batches/b","metadata":{"state":"BATCH_STATE_RUNNING"}}', "{}"))
    local batch = assert(client.batches:get { name = "b" })
    assert.equal("BATCH_STATE_RUNNING", batch.state)
    assert.is_true(batch:cancel())
    assert.same({ "POST", "/v1beta/batches/b:cancel" }, { talk.sent(2).verb, talk.sent(2).target })
    assert.equal("0", talk.sent(2).headers["content-length"])
  end)

  it("says so where there is none", function()
    local op, server = start()
    local done, err = op:cancel()
    assert.is_nil(done)
    assert.same({ "api", "UNIMPLEMENTED" }, { err.kind, err.status })
    assert.equal(1, #server:requests())
  end)

  it("has its methods in lists, too", function()
    local client = talk.answering(ok(
      '{"operations":[{"name":"batches/a"},{"name":"batches/b"}],"nextPageToken":"p2"}',
      '{"operations":[{"name":"batches/c"}]}', '{"name":"batches/c","done":true}'
    ))
    local names, last = {}, nil
    for op in client.batches:list() do
      names[#names + 1], last = op.name, op
    end
    assert.same({ "batches/a", "batches/b", "batches/c" }, names)
    assert.equal("/v1beta/batches?pageToken=p2", talk.sent(2).target)
    assert(last:wait { interval = 0.01 })
    assert.equal("/v1beta/batches/c", talk.sent(3).target)
  end)

  it("is found by its name, whatever collection it is in", function()
    for _, name in ipairs {
      "tunedModels/t/operations/o", "corpora/c/operations/o", "fileSearchStores/s/operations/o",
      "fileSearchStores/s/upload/operations/o", "generatedFiles/g/operations/o", "batches/b",
    } do
      local client = talk.answering(ok(('{"name":"%s"}'):format(name), ('{"name":"%s","done":true}'):format(name)))
      local op = assert(client.models:predictLongRunning { model = "veo", instances = { {} } })
      assert(op:wait { interval = 0.01 })
      assert.equal("/v1beta/" .. name, talk.sent(2).target)
    end
  end)

  it("stays as it is where the answer to a look is none about it", function()
    for message, answer in pairs {
      ["overloaded"] = '{"error":{"code":503,"status":"UNAVAILABLE","message":"overloaded"}}',
      ["busy"] = '{"error":{"code":503,"message":"busy"},"requestId":"7"}',
      ["the answer is not this operation: {}"] = "{}",
      ['the answer is not this operation: {"name":"models/veo/operations/op2"}'] = '{"name":"models/veo/operations/op2"}',
    } do
      local op = start(answer, operation ',"done":true')
      local done, err = op:wait { interval = 0.01 }
      assert.is_nil(done)
      assert.same({ message, "models.operations.get" }, { err.message, err.method })
      assert.same({ name = NAME }, op)
      assert(op:wait { interval = 0.01 })
    end
  end)

  it("shows no key in what it says", function()
    local client = talk.scripted({ { { "recv" }, { "send",
      talk.ok(operation ',"done":true,"error":{"code":3,"message":"bad key k-secret-123456789"}'),
    }, { "close" } } }, { apiKey = "k-secret-123456789" })
    local op = assert(client.models:predictLongRunning { model = "veo", instances = { {} } })
    local _, err = op:wait()
    assert.equal("bad key (redacted)", err.message)
    op.name, op.done, op.error = "other/k-secret-123456789", nil, nil
    _, err = op:wait { interval = 0.01 }
    assert.falsy(err.url:find("k-secret", 1, true), err.url)
  end)

  it("is done where it says that it failed, and well where its error says nothing", function()
    local op = start(operation ',"error":{"code":13,"message":"x"}')
    local done, err = op:wait { interval = 0.01 }
    assert.is_nil(done)
    assert.equal("INTERNAL", err.status)
    for _, said in ipairs { "{}", '{"code":0}', "null" } do
      op = start(operation(',"done":true,"error":' .. said))
      assert(op:wait { interval = 0.01 })
    end
  end)

  it("may be without a name", function()
    for _, name in ipairs { "", '"name":null,', '"name":7,' } do
      local client = talk.answering(talk.ok("{" .. name .. '"metadata":{"state":"BATCH_STATE_FAILED"}}'))
      local op = assert(client.models:predictLongRunning { model = "veo", instances = { {} } })
      local done, err = op:wait()
      assert.is_nil(done)
      assert.equal("BATCH_STATE_FAILED", err.status)
      client = talk.answering(talk.ok("{" .. name .. '"x":1}'))
      op = assert(client.models:predictLongRunning { model = "veo", instances = { {} } })
      done, err = op:wait { interval = 0.01 }
      assert.is_nil(done)
      assert.equal("UNIMPLEMENTED", err.status)
    end
  end)

  it("prints itself, and blames the line that misuses it", function()
    local op = start()
    assert.equal("gemini.operation " .. NAME .. ": under way", tostring(op))
    local here = debug.getinfo(1, "l").currentline
    local function inner() local _ = op:wait { bogus = 1 } end
    local function outer() local _ = inner() end
    local _, message = pcall(outer)
    assert.truthy(message:find(("operation_spec.lua:%d: operation:wait: unknown option 'bogus'"):format(here + 1), 1, true), message)
    for _, name in ipairs { "wait", "cancel" } do
      local fine
      fine, message = pcall(op[name], { interval = 1 })
      assert.is_false(fine)
      assert.truthy(message:find(("operation:%s: call it with a colon"):format(name), 1, true), message)
    end
  end)

  it("refuses options that do not fit", function()
    local op = start()
    for given, expected in pairs {
      [{ intervall = 1 }] = "unknown option 'intervall', did you mean 'interval'?",
      [{ interval = 0 }] = "interval must be a positive number of seconds, got 0",
      [{ timeout = "x" }] = "timeout must be a positive number of seconds, got string",
      [{ onProgress = 1 }] = "onProgress must be a function, got number",
      ["x"] = "options must be a table, got string",
    } do
      local fine, message = pcall(op.wait, op, given)
      assert.is_false(fine)
      assert.truthy(message:find("operation:wait: " .. expected, 1, true), message)
    end
  end)
end)

describe("a batch", function()
  after_each(talk.stop)

  local function batch(output, state)
    return ('{"name":"batches/b","done":true,"metadata":{"state":"%s"%s}}'):format(
      state or "BATCH_STATE_SUCCEEDED", output and ',"output":' .. output or "")
  end

  local REPLY = '{"candidates":[{"index":0,"content":{"parts":[{"text":"%s"}]},"finishReason":"STOP"}]}'

  local function get(...)
    local client, server = talk.answering(...)
    return assert(client.batches:get { name = "b" }), server
  end

  it("joins inline results to their requests by key, in whatever order they come", function()
    local op = get(talk.ok(batch([[{"inlinedResponses":{"inlinedResponses":[
      {"response":]] .. REPLY:format "two" .. [[,"metadata":{"key":"b"}},
      {"error":{"code":3,"message":"no"},"metadata":{"key":"c"}},
      {"response":]] .. REPLY:format "one" .. [[,"metadata":{"key":"a"}}]}}]])))
    local requests = {
      { request = { contents = "1" }, metadata = { key = "a" } },
      { request = { contents = "2" }, metadata = { key = "b" } },
      { request = { contents = "3" }, metadata = { key = "c" } },
    }
    local seen = {}
    for result in op:results { requests = requests } do
      assert.equal(result.key, result.metadata.key)
      assert.equal(result.key, result.request.metadata.key)
      seen[#seen + 1] = { result.request.request.contents, result.response and result.response.text or result.error.status }
    end
    assert.same({ { "2", "two" }, { "3", "INVALID_ARGUMENT" }, { "1", "one" } }, seen)
  end)

  it("reads the lines of a file of results", function()
    local file = '{"key":"b","response":' .. REPLY:format "two" .. '}\r\n\n{"key":"a","error":{"code":13,"message":"x"}}'
    local op = get(
      talk.ok(batch '{"responsesFile":"files/out"}'),
      talk.http("302 Found", "", "Location: /download/v1beta/files/out:download?alt=media\r\n"),
      talk.http("200 OK", file)
    )
    local seen = {}
    for result in op:results { requests = { { key = "a" }, { key = "b" } } } do
      seen[#seen + 1] = { result.key, result.request.key, result.response and result.response.text or result.error.code }
    end
    assert.same({ { "b", "b", "two" }, { "a", "a", 500 } }, seen)
    assert.equal("/v1beta/files/out:download?alt=media", talk.sent(2).target)
    assert.equal("/download/v1beta/files/out:download?alt=media", talk.sent(3).target)
  end)

  it("reads a file of any size line by line, and goes on where its download breaks", function()
    local lines, first = {}, nil
    for i = 1, 2000 do lines[i] = ('{"key":"%d","response":%s}\n'):format(i, REPLY:format(("x"):rep(500))) end
    local all = table.concat(lines)
    local at = math.floor(#all / 3)
    local client, server = talk.scripted({
      { { "recv" }, { "send", talk.ok(batch '{"responsesFile":"files/out"}') }, { "close" } },
      { { "recv" }, { "send", ("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"):format(#all) .. all:sub(1, at) },
        { "close" } },
      { { "recv" }, { "send", talk.http("206 Partial Content", all:sub(at + 1),
        ("Content-Range: bytes %d-%d/%d\r\n"):format(at, #all - 1, #all)) }, { "close" } },
    }, talk.REPEATING)
    local count = 0
    for result in assert(client.batches:get { name = "batches/b" }):results() do
      first = first or #server:requests()
      count = count + 1
      assert.equal(tostring(count), result.key)
    end
    assert.equal(2000, count)
    -- The first lines were there before the last had come.
    assert.equal(2, first)
    assert.equal(("bytes=%d-"):format(at), talk.sent(3).headers.range)
  end)

  it("gives embeddings as they are", function()
    local op = get(talk.ok(batch [[{"inlinedResponses":{"inlinedResponses":[
      {"response":{"embedding":{"values":[0.5]}},"metadata":{"key":"a"}}]}}]]))
    local result = op:results()()
    assert.same({ 0.5 }, result.response.embedding.values)
  end)

  it("raises what its file's download or a line of it brings", function()
    local op = get(talk.ok(batch '{"responsesFile":"files/out"}'), talk.http("404 Not Found", ""))
    local fine, err = pcall(op:results())
    assert.is_false(fine)
    assert.same({ "files.download", 404 }, { err.method, err.code })
    op = get(talk.ok(batch '{"responsesFile":"files/out"}'), talk.http("200 OK", "{}\n{bad\n"))
    local nextResult = op:results()
    assert(nextResult())
    fine, err = pcall(nextResult)
    assert.is_false(fine)
    assert.equal("protocol", err.kind)
  end)

  it("joins keys that are numbers, which may come back as text", function()
    local op = get(talk.ok(batch [[{"inlinedResponses":{"inlinedResponses":[
      {"response":{"embedding":{"values":[0.5]}},"metadata":{"key":"1"}},
      {"response":{"embedding":{"values":[0.5]}},"metadata":{"key":2.0}}]}}]]))
    local requests, seen = { { metadata = { key = 1 }, n = "one" }, { metadata = { key = 2 }, n = "two" } }, {}
    for result in op:results { requests = requests } do seen[#seen + 1] = result.request.n end
    assert.same({ "one", "two" }, seen)
  end)

  it("that failed raises why, and one that is not done says to wait", function()
    local op = get(talk.ok(batch(nil, "BATCH_STATE_EXPIRED")))
    local done, why = op:wait()
    assert.is_nil(done)
    assert.equal("batches/b has expired", why.message)
    local fine, err = pcall(op:results())
    assert.is_false(fine)
    assert.same({ "api", "BATCH_STATE_EXPIRED" }, { err.kind, err.status })
    op = get(talk.ok '{"name":"batches/b","metadata":{"state":"BATCH_STATE_RUNNING"}}')
    fine, err = pcall(op.results, op)
    assert.is_false(fine)
    assert.truthy(err:find("batches/b is not done (BATCH_STATE_RUNNING): call batch:wait() first", 1, true))
  end)

  it("finds its results where they are, and says so where they are nowhere", function()
    local inline = '{"inlinedResponses":{"inlinedResponses":[{"response":{"embedding":{"values":[1]}},"metadata":{"key":null}}]}}'
    local op = get(talk.ok('{"name":"batches/b","done":true,"metadata":{"output":{}},"response":' .. inline .. "}"))
    local result = op:results()()
    assert.same({ 1 }, result.response.embedding.values)
    assert.is_nil(result.key)
    for _, nothing in ipairs { "{}", '{"inlinedResponses":{}}', '{"responsesFile":""}' } do
      op = get(talk.ok(batch(nothing)))
      local fine, err = pcall(op:results())
      assert.is_false(fine)
      assert.same({ "protocol", "the batch is done and has no results" }, { err.kind, err.message })
    end
    op = get(talk.ok(batch('{"inlinedResponses":{"inlinedResponses":[]}}', "BATCH_STATE_CANCELLED")))
    local fine, err = pcall(op:results())
    assert.is_false(fine)
    assert.equal("batches/b was cancelled", err.message)
    op = get(talk.ok(batch '{"responsesFile":"generatedFiles/a"}'))
    fine, err = pcall(op:results())
    assert.is_false(fine)
    assert.same({ "protocol", "batches.get" }, { err.kind, err.method })
  end)

  it("refuses requests that can't be joined", function()
    local op = get(talk.ok(batch '{"inlinedResponses":{}}'))
    for expected, given in pairs {
      ["unknown option 'request', did you mean 'requests'?"] = { request = {} },
      ["requests[2] has no key"] = { requests = { { key = "a" }, { request = {} } } },
      ['requests: two have the key "a"'] = { requests = { { key = "a" }, { metadata = { key = "a" } } } },
      ["requests must be a list, got string"] = { requests = "x" },
      ["requests[1] has no key: results"] = { requests = { { key = 0 / 0 } } },
      ["options have names, got one at [1]"] = { { key = "a" } },
    } do
      local fine, message = pcall(op.results, op, given)
      assert.is_false(fine)
      assert.truthy(message:find("batch:results: " .. expected, 1, true), message)
    end
  end)

  it("has results, other operations have none", function()
    local client = talk.answering(talk.ok '{"name":"models/m/operations/o"}')
    assert.is_nil(client.models.operations:get({ name = "models/m/operations/o" }).results)
  end)
end)
