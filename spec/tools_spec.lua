local calling = require "spec.support.calling"
local gemini = require "gemini"
local talk = require "spec.support.talk"

local tools, told = calling.tools, calling.told

local function ask(client, functions, more)
  local args = { model = "m", contents = "Go.", tools = tools(functions) }
  for name, value in pairs(more or {}) do args[name] = value end
  return client.models:generateContent(args)
end

describe("functions that a model calls", function()
  after_each(talk.stop)

  it("are carried out, and the model is told, with its own content as it was", function()
    local part = calling.part("add", { a = 1, b = 2 }, "id-1", "c2ln")
    local client = talk.answering(calling.answer({ text = "Let me see.", thought = true }, part), calling.text "Three.")
    local seen
    local reply = assert(ask(client, { add = function(args, context)
      seen = context
      return { sum = args.a + args.b }
    end }))
    assert.equal("Three.", reply.text)
    assert.same({ call = part.functionCall, round = 1, model = "m" }, seen)
    local contents = talk.sent(2).body.contents
    assert.same({
      { role = "user", parts = { { text = "Go." } } },
      { role = "model", parts = { { text = "Let me see.", thought = true }, part } },
      { role = "user", parts = { { functionResponse = { id = "id-1", name = "add", response = { sum = 3 } } } } },
    }, contents)
    assert.same({ contents[2], contents[3] }, reply.toolTurns)
    assert.is_nil(reply.toolLimit)
    assert.is_nil(rawget(reply, "toolTurns"))
  end)

  it("run at once, and their results come in the order of the calls", function()
    local client = talk.answering(
      calling.answer(calling.part("wait", { n = 3 }, "a"), calling.part("wait", { n = 1 }, "b"), calling.part("now", nil, "c")),
      calling.text "done")
    local begun, ended = {}, {}
    assert(ask(client, {
      wait = function(args)
        begun[#begun + 1] = args.n
        gemini.sleep(args.n / 50)
        ended[#ended + 1] = args.n
        return args.n
      end,
      now = function() ended[#ended + 1] = "now" end,
    }))
    assert.same({ { 3, 1 }, { "now", 1, 3 } }, { begun, ended })
    local results = told(2)
    assert.same({ id = "a", name = "wait", response = { output = 3 } }, results[1])
    assert.same({ id = "b", name = "wait", response = { output = 1 } }, results[2])
    assert.equal("c", results[3].id)
    assert.equal(gemini.null, results[3].response.output)
  end)

  it("may give anything that JSON holds", function()
    local values = { "text", 7, true, { 1, 2 }, gemini.array {}, {}, { a = { b = 1 } } }
    local parts = {}
    for i = 1, #values do parts[i] = calling.part("f", { i = i }) end
    local client = talk.answering(calling.answer((table.unpack or unpack)(parts)), calling.text "x") -- luacheck: ignore 113
    assert(ask(client, { f = function(args) return values[args.i] end }))
    local bytes = talk.sent(2).bytes
    for i, text in ipairs {
      '{"output":"text"}', '{"output":7}', '{"output":true}', '{"output":[1,2]}', '{"output":[]}', "{}", '{"a":{"b":1}}',
    } do
      assert.truthy(bytes:find('"response":' .. text, 1, true), i .. " is not in " .. bytes)
    end
  end)

  it("tell the model of their errors", function()
    local client = talk.answering(
      calling.answer(calling.part "raises", calling.part "fails", calling.part "calls", calling.part "odd", calling.part "unheard"),
      talk.http("404 Not Found", '{"error":{"code":404,"message":"no such model","status":"NOT_FOUND"}}'),
      calling.text "I see.")
    local reply = assert(ask(client, {
      raises = function() error("out of paper", 0) end,
      fails = function() return nil, "no such city" end,
      calls = function() return client.models:get { name = "none" } end,
      odd = function() return { f = print } end,
    }))
    assert.equal("I see.", reply.text)
    local results = told(3)
    assert.same({ error = "out of paper" }, results[1].response)
    assert.same({ error = "no such city" }, results[2].response)
    assert.truthy(results[3].response.error:find("^models%.get: 404 NOT_FOUND: no such model"))
    assert.truthy(results[4].response.error:find("^the result can't be sent: .*function"))
    assert.same({ error = 'there is no function called "unheard"' }, results[5].response)
  end)

  it("have their time", function()
    local client = talk.answering(calling.answer(calling.part "slow", calling.part "slower", calling.part "quick"), calling.text "x")
    assert(ask(client, {
      slow = function() gemini.sleep(60) end,
      slower = { timeout = 0.02, call = function() gemini.sleep(60) end },
      quick = function() return 1 end,
    }, { toolTimeout = 0.01 }))
    local results = told(2)
    assert.truthy(results[1].response.error:find("not done within 0.01 s", 1, true))
    assert.truthy(results[2].response.error:find("not done within 0.02 s", 1, true))
    assert.same({ output = 1 }, results[3].response)
  end)

  it("are asked about, one after the other, and may be refused or changed", function()
    local client = talk.answering(
      calling.answer(calling.part("rm", { path = "/" }), calling.part("rm", { path = "b" }), calling.part("ls"), calling.part("ls")),
      calling.text "x")
    local log = {}
    local answers = { false, { path = "safe" }, true, nil }
    assert(ask(client, {
      rm = function(args) log[#log + 1] = "rm " .. args.path end,
      ls = function() log[#log + 1] = "ls" end,
    }, { onToolCall = function(call, context)
      log[#log + 1] = ("%s? %d"):format(call.name, context.round)
      gemini.sleep(0)
      local answer = answers[1]
      table.remove(answers, 1)
      return answer, answer == false and "not on this machine" or nil
    end }))
    assert.same({ "rm? 1", "rm? 1", "ls? 1", "ls? 1", "rm safe", "ls", "ls" }, log)
    assert.same({ error = "not on this machine" }, told(2)[1].response)
    -- What the model said of it stays what it said.
    assert.equal("b", talk.sent(2).body.contents[2].parts[2].functionCall.args.path)
  end)

  it("get arguments of their own", function()
    local client = talk.answering(calling.answer(calling.part("f", { list = { 1 } })), calling.text "x")
    assert(ask(client, { f = function(args) args.list[1], args.more = 2, 3 end }))
    assert.same({ list = { 1 } }, talk.sent(2).body.contents[2].parts[1].functionCall.args)
  end)

  it("may be called in several answers, up to a limit that shows", function()
    local call = calling.answer(calling.part "f")
    local client, server = talk.answering(call, call, call)
    local rounds = {}
    local reply = assert(ask(client, { f = function(_, context) rounds[#rounds + 1] = context.round end }, { maxToolRounds = 2 }))
    assert.same({ 1, 2 }, rounds)
    assert.is_true(reply.toolLimit)
    assert.equal("f", reply.functionCalls[1].name)
    assert.equal(4, #reply.toolTurns)
    assert.equal(3, #server:requests())
    client = talk.answering(call)
    assert.is_true(ask(client, { f = error }, { maxToolRounds = 0 }).toolLimit)
  end)

  it("stop at ten rounds where nobody says otherwise", function()
    local answers = {}
    for i = 1, 11 do answers[i] = calling.answer(calling.part "f") end
    local client = talk.answering((table.unpack or unpack)(answers)) -- luacheck: ignore 113
    local count = 0
    assert.is_true(ask(client, { f = function() count = count + 1 end }).toolLimit)
    assert.equal(10, count)
  end)

  it("are the caller's where their declarations have no function, and then all of an answer's are", function()
    local client, server = talk.answering(calling.answer(calling.part("mine", { a = 1 }), calling.part "f"))
    local reply = assert(ask(client, { mine = false, f = function() error "not to be called" end }))
    assert.same({ name = "mine", args = { a = 1 } }, reply.functionCalls[1])
    assert.equal("f", reply.functionCalls[2].name)
    assert.equal(1, #server:requests())
    client, server = talk.answering(calling.answer(calling.part "mine"))
    assert.equal("mine", ask(client, { mine = false }).functionCalls[1].name)
    assert.equal(1, #server:requests())
  end)

  it("need not be called again where one had to be", function()
    local client = talk.answering(calling.answer(calling.part "f"), calling.text "x")
    local config = { functionCallingConfig = { mode = "ANY", allowedFunctionNames = { "f" } } }
    assert(ask(client, { f = function() end }, { toolConfig = config }))
    assert.same(config, talk.sent(1).body.toolConfig)
    assert.same({ functionCallingConfig = { mode = "AUTO" } }, talk.sent(2).body.toolConfig)
    assert.equal("ANY", config.functionCallingConfig.mode)
  end)

  it("are told of where a later request fails", function()
    local client = talk.answering(calling.answer(calling.part "f"),
      talk.http("400 Bad Request", '{"error":{"code":400,"message":"no","status":"INVALID_ARGUMENT"}}'))
    local reply, err = ask(client, { f = function() return "done" end })
    assert.is_nil(reply)
    assert.equal("INVALID_ARGUMENT", err.status)
    assert.same({ output = "done" }, err.toolTurns[2].parts[1].functionResponse.response)
  end)

  it("end with the task that waits for them", function()
    local client, server = talk.answering(calling.answer(calling.part "f", calling.part "f"))
    local ended = 0
    local task = gemini.spawn(ask, client, { f = function()
      local _, err = gemini.timeout(60, gemini.sleep, 60)
      ended = ended + (err == nil and 1 or 0)
    end })
    while #server:requests() == 0 or gemini.step(0.02) and #server:requests() < 1 do gemini.step(0.02) end
    for _ = 1, 5 do gemini.step(0.01) end
    task:cancel "enough"
    assert.equal("cancelled", select(2, task:await()).kind)
    assert.is_false(gemini.step(0))
    assert.equal(0, ended)
  end)

  it("are not run where their hook says so as functions tell errors, or says what nobody understands", function()
    local client = talk.answering(calling.answer(calling.part "f"), calling.text "x")
    local f = function() error "not to be called" end
    assert(ask(client, { f = f }, { onToolCall = function() return nil, "not now" end }))
    assert.same({ error = "not now" }, told(2)[1].response)
    client = talk.answering(calling.answer(calling.part "f"))
    local ok, raised = pcall(ask, client, { f = f }, { onToolCall = function() return "no" end })
    assert.same({ false, "onToolCall must give nil, true, false or a table of arguments, got string" }, { ok, raised })
  end)

  it("go with the options of a call as they were at the call", function()
    local client = talk.answering(calling.answer(calling.part "f"), calling.text "x")
    local call = { headers = { ["X-Own"] = "a" }, timeout = 20 }
    local args = { model = "m", contents = "Go.", tools = tools { f = function() call.headers["X-Own"], call.timeout = "b", 30 end } }
    assert(client.models:generateContent(args, call))
    assert.same({ "a", "20" }, { talk.sent(2).headers["x-own"], talk.sent(2).headers["x-server-timeout"] })
  end)

  it("are not begun with where the options of a call are wrong", function()
    local client, server = talk.answering(calling.text "x")
    local args = { model = "m", contents = "Go.", tools = tools { f = print } }
    for _, method in ipairs { "generateContent", "streamGenerateContent" } do
      local ok, raised = pcall(client.models[method], client.models, args, "fast")
      assert.is_false(ok)
      assert.truthy(raised:find(method .. ": options must be a table, got string", 1, true), raised)
    end
    local ok, raised = pcall(client.interactions.run, client.interactions, { model = "m", input = "x" }, "fast")
    assert.truthy(not ok and raised:find("interactions.run: options must be a table, got string", 1, true), raised)
    local chat = client:chat { model = "m" }
    ok, raised = pcall(chat.stream, chat, "x", "fast")
    assert.truthy(not ok and raised:find("chat:stream: options must be a table, got string", 1, true), raised)
    assert.equal(0, #server:requests())
  end)

  it("raise what their hook raises", function()
    local client = talk.answering(calling.answer(calling.part "f"))
    local ok, raised = pcall(ask, client, { f = print }, { onToolCall = function() error("the hook is wrong", 0) end })
    assert.same({ false, "the hook is wrong" }, { ok, raised })
  end)

  for message, case in pairs {
    ["models.generateContent: tools[1].functionDeclarations[1].call must be a function, got string"] =
      { { f = { call = "print" } } },
    ["models.generateContent: tools[1].functionDeclarations[1].timeout must be a positive number of seconds, got 0"] =
      { { f = { call = print, timeout = 0 } } },
    ["models.generateContent: maxToolRounds must be a whole number from 0 on, got -1"] = { { f = print }, { maxToolRounds = -1 } },
    ["models.generateContent: onToolCall must be a function, got boolean"] = { { f = print }, { onToolCall = true } },
    ["models.generateContent: toolTimeout must be a positive number of seconds, got 0"] = { { f = print }, { toolTimeout = 0 } },
    ['models.generateContent: tools[2].functionDeclarations[1]: two functions are called "f"'] =
      { {}, { tools = { tools({ f = print })[1], tools({ f = print })[1] } } },
    ["models.generateContent: tools[1].functionDeclarations[1].name is missing"] =
      { {}, { tools = { { functionDeclarations = { { call = print } } } } } },
  } do
    it("are refused before anything is sent: " .. message, function()
      local client, server = talk.answering(calling.text "x")
      local ok, raised = pcall(ask, client, case[1], case[2])
      assert.is_false(ok)
      assert.truthy(raised:find(message, 1, true), raised)
      assert.equal(0, #server:requests())
    end)
  end
end)

describe("functions that a model calls in a stream", function()
  after_each(talk.stop)

  local function open(client, functions, more)
    local args = { model = "m", contents = "Go.", tools = tools(functions) }
    for name, value in pairs(more or {}) do args[name] = value end
    return client.models:streamGenerateContent(args)
  end

  -- The texts of the chunks, and the error in which they end.
  local function read(stream)
    local texts = {}
    while true do
      local chunk, err = stream:next()
      if not chunk then return texts, err end
      texts[#texts + 1] = chunk.text
    end
  end

  it("are carried out between its chunks", function()
    local client = talk.answering(
      calling.stream("I look. ", calling.part("add", { a = 1, b = 2 }, "1", "c2ln"), { text = "" }),
      calling.stream(calling.part("add", { a = 3, b = 4 }, "2")), calling.stream("Seven", "."))
    local stream = open(client, { add = function(args) return args.a + args.b end })
    assert.same({ "I look. ", "", "", "", "Seven", "." }, (read(stream)))
    local whole = assert(stream:collect())
    assert.equal("Seven.", whole.text)
    assert.equal(4, #whole.toolTurns)
    local contents = talk.sent(3).body.contents
    assert.equal("I look. ", contents[2].parts[1].text)
    assert.equal("c2ln", contents[2].parts[2].thoughtSignature)
    assert.same({ id = "2", name = "add", response = { output = 7 } }, contents[5].parts[1].functionResponse)
    assert.equal("gemini.stream models.streamGenerateContent: ended", tostring(stream))
  end)

  it("are carried out by a collect", function()
    local client = talk.answering(calling.stream(calling.part "f"), calling.stream "done")
    local whole = assert(open(client, { f = function() return 1 end }):collect())
    assert.equal("done", whole.text)
  end)

  it("show their limit", function()
    local client = talk.answering(calling.stream(calling.part "f"), calling.stream(calling.part "f"))
    local whole = assert(open(client, { f = function() end }, { maxToolRounds = 1 }):collect())
    assert.is_true(whole.toolLimit)
    assert.equal("f", whole.functionCalls[1].name)
  end)

  it("leave calls to the caller that have no function", function()
    local client = talk.answering(calling.stream("a", calling.part "mine"))
    local stream = open(client, { mine = false })
    assert.same({ "a", "" }, (read(stream)))
    assert.equal("mine", stream:collect().functionCalls[1].name)
  end)

  it("end with a stream that breaks", function()
    local client = talk.answering(calling.stream(calling.part "f"), talk.sse(talk.chunk "half"))
    local stream = open(client, { f = function() return "done" end })
    local texts, err = read(stream)
    assert.same({ "", "half" }, texts)
    assert.equal("truncated", err.kind)
    assert.equal("half", err.partial.text)
    assert.equal("done", err.toolTurns[2].parts[1].functionResponse.response.output)
    assert.equal(err, select(2, stream:next()))
    assert.same({ false, err }, { pcall(stream) })
  end)

  it("are not carried out where it is closed before", function()
    local client, server = talk.answering(calling.stream("a", calling.part "f"))
    local stream = open(client, { f = function() error "not to be called" end })
    assert.equal("a", stream:next().text)
    stream:close()
    local _, err = stream:next()
    assert.equal("cancelled", err.kind)
    assert.equal("a", err.partial.text)
    assert.equal(1, #server:requests())
  end)

  it("may be running when somebody closes it, and nothing follows", function()
    local client, server = talk.answering(calling.stream(calling.part "f"), calling.stream "never")
    local stream
    stream = open(client, { f = function() stream:close() end })
    local texts, err = read(stream)
    assert.same({ "" }, texts)
    assert.equal("cancelled", err.kind)
    assert.equal(1, #server:requests())
  end)

  it("end a stream when their hook raises", function()
    local client = talk.answering(calling.stream(calling.part "f"))
    local stream = open(client, { f = print }, { onToolCall = function() error("the hook is wrong", 0) end })
    assert(stream:next())
    assert.same({ false, "the hook is wrong" }, { pcall(stream.next, stream) })
    local _, err = stream:next()
    assert.equal("cancelled", err.kind)
  end)

  it("can't be read by two at once", function()
    local client = talk.answering(calling.stream(calling.part "f"), calling.stream "x")
    local stream, raised
    stream = open(client, { f = function() raised = select(2, pcall(stream.next, stream)) end })
    assert(stream:collect())
    assert.truthy(raised:find("stream:next: somebody else reads it", 1, true), raised)
  end)
end)
