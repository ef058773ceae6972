local cjson = require "cjson"
local gemini = require "gemini"
local talk = require "spec.support.talk"

local function interaction(id, status, ...)
  return { id = id, object = "interaction", model = "m", status = status, steps = { ... } }
end

local function ok(...) return talk.ok(cjson.encode(interaction(...))) end

local function call(id, name, arguments)
  return { type = "function_call", id = id, name = name, arguments = arguments or cjson.decode "{}" }
end

local function said(text) return { type = "model_output", content = { { type = "text", text = text } } } end

local function tools(functions)
  local list = {}
  for name, fn in pairs(functions) do
    list[#list + 1] = { type = "function", name = name, parameters = gemini.schema.object { n = "integer?" }, call = fn or nil }
  end
  return list
end

local function event(value) return ("event: %s\ndata: %s\n\n"):format(value.event_type, cjson.encode(value)) end

-- The events of one answer, each with an id.
local function events(prefix, id, status, step)
  local all = {
    { event_type = "interaction.created", interaction = { id = id, status = "in_progress" } },
    { event_type = "step.start", index = 0, step = { type = step.type, id = step.id, name = step.name } },
    { event_type = "step.delta", index = 0, delta = step.content and { type = "text", text = step.content[1].text }
      or { type = "arguments_delta", arguments = cjson.encode(step.arguments) } },
    { event_type = "interaction.completed", interaction = { id = id, status = status } },
  }
  for i, each in ipairs(all) do
    each.event_id = prefix .. i
    all[i] = event(each)
  end
  return all
end

describe("interactions:run", function()
  after_each(talk.stop)

  it("carries out what an interaction asks for, and goes on with the next one", function()
    local asking = ok("a", "requires_action", call("c1", "twice", { n = 4 }), call("c2", "fail"))
    local client = talk.answering(asking, ok("b", "completed", said "Eight."))
    local done = assert(client.interactions:run {
      model = "m", input = "Go.", system_instruction = "Be brief.",
      tools = tools { twice = function(args) return 2 * args.n end, fail = function() return nil, "no" end },
    })
    assert.equal("Eight.", done.text)
    local first, second = talk.sent(1).body, talk.sent(2).body
    assert.equal("Go.", first.input)
    assert.is_nil(first.tools[1].call)
    assert.same({ n = { type = "integer" } }, first.tools[1].parameters.properties)
    assert.equal("a", second.previous_interaction_id)
    assert.same({ "m", "Be brief." }, { second.model, second.system_instruction })
    assert.equal(2, #second.tools)
    assert.same({
      { type = "function_result", call_id = "c1", name = "twice", result = { output = 8 } },
      { type = "function_result", call_id = "c2", name = "fail", result = { error = "no" }, is_error = true },
    }, second.input)
    assert.equal("function_call", done.toolTurns[1].type)
    assert.same({ output = 8 }, done.toolTurns[2].result)
  end)

  it("waits for what goes on in the background", function()
    local client = talk.answering(ok("a", "in_progress"), ok("a", "queued"), ok("a", "requires_action", call("c", "f")),
      ok("b", "in_progress"), ok("b", "completed", said "Done."))
    local seen = {}
    local done = assert(client.interactions:run {
      agent = "x", input = "Go.", background = true, interval = 0.01, tools = tools { f = function() end },
      onProgress = function(each) seen[#seen + 1] = each.id .. " " .. each.status end,
    })
    assert.equal("Done.", done.text)
    assert.same({ "a in_progress", "a queued", "b in_progress" }, seen)
    assert.equal("GET /v1beta/interactions/a", talk.sent(2).verb .. " " .. talk.sent(2).target)
    assert.is_true(talk.sent(4).body.background)
  end)

  it("goes on with one that is there, by its id", function()
    local client = talk.answering(ok("a", "requires_action", call("c0", "f"), { type = "function_result", call_id = "c0", result = 1 },
      call("c1", "f")), ok("b", "completed", said "Done."))
    local count = 0
    assert(client.interactions:run { id = "a", tools = tools { f = function() count = count + 1 end } })
    assert.equal(1, count)
    assert.equal("/v1beta/interactions/a", talk.sent(1).target)
    local body = talk.sent(2).body
    assert.same({ "m", "a", "c1" }, { body.model, body.previous_interaction_id, body.input[1].call_id })
    assert.is_nil(body.id)
  end)

  it("gives back what is not for it to carry out", function()
    for _, case in ipairs { { "requires_action", call("c", "mine") }, { "failed" }, { "requires_continuation" } } do
      local client, server = talk.answering(ok("a", case[1], case[2]))
      local done = assert(client.interactions:run { model = "m", input = "Go.", tools = tools { mine = false, f = error } })
      assert.equal(case[1], done.status)
      assert.equal(1, #server:requests())
    end
  end)

  it("shows its limit", function()
    local answer = ok("a", "requires_action", call("c", "f"))
    local client = talk.answering(answer, answer)
    local done = assert(client.interactions:run { model = "m", input = "Go.", maxToolRounds = 1, tools = tools { f = function() end } })
    assert.is_true(done.toolLimit)
    assert.equal("requires_action", done.status)
  end)

  it("tells the interaction that it waited for in vain", function()
    local client = talk.answering(ok("a", "in_progress"), talk.http("403 Forbidden", "{}"))
    local done, err = client.interactions:run { model = "m", input = "Go.", interval = 0.01 }
    assert.is_nil(done)
    assert.same({ 403, "a" }, { err.code, err.partial.id })
    client = talk.answering(ok("a", "in_progress"))
    err = select(2, client.interactions:run { model = "m", input = "Go.", timeout = 0.02 })
    assert.same({ "timeout", "a" }, { err.kind, err.partial.id })
  end)

  it("streams over what it carries out, and takes a broken stream up", function()
    local first = events("x", "a", "requires_action", call("c1", "twice", { n = 4 }))
    local second = events("y", "b", "completed", said "Eight.")
    local body = first[1] .. first[2]
    local broken = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: " .. #body + 10 .. "\r\n\r\n" .. body
    local client = talk.repeating(broken, talk.sse(first[3] .. first[4]), talk.sse(table.concat(second)))
    local stream = client.interactions:run {
      model = "m", input = "Go.", stream = true, tools = tools { twice = function(args) return 2 * args.n end },
    }
    local seen = {}
    while true do
      local each, err = stream:next()
      if not each then
        assert.is_nil(err)
        break
      end
      seen[#seen + 1] = each.event_id
    end
    assert.same({ "x1", "x2", "x3", "x4", "y1", "y2", "y3", "y4" }, seen)
    assert.equal("Eight.", stream:collect().text)
    assert.equal("/v1beta/interactions/a?last_event_id=x2&stream=true", talk.sent(2).target)
    assert.same({ output = 8 }, talk.sent(3).body.input[1].result)
    assert.is_true(talk.sent(3).body.stream)
  end)

  for message, args in pairs {
    ["interactions.run: tools[1].call must be a function, got number"] =
      { model = "m", input = "x", tools = { { type = "function", name = "f", call = 1 } } },
    ["interactions.run: interval must be a positive number of seconds, got 0"] = { model = "m", input = "x", interval = 0 },
    ["interactions.run: maxToolRounds must be a whole number from 0 on, got 1.5"] = { model = "m", input = "x", maxToolRounds = 1.5 },
    ["interactions.run: input goes with previous_interaction_id"] = { id = "a", input = "More." },
    ["interactions.run: onProgress is for a wait: a stream has none"] = { model = "m", input = "x", stream = true, onProgress = print },
    ["interactions.run: stream must be true or false, got string"] = { model = "m", input = "x", stream = "yes" },
  } do
    it("refuses with: " .. message, function()
      local client, server = talk.answering(ok("a", "completed"))
      local fine, raised = pcall(client.interactions.run, client.interactions, args)
      assert.is_false(fine)
      assert.truthy(raised:find(message, 1, true), raised)
      assert.equal(0, #server:requests())
    end)
  end
end)
