local cjson = require "cjson"
local emu = require "spec.support.emulator"
local gemini = require "gemini"
local socket = require "socket"

local HELLO = '{"model":"gemini-2.5-flash","input":"Why is the sky blue?"%s}'
local INTERACTIONS = "/v1beta/interactions"

describe("the emulator's interactions", function()
  local server, client

  setup(function()
    server = emu.start { delay = 0, work = 0.15, script = [[
      return function(request)
        if request.text == "script" then return "scripted by " .. request.method .. " of " .. request.model end
        if request.text == "refuse" then return { error = { code = 429, message = "slow down" } } end
        if request.text == "chunks" then return { "not", "used" } end
      end
    ]] }
    client = gemini.new { apiKey = "k", baseUrl = server.url }
  end)
  teardown(function() server.stop() end)

  local function call(verb, target, body) return emu.call(server.url, verb, target, body) end
  local function create(given)
    if not given.agent then given.model = given.model or "gemini-2.5-flash" end
    return assert(client.interactions:create(given))
  end

  local function refused(status, given)
    local response = call("POST", INTERACTIONS, type(given) == "string" and given or cjson.encode(given))
    local problem = emu.json(response).error
    assert.equal(status, problem.status, problem.message)
    return problem.message
  end

  local function textOf(interaction)
    local step = interaction.steps[#interaction.steps]
    assert.equal("model_output", step.type)
    return step.content[1].text
  end

  local function settled(id)
    for _ = 1, 200 do
      local interaction = assert(client.interactions:get { id = id })
      if interaction.status ~= "in_progress" then return interaction end
      socket.sleep(0.02)
    end
    error("the interaction never ended")
  end

  -- The events of a stream; each frame must be as Google writes it, and an HTTP chunk of its own.
  local function events(response)
    assert.equal(200, response.status)
    assert.equal("text/event-stream", response.headers["content-type"])
    assert.equal("event: done\ndata: [DONE]\n\n", table.remove(response.chunks))
    local list = {}
    for i, chunk in ipairs(response.chunks) do
      local name, data = chunk:match("^event: ([%w._]+)\ndata: ([^\r\n]+)\n\n$")
      list[i] = cjson.decode((assert(data, chunk)))
      assert.equal(name, list[i].event_type)
      assert.equal("string", type(list[i].event_id))
    end
    return list
  end

  local function types(list)
    local names = {}
    for i, event in ipairs(list) do
      if event.event_type ~= names[#names] then names[#names + 1] = list[i].event_type end
    end
    return table.concat(names, " ")
  end

  local function deltas(list, kind, field)
    local texts = {}
    for _, event in ipairs(list) do
      if event.delta and event.delta.type == kind then texts[#texts + 1] = event.delta[field] end
    end
    return texts
  end

  local function stream(given)
    given.stream = true
    return events(call("POST", INTERACTIONS, cjson.encode(given)))
  end

  local function idOf(list) return list[1].interaction.id end

  describe("create", function()
    it("answers a text at once, computed from the input", function()
      local interaction = create { input = "Why is the sky blue?" }
      assert.equal("completed", interaction.status)
      assert.equal("interaction", interaction.object)
      assert.equal("gemini-2.5-flash", interaction.model)
      assert.equal("thought", interaction.steps[1].type)
      assert.truthy(textOf(interaction):find('"Why is the sky blue?" has 5 words', 1, true))
      assert.truthy(textOf(interaction):find("no model", 1, true))
      local usage = interaction.usage
      assert.equal(5, usage.total_input_tokens)
      assert.equal(usage.total_input_tokens + usage.total_output_tokens, usage.total_tokens)
      assert.same({ { modality = "text", tokens = 5 } }, usage.input_tokens_by_modality)
    end)

    it("takes one content, a list of them and a list of steps", function()
      local image = { type = "image", mime_type = "image/png", data = "QUJD" }
      assert.truthy(textOf(create { input = { type = "text", text = "one two" } }):find("2 words", 1, true))
      local both = create { input = { { type = "text", text = "a b c" }, image } }
      assert.truthy(textOf(both):find("3 words", 1, true))
      assert.equal("image", both.usage.input_tokens_by_modality[2].modality)
      local steps = create { input = {
        { type = "user_input", content = { { type = "text", text = "first" } } },
        { type = "model_output", content = { { type = "text", text = "an answer of several words" } } },
        { type = "user_input", content = "the second one" },
      } }
      assert.truthy(textOf(steps):find('"the second one" has 3 words', 1, true))
    end)

    it("takes models/ for no part of the model's name", function()
      assert.equal("gemini-2.5-pro", create({ model = "models/gemini-2.5-pro", input = "x" }).model)
    end)

    it("calls the function that the input names, and goes on with its result", function()
      local tools = { { type = "function", name = "get_weather", parameters = { type = "object" } } }
      local first = create { input = "call get_weather now", tools = tools }
      assert.equal("requires_action", first.status)
      local step = first.steps[#first.steps]
      assert.equal("function_call", step.type)
      assert.equal("get_weather", step.name)
      local result = { type = "function_result", call_id = step.id, name = step.name, result = { sunny = true } }
      local second = create { input = { result }, previous_interaction_id = first.id, tools = tools }
      assert.equal("completed", second.status)
      assert.equal(first.id, second.previous_interaction_id)
      local forbidden = create { input = "call get_weather", tools = tools, generation_config = { tool_choice = "none" } }
      assert.equal("completed", forbidden.status)
    end)

    it("keeps to the generation's limits", function()
      local interaction = create { input = "x", generation_config = { max_output_tokens = 3 } }
      assert.equal("incomplete", interaction.status)
      assert.equal("This is the ", textOf(interaction))
      local json = create { input = "one two", response_format = { type = "text", mime_type = "application/json" } }
      assert.equal(2, cjson.decode(textOf(json)).words)
      local thinking = create { input = "x", generation_config = { thinking_summaries = "auto" } }
      assert.equal("text", thinking.steps[1].summary[1].type)
    end)

    it("uses a scripted text and a scripted error", function()
      assert.equal("scripted by interactions.create of models/gemini-2.5-flash", textOf(create { input = "script" }))
      assert.equal("slow down", refused("RESOURCE_EXHAUSTED", { model = "gemini-2.5-flash", input = "refuse" }))
      assert.truthy(textOf(create { input = "chunks" }):find("no model", 1, true))
    end)

    it("refuses what is not right", function()
      local flash = "gemini-2.5-flash"
      assert.truthy(refused("INVALID_ARGUMENT", { model = flash, input = "x", contents = "y" }):find(
        'Unknown name "contents": Cannot find field.', 1, true))
      assert.truthy(refused("INVALID_ARGUMENT", { model = flash, input = "x", previousInteractionId = "y" }):find(
        "previousInteractionId", 1, true))
      assert.equal("* CreateInteractionRequest.input: input is not specified\n", refused("INVALID_ARGUMENT", { model = flash }))
      assert.truthy(refused("INVALID_ARGUMENT", { input = "x" }):find("exactly one of model and agent", 1, true))
      refused("INVALID_ARGUMENT", { model = flash, agent = "deep-research-x", input = "x" })
      refused("INVALID_ARGUMENT", { agent = "deep-research-x", input = "x", generation_config = { seed = 1 } })
      refused("INVALID_ARGUMENT", { model = flash, input = "x", stream = "yes" })
      refused("INVALID_ARGUMENT", { model = flash, input = "x", background = true, store = false })
      refused("INVALID_ARGUMENT", { model = flash, input = "x", webhook_config = { uris = { "https://a.b/" } } })
      refused("INVALID_ARGUMENT", { model = flash, input = 5 })
      refused("INVALID_ARGUMENT", { model = flash, input = { { type = "text" } } })
      refused("INVALID_ARGUMENT", { model = flash, input = { { type = "poem", text = "x" } } })
      refused("INVALID_ARGUMENT", { model = flash, input = { { type = "function_result", result = "x" } } })
      refused("INVALID_ARGUMENT", { model = flash, input = { { type = "user_input", content = { { type = "image" } } } } })
      refused("INVALID_ARGUMENT", { model = flash, input = { { type = "image", data = "QUJD", mime_type = 5 } } })
      refused("INVALID_ARGUMENT", { model = flash, input = "x", tools = { { name = "f" } } })
      refused("INVALID_ARGUMENT", { model = flash, input = "x", generation_config = { stop_sequences = { {} } } })
      refused("INVALID_ARGUMENT", '{"model":"gemini-2.5-flash","input":"x",}')
      refused("INVALID_ARGUMENT", '{"model":"gemini-2.5-flash","input":[]}')
      refused("NOT_FOUND", { model = "gemini-0.1", input = "x" })
      refused("NOT_FOUND", { model = "gemini-embedding-001", input = "x" })
      refused("NOT_FOUND", { agent = "nobody", input = "x" })
      refused("NOT_FOUND", { model = flash, input = "x", previous_interaction_id = "v1_none" })
      refused("NOT_FOUND", { model = flash, input = "x", environment = "none" })
    end)
  end)

  describe("that take time", function()
    it("are in progress until the work is done", function()
      local interaction = create { input = "one two", background = true }
      assert.equal("in_progress", interaction.status)
      assert.is_nil(interaction.steps)
      assert.is_nil(interaction.usage)
      local done = settled(interaction.id)
      assert.equal("completed", done.status)
      assert.truthy(textOf(done):find("2 words", 1, true))
      assert.is_true(done.updated > done.created)
    end)

    it("are those of agents, by their name, in an environment", function()
      assert(client.agents:create { id = "worker-1", base_agent = "antigravity-preview-05-2026", base_environment = "remote" })
      local interaction = create { agent = "worker-1", input = "x" }
      assert.equal("in_progress", interaction.status)
      assert.equal("worker-1", interaction.agent)
      assert.equal("active", assert(client.environments:get { id = interaction.environment_id }).status)
      assert.equal("completed", settled(interaction.id).status)
      local environment = { type = "remote", sources = { { type = "inline", target = "/notes/a.txt", content = "abc" } } }
      local own = create { agent = "deep-research-pro-preview-12-2025", input = "x", environment = environment }
      assert.equal("abc", assert(client.environments.files:download {
        environment = own.environment_id, path = "notes/a.txt",
      }))
      local same = create { agent = "worker-1", input = "x", environment = own.environment_id }
      assert.equal(own.environment_id, same.environment_id)
    end)

    it("can be cancelled, once and for all", function()
      local slow = emu.start { work = 1 }
      local interactions = gemini.new({ apiKey = "k", baseUrl = slow.url }).interactions
      local cancelled = assert(interactions:create { model = "gemini-2.5-flash", input = "x", background = true }).id
      assert.equal("cancelled", assert(interactions:cancel { id = cancelled }).status)
      local later = assert(interactions:create { model = "gemini-2.5-flash", input = "x", background = true }).id
      local _, again = interactions:cancel { id = cancelled }
      assert.equal("FAILED_PRECONDITION", again.status)
      repeat socket.sleep(0.05) until assert(interactions:get { id = later }).status == "completed"
      local after = assert(interactions:get { id = cancelled })
      local _, tooLate = interactions:cancel { id = later }
      slow.stop()
      assert.equal("cancelled", after.status)
      assert.is_nil(after.steps)
      assert.equal("FAILED_PRECONDITION", tooLate.status)
    end)
  end)

  describe("that are kept", function()
    it("can be had again, with their input where it is asked for", function()
      local made = create { input = "one two" }
      local got = assert(client.interactions:get { id = made.id })
      assert.same(made.steps, got.steps)
      assert.is_nil(got.input)
      assert.equal("one two", assert(client.interactions:get { id = made.id, include_input = true }).input)
    end)

    it("are gone when deleted, and not there with store=false", function()
      local kept = create { input = "x" }
      assert.same({}, assert(client.interactions:delete { id = kept.id }))
      for _, id in ipairs { kept.id, create({ input = "x", store = false }).id } do
        for _, method in ipairs { "get", "delete", "cancel" } do
          local _, err = client.interactions[method](client.interactions, { id = id })
          assert.equal("NOT_FOUND", err.status)
        end
        refused("NOT_FOUND", { model = "gemini-2.5-flash", input = "x", previous_interaction_id = id })
      end
    end)
  end)

  describe("as a stream", function()
    it("come in frames of their own kind, a few words each", function()
      local list = events(call("POST", INTERACTIONS, HELLO:format(',"stream":true')))
      assert.equal("interaction.created interaction.status_update step.start step.delta step.stop step.start step.delta "
        .. "step.stop interaction.completed", types(list))
      assert.equal("in_progress", list[1].interaction.status)
      assert.equal(idOf(list), list[2].interaction_id)
      assert.equal("thought", list[3].step.type)
      assert.equal(0, list[3].index)
      local kept = assert(client.interactions:get { id = idOf(list) })
      assert.same({ kept.steps[1].signature }, deltas(list, "thought_signature", "signature"))
      local pieces = deltas(list, "text", "text")
      assert.is_true(#pieces > 5)
      assert.equal(textOf(kept), table.concat(pieces))
      local last = list[#list].interaction
      assert.equal("completed", last.status)
      assert.same(kept.usage, last.usage)
      assert.equal(kept.updated, last.updated)
      assert.is_nil(last.steps)
    end)

    it("have an id for each event, after which they can be resumed", function()
      local list = stream { model = "gemini-2.5-flash", input = "x" }
      local target = ("%s/%s?stream=true"):format(INTERACTIONS, idOf(list))
      assert.same(list, events(call("GET", target)))
      for i, event in ipairs(list) do
        local rest = events(call("GET", target .. "&last_event_id=" .. event.event_id))
        assert.equal(#list - i, #rest)
        for j, later in ipairs(rest) do assert.same(list[i + j], later) end
      end
    end)

    it("are refused for an event that never was, or one without a stream", function()
      local list = stream { model = "gemini-2.5-flash", input = "x" }
      local target = ("%s/%s?stream=true"):format(INTERACTIONS, idOf(list))
      local other = stream { model = "gemini-2.5-flash", input = "x" }
      for _, id in ipairs { "7", idOf(list) .. ".0", idOf(list) .. ".99", other[3].event_id } do
        assert.equal("INVALID_ARGUMENT", emu.json(call("GET", target .. "&last_event_id=" .. id)).error.status)
      end
      local plain = target:gsub("%?.*", "?last_event_id=") .. list[1].event_id
      assert.equal("INVALID_ARGUMENT", emu.json(call("GET", plain)).error.status)
      assert.equal("NOT_FOUND", emu.json(call("GET", INTERACTIONS .. "/v1_none?stream=true")).error.status)
    end)

    it("give a function's call with its arguments as text", function()
      local tools = { { type = "function", name = "f" } }
      local list = stream { model = "gemini-2.0-flash", input = "do f please", tools = tools }
      assert.equal("function_call", list[3].step.type)
      assert.equal("f", list[3].step.name)
      assert.is_nil(list[3].step.arguments)
      assert.same({ "{}" }, deltas(list, "arguments_delta", "arguments"))
      assert.equal("requires_action", list[#list].interaction.status)
    end)

    it("end only when an interaction in the background has ended", function()
      local list = stream { model = "gemini-2.5-flash", input = "x", background = true }
      assert.equal("completed", list[#list].interaction.status)
      assert.equal("completed", assert(client.interactions:get { id = idOf(list) }).status)
    end)

    it("go on with an interaction that is in progress", function()
      local made = create { input = "x", background = true }
      local list = events(call("GET", ("%s/%s?stream=true"):format(INTERACTIONS, made.id)))
      assert.equal("completed", list[#list].interaction.status)
      assert.equal(textOf(settled(made.id)), table.concat(deltas(list, "text", "text")))
    end)

    it("end early when the interaction is cancelled", function()
      local slow = emu.start { delay = 0.1, work = 60 }
      local connection = emu.connect(slow.url)
      connection:request("POST", INTERACTIONS, HELLO:format(',"stream":true,"background":true'))
      connection:head()
      local id = cjson.decode(connection:chunk():match("data: (%b{})")).interaction.id
      assert.equal(200, emu.call(slow.url, "POST", ("%s/%s/cancel"):format(INTERACTIONS, id), "").status)
      local chunks = {}
      for data in function() return connection:chunk() end do
        if data == "" then break end
        chunks[#chunks + 1] = data
      end
      connection:close()
      slow.stop()
      assert.equal("event: done\ndata: [DONE]\n\n", chunks[#chunks])
      local last = cjson.decode(chunks[#chunks - 1]:match("data: ([^\n]+)"))
      assert.equal("interaction.completed", last.event_type)
      assert.equal("cancelled", last.interaction.status)
      assert.is_nil(table.concat(chunks):find("5 words", 1, true))
    end)

    it("outlive the connection that they began on", function()
      local slow = emu.start { delay = 0.02 }
      local connection = emu.connect(slow.url)
      connection:request("POST", INTERACTIONS, HELLO:format(',"stream":true'))
      connection:head()
      local first = cjson.decode(connection:chunk():match("data: (%b{})"))
      connection:close()
      local target = ("%s/%s?stream=true&last_event_id="):format(INTERACTIONS, first.interaction.id)
      local rest = events(emu.call(slow.url, "GET", target .. first.event_id))
      slow.stop()
      assert.equal("interaction.status_update", rest[1].event_type)
      assert.equal("completed", rest[#rest].interaction.status)
      assert.truthy(table.concat(deltas(rest, "text", "text")):find("5 words", 1, true))
    end)

    it("of what is not stored are whole, and cannot be had again", function()
      local list = stream { model = "gemini-2.5-flash", input = "x", store = false }
      assert.equal("completed", list[#list].interaction.status)
      assert.equal(404, call("GET", ("%s/%s?stream=true"):format(INTERACTIONS, idOf(list))).status)
    end)

    it("answer a bad request with an error in JSON", function()
      assert.truthy(refused("INVALID_ARGUMENT", HELLO:format(',"stream":true,"foo":1')):find("foo", 1, true))
    end)
  end)
end)
