---Interactions: their streams, how they are put together, and how they go on behind a broken connection.

local cjson = require "cjson"
local talk = require "spec.support.talk"

local function event(value)
  return ("event: %s\ndata: %s\n\n"):format(value.event_type, cjson.encode(value))
end

local function created(id)
  local interaction = { id = "v1_a", status = "in_progress", object = "interaction", model = "m" }
  return event { event_type = "interaction.created", event_id = id, interaction = interaction }
end

local function started(index, step, id)
  return event { event_type = "step.start", index = index, step = step, event_id = id }
end

local function delta(index, value, id)
  return event { event_type = "step.delta", index = index, delta = value, event_id = id }
end

local function text(index, words, id)
  return delta(index, { type = "text", text = words }, id)
end

local function stopped(index, id)
  return event { event_type = "step.stop", index = index, event_id = id }
end

local function completed(id)
  local interaction = { id = "v1_a", status = "completed", usage = { total_tokens = 7 } }
  return event { event_type = "interaction.completed", event_id = id, interaction = interaction }
end

local DONE = "event: done\ndata: [DONE]\n\n"

local function whole(...)
  return talk.sse(table.concat { ... })
end

-- What follows the head of an event stream, on a connection that breaks behind it.
local function broken(...)
  local body = table.concat { ... }
  return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: " .. #body + 10 .. "\r\n\r\n" .. body
end

local function create(client, call)
  return (client.interactions:create({ model = "m", input = "Hi", stream = true }, call))
end

describe("an interaction", function()
  after_each(talk.stop)

  it("comes whole, with its text, where no stream is asked for", function()
    local client = talk.answering(talk.ok [[{"id":"v1_a","status":"completed","steps":[
      {"type":"user_input","content":[{"type":"text","text":"Hi"}]},
      {"type":"model_output","content":[{"type":"text","text":"Let me see."}]},
      {"type":"function_call","name":"f"},
      {"type":"model_output","content":[{"type":"text","text":"It is "},{"type":"text","text":"fine"}]},
      {"type":"thought","summary":[{"type":"text","text":"hm"}]},
      {"type":"model_output","content":[{"type":"text","text":"."}]}]}]])
    local reply = assert(client.interactions:create { model = "m", input = "Hi", system_instruction = "Be brief." })
    assert.equal("It is fine.", reply.text)
    assert.equal("v1_a", reply.id)
    local sent = talk.sent()
    assert.same({ "POST", "/v1beta/interactions" }, { sent.verb, sent.target })
    assert.same({ model = "m", input = "Hi", system_instruction = "Be brief." }, sent.body)
  end)

  it("has no text where the model said nothing", function()
    local client = talk.answering(talk.ok '{"id":"v1_a","status":"in_progress"}')
    assert.equal("", client.interactions:get({ id = "v1_a" }).text)
  end)

  it("may say of itself what went wrong", function()
    local client = talk.answering(talk.ok '{"id":"v1_a","status":"failed","error":{"message":"x"}}')
    assert.equal("failed", client.interactions:get({ id = "v1_a" }).status)
    client = talk.answering(talk.ok '{"error":{"code":"internal_error","message":"x"}}')
    local reply, err = client.interactions:get { id = "v1_a" }
    assert.is_nil(reply)
    assert.same({ "api", "internal_error" }, { err.kind, err.status })
  end)
end)

describe("an interaction's stream", function()
  after_each(talk.stop)

  it("gives each event, and the text of those that bring any", function()
    local client = talk.answering(whole(
      created(), started(0, { type = "model_output" }), text(0, "Hel"), text(0, "lo"), stopped(0), completed(), DONE
    ))
    local types, texts = {}, {}
    for each in client.interactions:create { model = "m", input = "Hi", stream = true } do
      types[#types + 1], texts[#texts + 1] = each.event_type, each.text
    end
    assert.same({
      "interaction.created", "step.start", "step.delta", "step.delta", "step.stop", "interaction.completed",
    }, types)
    assert.equal("Hello", table.concat(texts))
    assert.same({ model = "m", input = "Hi", stream = true }, talk.sent().body)
  end)

  it("is put together from its events", function()
    local client = talk.answering(whole(
      created(),
      event { event_type = "interaction.status_update", interaction_id = "v1_a", status = "in_progress" },
      started(0, { type = "thought" }),
      delta(0, { type = "thought_summary", content = { type = "text", text = "hm" } }),
      delta(0, { type = "thought_signature", signature = "c2ln" }), stopped(0),
      started(1, { type = "function_call", id = "f1", name = "weather" }),
      delta(1, { type = "arguments_delta", arguments = '{"city":' }),
      delta(1, { type = "arguments_delta", arguments = '"Ulm"}' }), stopped(1),
      started(2, { type = "model_output", content = { { type = "text", text = "It " } } }), text(2, "is "),
      delta(2, { type = "image", data = "AAAA", mime_type = "image/png" }), text(2, "fine"), text(2, "."),
      delta(2, { type = "text_annotation_delta", annotations = { { url = "u" } } }), stopped(2),
      started(3, { type = "google_search_call", id = "g1" }),
      delta(3, { type = "google_search_call", signature = "s" }), stopped(3),
      event { event_type = "to.come", index = 9 },
      completed(), DONE
    ))
    local reply = assert(create(client):collect())
    assert.same({
      id = "v1_a", status = "completed", object = "interaction", model = "m", usage = { total_tokens = 7 },
      steps = {
        { type = "thought", summary = { { type = "text", text = "hm" } }, signature = "c2ln" },
        { type = "function_call", id = "f1", name = "weather", arguments = { city = "Ulm" } },
        {
          type = "model_output",
          content = {
            { type = "text", text = "It is " },
            { type = "image", data = "AAAA", mime_type = "image/png" },
            { type = "text", text = "fine.", annotations = { { url = "u" } } },
          },
        },
        { type = "google_search_call", id = "g1", signature = "s" },
      },
    }, reply)
  end)

  it("goes on behind the last event that has an id when its connection breaks", function()
    local client, server = talk.repeating(
      broken(created "e1", started(0, { type = "model_output" }, "e2"), text(0, "one "), text(0, "two ")),
      broken(text(0, "one "), text(0, "two "), text(0, "three ", "e3")),
      whole(text(0, "four"), stopped(0, "e4"), completed "e5", DONE)
    )
    local texts = {}
    local stream = create(client)
    for each in stream do texts[#texts + 1] = each.text end
    assert.equal("one two three four", table.concat(texts))
    assert.equal("one two three four", stream:collect().text)
    assert.equal(3, #server:requests())
    for i, id in ipairs { "e2", "e3" } do
      local sent = talk.sent(i + 1)
      assert.equal("GET", sent.verb)
      assert.equal("k-secret-1", sent.headers["x-goog-api-key"])
      assert.same({ ["/v1beta/interactions/v1_a"] = true }, { [sent.target:match "^[^?]+"] = true })
      assert.truthy(sent.target:find("last_event_id=" .. id, 1, true))
      assert.truthy(sent.target:find("stream=true", 1, true))
    end
  end)

  it("goes on as well where it ends without its last event, or with an error of the server's", function()
    for _, ending in ipairs {
      "", 'data: [{"error":{"code":503,"message":"over"}}]\n\n', '{"error":{"code":503,"message":"over"}}\n\n',
    } do
      local client = talk.repeating(
        whole(created "e1", ending), whole(started(0, { type = "model_output" }, "e2"), text(0, "fine"), completed "e3")
      )
      local reply, err = create(client):collect()
      assert.is_nil(err)
      assert.equal("fine", reply.text)
    end
  end)

  it("gives no event twice, whatever the server repeats", function()
    local nameless = { event_type = "step.delta", event_id = "", index = 0, delta = { type = "text", text = "B" } }
    local null = 'data: {"event_type":"step.delta","event_id":null,"index":0,"delta":{"type":"text","text":"C"}}\n\n'
    local said = { created "e1", started(0, { type = "model_output" }, "e2"), text(0, "A", "e3"), event(nameless), null }
    local again = table.concat(said)
    for _, from in ipairs { 1, 4 } do
      local client = talk.repeating(broken(again), whole(table.concat(said, "", from), text(0, "D", "e4"), completed "e5"))
      local texts, stream = {}, create(client)
      for each in stream do texts[#texts + 1] = each.text end
      assert.equal("ABCD", table.concat(texts))
      assert.equal("ABCD", stream:collect().text)
    end
  end)

  it("gives no event twice where the server begins anew, and none is lost", function()
    for _, case in ipairs {
      { { created "e1", started(0, { type = "model_output" }), text(0, "A"), text(0, "B", "e2"), text(0, "C") }, "ABCD" },
      { { created "e1", started(0, { type = "model_output" }), text(0, "A"), text(0, "B", "e2") }, "ABD" },
    } do
      local again = table.concat(case[1])
      local client = talk.repeating(broken(again), whole(again, text(0, "D", "e3"), completed "e4"))
      local texts = {}
      for each in create(client) do texts[#texts + 1] = each.text end
      assert.equal(case[2], table.concat(texts))
    end
  end)

  it("takes an id for what it is while nothing is repeated", function()
    local client, server = talk.repeating(whole(
      created "e1", started(0, { type = "model_output" }), text(0, "A", "e2"), text(0, "B", "e2"), completed "e1"
    ))
    assert.equal("AB", assert(create(client):collect()).text)
    assert.equal(1, #server:requests())
  end)

  it("ends where the token for going on can't be had", function()
    local asked = 0
    local client = talk.scripted({ { { "recv" }, { "send", broken(created "e1") }, { "close" } } }, {
      retry = {},
      token = function()
        asked = asked + 1
        return asked == 1 and "t-first" or error("no token now", 0)
      end,
    })
    local stream = create(client)
    assert(stream:next())
    local fine, raised = pcall(stream.next, stream)
    assert.is_false(fine)
    assert.truthy(tostring(raised):find("no token now", 1, true), tostring(raised))
    assert.equal("gemini.stream interactions.create: failed", tostring(stream))
    assert.equal("cancelled", select(2, stream:next()).kind)
  end)

  it("does not ask for ever where nothing new comes", function()
    local client, server = talk.repeating(broken(created "e1"), broken(created "e1"), talk.http("404 Not Found", ""))
    local _, err = create(client, { timeout = 5 }):collect()
    assert.equal(404, err.code)
    assert.equal(3, #server:requests())
  end)

  it("that is whole needs no good ending", function()
    local client, server = talk.repeating(broken(created "e1", completed "e2"), talk.http("400 Bad", ""))
    local reply, err = create(client):collect()
    assert.is_nil(err)
    assert.equal("completed", reply.status)
    assert.equal(1, #server:requests())
  end)

  it("takes what makes no sense for nothing", function()
    local client = talk.repeating(whole(
      created(), 'data: {"event_type":"interaction.status_update","status":null}\n\n',
      'data: {"event_type":"step.delta","index":null,"delta":null}\n\n',
      'data: {"event_type":"step.start","index":"x","step":7}\n\n',
      'data: {"event_type":"step.delta","index":-5,"delta":{"type":"thought_signature","signature":null}}\n\n',
      'data: {"event_type":"step.delta","index":1e300,"delta":{"type":"text","text":{}}}\n\n',
      'data: {"event_type":7,"metadata":{"total_usage":null}}\n\n', 'data: {}\n\n',
      'data: {"event_type":"interaction.completed","interaction":{"status":"completed","steps":null}}\n\n'
    ))
    local reply, err = create(client):collect()
    assert.is_nil(err)
    assert.same({ "v1_a", "completed", "" }, { reply.id, reply.status, reply.text })
  end)

  it("begins where get is told to", function()
    local client = talk.repeating(broken(text(0, "one", "e7")), whole(text(0, " two", "e8"), completed "e9"))
    local stream = client.interactions:get { id = "v1_a", stream = true, last_event_id = "e6" }
    assert.equal("one", assert(stream:next()).text)
    local sent = talk.sent()
    assert.equal("GET", sent.verb)
    assert.truthy(sent.target:find("last_event_id=e6", 1, true))
    local reply = assert(stream:collect())
    assert.equal("completed", reply.status)
    assert.truthy(talk.sent(2).target:find("last_event_id=e7", 1, true))
  end)

  it("can't go on without an id to go on from, and says what it had", function()
    local client, server = talk.repeating(broken(created(), started(0, { type = "model_output" }), text(0, "one")))
    local reply, err = create(client):collect()
    assert.is_nil(reply)
    assert.equal("truncated", err.kind)
    assert.equal("one", err.partial.text)
    assert.equal(1, #server:requests())
  end)

  it("is not taken up again for what is no fault of the connection's", function()
    local client, server = talk.repeating(
      whole(created "e1", event { event_type = "error", error = { code = 400, message = "bad" } })
    )
    local reply, err = create(client):collect()
    assert.is_nil(reply)
    assert.same({ "api", 400, "bad" }, { err.kind, err.code, err.message })
    assert.equal("v1_a", err.partial.id)
    assert.equal(1, #server:requests())
  end)

  it("gives up where the interaction is gone", function()
    local client, server = talk.repeating(broken(created "e1"), talk.http("404 Not Found", ""))
    local reply, err = create(client):collect()
    assert.is_nil(reply)
    assert.same({ "api", 404, "v1_a" }, { err.kind, err.code, err.partial.id })
    assert.same({ "interactions.create", 2 }, { err.method, err.attempts })
    assert.equal(2, #server:requests())
  end)

  it("does not go on past its time", function()
    local client, server = talk.scripted { {
      { "recv" }, { "send", broken(created "e1") }, { "sleep", 1 }, { "close" },
    } }
    local reply, err = create(client, { timeout = 0.3 }):collect()
    assert.is_nil(reply)
    assert.equal("timeout", err.kind)
    assert.equal(1, #server:requests())
  end)

  it("that is refused is no stream to take up", function()
    local client, server = talk.answering(talk.http("503 Busy", ""))
    local reply, err = create(client):collect()
    assert.is_nil(reply)
    assert.equal(503, err.code)
    assert.equal(1, #server:requests())
  end)
end)
