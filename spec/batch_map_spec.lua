---A function for each item of a list, whose calls go by the batch service.

local cjson = require "cjson"
local clock = require "spec.support.clock"
local emu = require "spec.support.emulator"
local gemini = require "gemini"
local live = require "spec.support.live"

local MODEL = "gemini-2.5-flash"

local SCRIPT = [[
local seen = {}
return function(request)
  local text = request.text
  seen[text] = (seen[text] or 0) + 1
  if text:find("^again") and seen[text] == 1 then return { error = { status = "UNAVAILABLE", message = "later" } } end
  if text:find("^call") then
    return { candidates = { { content = { role = "model", parts = { { functionCall = { name = "size", args = { text = text } } } } } } } }
  end
  if text == "" then return ("it gave %d"):format(request.body.contents[3].parts[1].functionResponse.response.output) end
  if text:find("^bad") then return { error = { status = "INVALID_ARGUMENT", message = "no " .. text } } end
  return "<" .. text .. ">"
end
]]

describe("client.batches:map", function()
  local server, sent, client

  setup(function() server = emu.start { delay = 0, work = 0.1, script = SCRIPT } end)
  teardown(function() server.stop() end)

  before_each(function()
    sent = {}
    client = gemini.new {
      apiKey = "k", baseUrl = server.url,
      onRequest = function(request) sent[#sent + 1] = request end,
    }
  end)
  after_each(live.none)

  local function ask(text, options)
    local args = { model = MODEL, contents = text }
    for name, value in pairs(options or {}) do args[name] = value end
    local reply, err = client.models:generateContent(args)
    return reply and reply.text, err
  end

  local function one(text) return ask(text) end

  -- The requests other than looks at batches.
  local function methods()
    local list = {}
    for _, request in ipairs(sent) do
      if request.method ~= "batches.get" then list[#list + 1] = request.method end
    end
    return list
  end

  -- The texts of the batches that were made, in their order.
  local function batches()
    local list = {}
    for _, request in ipairs(sent) do
      local batch = request.body and cjson.decode(request.body).batch
      if batch then
        local texts = {}
        for i, each in ipairs(batch.inputConfig.requests.requests) do
          texts[i] = (each.request.contents and each.request.contents[1] or each.request.content).parts[1].text
        end
        list[#list + 1] = texts
      end
    end
    return list
  end

  local FAST = { interval = 0.02 }

  -- Like gemini.map, by the batch service.
  local function map(list, fn, options) return client.batches:map(list, fn, options or FAST) end

  it("gives what gemini.map gives, of one batch", function()
    local questions = { "a", "bad", "c", "d" }
    local function answer(question, place)
      if place == 4 then return nil, "odd" end
      return client.models:generateContent { model = MODEL, contents = question }
    end
    local plain, plainErrors = gemini.map(questions, answer, { concurrency = 8 })
    sent = {}
    local results, errors = client.batches:map(questions, answer, { concurrency = 8, interval = 0.02 })
    assert.same({ 4, "<a>", "<c>" }, { results.n, results[1].text, results[3].text })
    assert.same({ plain.n, plain[1].text, plain[3].text }, { results.n, results[1].text, results[3].text })
    assert.same({ nil, "odd" }, { results[2], errors[4] })
    for _, name in ipairs { "kind", "code", "status", "message", "method" } do
      assert.equal(plainErrors[2][name], errors[2][name])
    end
    assert.same({ "models.batchGenerateContent" }, methods())
    assert.same({ { "a", "bad", "c" } }, batches())
  end)

  it("makes a wave of each further call of the functions", function()
    local results = map({ "a", "b", "c" }, function(question)
      local first = assert(ask(question))
      if question == "b" then return first end
      return ask(first)
    end)
    assert.same({ n = 3, "<<a>>", "<b>", "<<c>>" }, results)
    assert.same({ { "a", "b", "c" }, { "<a>", "<c>" } }, batches())
  end)

  it("carries functions out between the waves, which may ask models themselves", function()
    local function size(args) return #assert(ask("<" .. args.text .. ">")) end
    local tools = { { functionDeclarations = { { name = "size", call = size } } } }
    local results, errors = map({ "call", "call me", "b" }, function(question) return ask(question, { tools = tools }) end)
    assert.same({}, errors)
    assert.same({ n = 3, "it gave 8", "it gave 11", "<b>" }, results)
    assert.same({ "call", "call me", "b" }, batches()[1])
    assert.same({ "<call>", "<call me>" }, batches()[2])
    assert.equal(3, #methods())
  end)

  it("waits for those that do something else before", function()
    local results = map({ "a", "b", "c" }, function(question, place)
      if place == 2 then gemini.sleep(0.05) end
      if place == 3 then
        gemini.sleep(0.1)
        return client.models:countTokens({ model = MODEL, contents = question }).totalTokens
      end
      return ask(question)
    end)
    assert.same({ n = 3, "<a>", "<b>", 1 }, results)
    assert.same({ "models.countTokens", "models.batchGenerateContent" }, methods())
  end)

  it("sends them in the order of the list, whichever function asks first", function()
    map({ "c", "b", "a" }, function(text, place)
      gemini.sleep(0.06 - place * 0.02)
      return gemini.map({ 1, 2 }, function(_, n) return ask(text .. n) end)
    end)
    assert.same({ { "c1", "c2", "b1", "b2", "a1", "a2" } }, batches())
  end)

  it("makes one batch for each model and kind of call", function()
    local results = map({ 1, 2, 3, 4 }, function(_, place)
      if place == 4 then
        local reply = client.models:embedContent { model = "gemini-embedding-001", content = "e", packed = true }
        return tostring(reply.embedding.values)
      end
      return ask("q" .. place, { model = place == 2 and "gemini-2.5-pro" or MODEL })
    end)
    assert.same({ n = 4, "<q1>", "<q2>", "<q3>", "gemini.vector: 768 numbers" }, results)
    assert.same({ { "q1", "q3" }, { "q2" }, { "e" } }, batches())
    local urls = {}
    for _, request in ipairs(sent) do
      if request.verb == "POST" then urls[#urls + 1] = request.url:match "models/(.*)$" end
    end
    table.sort(urls)
    assert.same({
      "gemini-2.5-flash:batchGenerateContent", "gemini-2.5-pro:batchGenerateContent",
      "gemini-embedding-001:asyncBatchEmbedContent",
    }, urls)
  end)

  it("sends the requests as they would be sent alone", function()
    local args = { model = MODEL, contents = { "é", { text = "\0\n" } }, generationConfig = { temperature = 0.1 } }
    assert(client.models:generateContent(args))
    local alone = sent[1].body
    map({ 1 }, function() return client.models:generateContent(args) end)
    assert.truthy(sent[2].body:find('{"request":' .. alone .. ',"metadata":{"key":"1"}}', 1, true), sent[2].body)
  end)

  it("sends large ones in a file", function()
    local results = map({ "a", "b" }, one, { interval = 0.02, maxInlineSize = 0, displayName = "large" })
    assert.same({ n = 2, "<a>", "<b>" }, results)
    assert.same({ "media.upload", "media.upload", "models.batchGenerateContent" }, { methods()[1], methods()[2], methods()[3] })
    assert.equal("files.download", methods()[#methods()])
    assert.equal("large", cjson.decode(sent[3].body).batch.displayName)
  end)

  it("leaves alone what onProgress asks", function()
    local asked, answered = 0, 0
    local results = map({ "a", "b" }, one, { interval = 0.02, onProgress = function()
      if asked == 3 then return end
      asked = asked + 1
      answered = answered + (ask "progress" == "<progress>" and 1 or 0)
    end })
    assert.same({ n = 2, "<a>", "<b>" }, results)
    assert.is_true(asked > 0)
    assert.equal(asked, answered)
    assert.same({ { "a", "b" } }, batches())
  end)

  it("sends again what failed", function()
    local results, errors = map({ "again", "b" }, one, { interval = 0.02, retryFailed = 1 })
    assert.same({ n = 2, "<again>", "<b>" }, results)
    assert.same({}, errors)
    assert.same({ { "again", "b" }, { "again" } }, batches())
  end)

  it("gives all calls the error of the whole", function()
    local slow = clock.start()
    local other = gemini.new { apiKey = "k", baseUrl = slow.url }
    local results, errors = other.batches:map({ "a", "b" }, function(text)
      return other.models:generateContent { model = MODEL, contents = text }
    end, { interval = 0.01, stallTimeout = 0.05 })
    slow.stop()
    assert.same({ n = 2 }, results)
    assert.same({ "timeout", "timeout" }, { errors[1].kind, errors[2].kind })
    assert.truthy(errors[1].message:find("^batches/%w+ has not changed for 0.05 seconds$"))
    results, errors = map({ "a", "b" }, function(text, place)
      return ask(text, { model = place == 1 and "no-such-model" or MODEL })
    end)
    assert.same({ n = 2, nil, "<b>" }, results)
    assert.equal(404, errors[1].code)
  end)

  it("lets functions go on behind an error", function()
    local results = map({ "bad", "b" }, function(text)
      local reply, err = ask(text)
      if reply then return reply end
      return err.status .. assert(ask "other")
    end)
    assert.same({ n = 2, "INVALID_ARGUMENT<other>", "<b>" }, results)
    assert.same({ { "bad", "b" }, { "other" } }, batches())
  end)

  it("gathers what a function asks at once, too", function()
    local results = map({ "a", "b" }, function(text)
      local replies = gemini.map({ 1, 2 }, function(_, place) return ask(text .. place) end)
      return table.concat(replies, " ")
    end)
    assert.same({ n = 2, "<a1> <a2>", "<b1> <b2>" }, results)
    assert.same({ { "a1", "a2", "b1", "b2" } }, batches())
  end)

  it("leaves others' calls alone", function()
    local other = gemini.new { apiKey = "k", baseUrl = server.url }
    gemini.run(function()
      local beside = gemini.spawn(function() return ask "beside" end)
      local results = map({ "a" }, function(text)
        local reply = assert(other.models:generateContent { model = MODEL, contents = "o" })
        return reply.text .. assert(ask(text))
      end)
      assert.same({ n = 1, "<o><a>" }, results)
      assert.equal("<beside>", (beside:await()))
    end)
    assert.same({ { "a" } }, batches())
    assert.equal("<after>", (ask "after"))
  end)

  it("carries out streams and calls in coroutines of a function's own as usual", function()
    local results = map({ "a" }, function(text)
      local own = coroutine.wrap(function() return ask(text) end)()
      local stream = client.models:streamGenerateContent { model = MODEL, contents = text }
      return own .. assert(stream:collect()).text
    end)
    assert.same({ n = 1, "<a><a>" }, results)
    assert.same({}, batches())
  end)

  it("works in a task, while others go on", function()
    local ticks, results = 0, nil
    gemini.run(function()
      gemini.spawn(function()
        for _ = 1, 5 do
          gemini.sleep(0.01)
          ticks = results and ticks or ticks + 1
        end
      end)
      results = map({ "a", "b" }, one)
    end)
    assert.same({ n = 2, "<a>", "<b>" }, results)
    assert.is_true(ticks > 0)
  end)

  it("lets a function give up, and sends the others' calls", function()
    local results, errors = map({ "a", "b", "c" }, function(text, place)
      if place == 1 then return gemini.timeout(0.05, ask, text) end
      if place == 2 then gemini.sleep(0.1) end
      return ask(text)
    end)
    assert.same({ n = 3, nil, "<b>", "<c>" }, results)
    assert.equal("timeout", errors[1].kind)
    assert.same({ { "b", "c" } }, batches())
  end)

  it("raises what a function does wrong, and ends the others", function()
    local ok, problem = pcall(map, { "a", "b" }, function(text, place)
      if place == 2 then
        gemini.sleep(0.05)
        error "a slip"
      end
      return ask(text)
    end)
    assert.is_false(ok)
    assert.truthy(problem:find("a slip", 1, true))
    assert.same({}, methods())
    ok, problem = pcall(map, { "a", "b" }, one, { interval = 0.01, onProgress = function() error "another slip" end })
    assert.is_false(ok)
    assert.truthy(problem:find("another slip", 1, true))
  end)

  it("ends its batch's wait with its task", function()
    local results, err = gemini.timeout(0.1, map, { "a", "b" }, one, { interval = 5 })
    assert.same({ nil, "timeout" }, { results, err.kind })
    local count = #sent
    gemini.sleep(0.05)
    assert.equal(count, #sent)
    assert.equal(0, require("gemini.loop").tasks())
  end)

  it("takes an empty list, and more items than any batch at once", function()
    assert.same({ n = 0 }, (map({}, one)))
    local many = {}
    for i = 1, 1500 do many[i] = "q" .. i end
    local results = map(many, one)
    for i = 1, 1500 do assert.equal("<q" .. i .. ">", results[i]) end
    assert.equal(1, #batches())
  end)

  it("can be within another one", function()
    local results = map({ "a", "b" }, function(text)
      local inner = map({ 1, 2 }, function(_, place) return ask(text .. place) end)
      return ask(inner[1] .. inner[2])
    end)
    assert.same({ n = 2, "<<a1><a2>>", "<<b1><b2>>" }, results)
    assert.same({ { "a1", "a2" }, { "b1", "b2" }, { "<a1><a2>", "<b1><b2>" } }, batches())
  end)

  it("says what is wrong with its arguments", function()
    local function refused(...) return (select(2, pcall(client.batches.map, ...)):gsub("^batches%.map: ", "")) end
    assert.equal("expected a list, got nil", refused(client.batches))
    assert.equal("fn: expected a function, got table", refused(client.batches, {}, {}))
    assert.equal("unknown option 'concurency', did you mean 'concurrency'?", refused(client.batches, {}, one, { concurency = 1 }))
    assert.equal("concurrency must be a positive number of calls, got 0", refused(client.batches, {}, one, { concurrency = 0 }))
    assert.equal("call it with a colon: batches:map(…)", refused({}, one))
    local here = debug.getinfo(1, "l").currentline
    local ok, problem = pcall(function() client.batches:map(1, one) end)
    assert.is_false(ok)
    assert.truthy(problem:find(("batch_map_spec.lua:%d: batches.map: expected a list"):format(here + 1), 1, true), problem)
  end)
end)
