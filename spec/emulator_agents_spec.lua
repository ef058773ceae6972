local cjson = require "cjson"
local emu = require "spec.support.emulator"
local gemini = require "gemini"
local mime = require "mime"
local socket = require "socket"

describe("the emulator's agents family", function()
  local server, client

  setup(function()
    server = emu.start { delay = 0, work = 1 }
    client = gemini.new { apiKey = "k", baseUrl = server.url }
  end)
  teardown(function() server.stop() end)

  local function call(verb, target, body, headers)
    local connection = emu.connect(server.url)
    connection:request(verb, target, body, headers)
    local response = connection:head()
    local size = tonumber(response.headers["content-length"])
    -- LuaSocket waits for no bytes at all as long as for some.
    response.body = size > 0 and assert(connection.client:receive(size)) or ""
    connection:close()
    return response
  end

  local function refused(status, ok, err)
    assert.is_nil(ok)
    assert.equal(status, err.status)
    return err.message
  end

  local function refusedRaw(status, verb, target, body)
    local problem = emu.json(call(verb, "/v1beta/" .. target, body and cjson.encode(body) or "")).error
    assert.equal(status, problem.status, problem.message)
    return problem.message
  end

  local function ids(pager)
    local list = {}
    for item in pager do list[#list + 1] = item.id end
    return list
  end

  describe("agents", function()
    it("are created with an id of one's own or one that is made", function()
      local given = { id = "reader", base_agent = "antigravity-preview-05-2026", description = "reads",
        system_instruction = "Read.", tools = { { type = "code_execution" } } }
      local agent = assert(client.agents:create(given))
      assert.same(given, agent)
      assert.same(agent, assert(client.agents:get { id = "reader" }))
      assert.equal("string", type(assert(client.agents:create { base_agent = "agents/reader" }).id))
      assert.same({ id = "plain" }, emu.json(call("POST", "/v1beta/agents", '{"id":"plain","description":null}')))
      refused("ALREADY_EXISTS", client.agents:create { id = "reader" })
      assert.same({}, assert(client.agents:delete { id = "reader" }))
      refused("NOT_FOUND", client.agents:get { id = "reader" })
      refused("NOT_FOUND", client.agents:delete { id = "reader" })
    end)

    it("are refused with unknown fields, wrong types and bases that are not there", function()
      assert.truthy(refused("INVALID_ARGUMENT", client.agents:create { id = "a", baseAgent = "x" }):find(
        'Unknown name "baseAgent": Cannot find field.', 1, true))
      assert.truthy(refused("INVALID_ARGUMENT", client.agents:create { id = "a", tools = "all" }):find("'tools', expected list"))
      refused("INVALID_ARGUMENT", client.agents:create { id = "not an id" })
      refused("INVALID_ARGUMENT", client.agents:create { id = "deep-research-mine" })
      refused("NOT_FOUND", client.agents:create { id = "a", base_agent = "nobody" })
      refusedRaw("INVALID_ARGUMENT", "POST", "agents", { 1 })
      refused("NOT_FOUND", client.agents:get { id = "a" })
    end)

    it("are listed by pages", function()
      local made = {}
      for i = 1, 5 do made[i] = assert(client.agents:create { id = "paged-" .. i }).id end
      local first = assert(client.agents:list { page_size = 3 }:page())
      assert.equal(3, #first.agents)
      assert.equal("string", type(first.next_page_token))
      local all = ids(client.agents:list { page_size = 2 })
      assert.same(made, { all[#all - 4], all[#all - 3], all[#all - 2], all[#all - 1], all[#all] })
      assert.equal(nil, assert(client.agents:list { page_size = 100 }:page()).next_page_token)
      refused("INVALID_ARGUMENT", client.agents:list { page_token = "nonsense" }:page())
    end)
  end)

  describe("webhooks", function()
    local function create(name)
      return assert(client.webhooks:create {
        name = name, uri = "https://example.com/hook", subscribed_events = { "batch.succeeded", "interaction.completed" },
      })
    end

    it("tell their secret at their creation alone", function()
      local made = create "first"
      assert.equal("enabled", made.state)
      assert.truthy(made.new_signing_secret:find("^whsec_"))
      local got = assert(client.webhooks:get { id = made.id })
      assert.is_nil(got.new_signing_secret)
      assert.equal(1, #got.signing_secrets)
      assert.is_nil(cjson.encode(got):find(made.new_signing_secret, 1, true))
      made.new_signing_secret = nil
      assert.same(made, got)
      assert.same({}, assert(client.webhooks:ping { id = made.id }))
      refused("NOT_FOUND", client.webhooks:ping { id = "none" })
    end)

    it("are changed by a mask or by the fields given", function()
      local made = create "before"
      local target = "/v1beta/webhooks/" .. made.id
      local body = '{"name":"after","uri":"https://other.example/","state":"disabled"}'
      local masked = emu.json(call("PATCH", target .. "?update_mask=name,state", body))
      assert.equal("after", masked.name)
      assert.equal("disabled", masked.state)
      assert.equal("https://example.com/hook", masked.uri)
      assert.is_true(masked.update_time > made.update_time)
      local plain = emu.json(call("PATCH", target, '{"uri":"https://other.example/"}'))
      assert.equal("https://other.example/", plain.uri)
      assert.equal("after", plain.name)
      assert.is_nil(emu.json(call("PATCH", target .. "?update_mask=name", "{}")).name)
      refusedRaw("INVALID_ARGUMENT", "PATCH", "webhooks/" .. made.id .. "?update_mask=uri", {})
      refusedRaw("INVALID_ARGUMENT", "PATCH", "webhooks/" .. made.id .. "?update_mask=id", {})
      refused("INVALID_ARGUMENT", client.webhooks:patch { id = made.id, subscribed_events = { "tea.ready" } })
      refused("INVALID_ARGUMENT", client.webhooks:patch { id = made.id, state = "asleep" })
      assert.same(plain.subscribed_events, assert(client.webhooks:get { id = made.id }).subscribed_events)
    end)

    it("are refused without a target or events", function()
      local message = refused("INVALID_ARGUMENT", client.webhooks:create { name = "x" })
      assert.equal("* Webhook.uri: uri is not specified\n* Webhook.subscribed_events: subscribed_events is not specified\n", message)
      refused("INVALID_ARGUMENT", client.webhooks:create { uri = "ftp://x", subscribed_events = { "batch.failed" } })
      refusedRaw("INVALID_ARGUMENT", "POST", "webhooks", { uri = "https://a.b", subscribed_events = { "no.such" } })
    end)

    it("get new secrets, beside the old ones or instead", function()
      local made = create "rotated"
      local second = assert(client.webhooks:rotateSigningSecret { id = made.id }).secret
      assert.not_equal(made.new_signing_secret, second)
      local secrets = assert(client.webhooks:get { id = made.id }).signing_secrets
      assert.equal(2, #secrets)
      assert.equal("string", type(secrets[1].expire_time))
      assert.is_nil(secrets[2].expire_time)
      local behavior = "revoke_previous_secrets_immediately"
      assert(client.webhooks:rotateSigningSecret { id = made.id, revocation_behavior = behavior })
      assert.equal(1, #assert(client.webhooks:get { id = made.id }).signing_secrets)
      assert.truthy(refused("INVALID_ARGUMENT", client.webhooks:rotateSigningSecret {
        id = made.id, revocation_behavior = "REVOKE",
      }):find(behavior, 1, true))
    end)
  end)

  describe("credentials", function()
    local SECRETS = { "s3cret-token", "s3cret-value", "s3cret-client", "s3cret-refresh" }

    it("never give a secret back", function()
      local made = {
        assert(client.credentials:create { id = "mine", type = "bearer_token", token = SECRETS[1], prefix = "Bearer" }),
        assert(client.credentials:create { type = "environment_variable", value = SECRETS[2], injection_location = { "header" } }),
        assert(client.credentials:create { type = "oauth2", client_id = "c", client_secret = SECRETS[3],
          refresh_token = SECRETS[4], token_url = "https://a.b/" }),
      }
      assert.equal("mine", made[1].id)
      local seen = cjson.encode { made, client.credentials:list():page(), client.credentials:get { id = made[3].id } }
      for _, secret in ipairs(SECRETS) do assert.is_nil(seen:find(secret, 1, true)) end
      for _, credential in ipairs(made) do
        assert.equal("active", credential.status)
        assert.equal("string", type(credential.create_time))
      end
      assert.same({}, assert(client.credentials:delete { id = "mine" }))
      refused("NOT_FOUND", client.credentials:get { id = "mine" })
    end)

    it("are changed within their type", function()
      local made = assert(client.credentials:create { type = "bearer_token", token = "a" })
      local changed = assert(client.credentials:patch { id = made.id, type = "bearer_token", token = "b" })
      assert.is_true(changed.update_time > made.update_time)
      assert.equal(made.create_time, changed.create_time)
      refused("INVALID_ARGUMENT", client.credentials:patch { id = made.id, type = "oauth2", client_id = "c" })
      refused("INVALID_ARGUMENT", client.credentials:patch { id = made.id, type = "bearer_token", value = "c" })
      refused("INVALID_ARGUMENT", client.credentials:patch { id = made.id, type = "bearer_token", update_mask = "scopes" })
      refused("NOT_FOUND", client.credentials:patch { id = "none", type = "bearer_token", token = "b" })
    end)

    it("are refused without a type and what it needs", function()
      refused("INVALID_ARGUMENT", client.credentials:create { token = "a" })
      refused("INVALID_ARGUMENT", client.credentials:create { type = "password", token = "a" })
      assert.equal("* Credential.token: token is not specified\n",
        refused("INVALID_ARGUMENT", client.credentials:create { type = "bearer_token" }))
      refused("INVALID_ARGUMENT", client.credentials:create { type = "bearer_token", token = "a", scopes = {} })
    end)
  end)

  describe("voices", function()
    local function listed(query)
      local list = {}
      for _, voice in ipairs(emu.json(call("GET", "/v1beta/voices?" .. query)).voices or {}) do list[#list + 1] = voice end
      return list
    end

    it("that are prebuilt are listed, by filters whose values are alternatives", function()
      local all, women, men = listed "type=prebuilt", listed "gender=female", listed "gender=male"
      assert.is_true(#women > 0 and #men > 0)
      assert.equal(#all, #women + #men)
      assert.equal(#all, #listed "gender=female&gender=male")
      for _, voice in ipairs(listed "gender=male&pitch=low") do
        assert.equal("male low", voice.gender .. " " .. voice.pitch)
      end
      assert.equal("kore", listed("search=KORE")[1].id)
      assert.same({}, emu.json(call("GET", "/v1beta/voices?accent=martian")))
    end)

    it("need the same filters on every page", function()
      local target = "/v1beta/voices?gender=male&page_size=1"
      local token = emu.json(call("GET", target)).next_page_token
      local more = "&page_token=" .. token:gsub("[+/=]", function(c) return ("%%%02X"):format(c:byte()) end)
      assert.equal("male", emu.json(call("GET", target .. more)).voices[1].gender)
      assert.equal(2, #emu.json(call("GET", "/v1beta/voices?gender=male&page_size=2" .. more)).voices)
      refusedRaw("INVALID_ARGUMENT", "GET", "voices?gender=female" .. more)
      refusedRaw("INVALID_ARGUMENT", "GET", "voices?gender=male&search=a" .. more)
      local men = ids(client.voices:list { gender = { "male" }, page_size = 1 })
      assert.equal(#listed "gender=male", #men)
    end)

    it("of one's own are prompted or replicated", function()
      local prompted = assert(client.voices:create {
        voice = { type = "prompted", display_name = "Deep", prompted = { input = "a deep voice" } }, store = true,
      })
      assert.truthy(prompted.id:find("^voice_"))
      assert.same(prompted, assert(client.voices:get { id = prompted.id }))
      assert.equal(prompted.id, listed("type=prompted")[1].id)
      local bare = assert(client.voices:create { type = "prompted", prompted = { input = "a high voice" } })
      assert.same(bare, assert(client.voices:get { id = bare.id }))
      local audio = { data = mime.b64 "sound", mime_type = "audio/wav" }
      local voice = { type = "replicated", replicated = { source_audio = audio, consent_audio = audio } }
      local unstored = assert(client.voices:create { voice = voice })
      assert.is_nil(unstored.id)
      assert.truthy(unstored.key:find("^voicekey_"))
      assert.is_nil(unstored.replicated)
      assert.same({}, assert(client.voices:delete { id = prompted.id }))
      refused("NOT_FOUND", client.voices:get { id = prompted.id })
      refused("NOT_FOUND", client.voices:get { id = "kore" })
      refused("NOT_FOUND", client.voices:delete { id = "kore" })
    end)

    it("are refused unless they are whole", function()
      refusedRaw("INVALID_ARGUMENT", "POST", "voices", { display_name = "x" })
      refusedRaw("INVALID_ARGUMENT", "POST", "voices", { type = "prompted" })
      refusedRaw("INVALID_ARGUMENT", "POST", "voices", { store = true })
      refusedRaw("INVALID_ARGUMENT", "POST", "voices", { voice = { type = "prompted", prompted = { input = "x" } } })
      refusedRaw("INVALID_ARGUMENT", "POST", "voices", { voice = { type = "prompted" }, store = true })
      refusedRaw("INVALID_ARGUMENT", "POST", "voices", { voice = { type = "prebuilt" }, store = true })
      refusedRaw("INVALID_ARGUMENT", "POST", "voices", { voice = { type = "replicated", replicated = { source_audio = {} } } })
    end)
  end)

  describe("environments", function()
    local function create(given) return assert(client.environments:create(given or {})) end

    local function paths(query)
      local list = {}
      for file in client.environments.files:list(query) do list[#list + 1] = file.path .. " " .. file.type end
      return list
    end

    local function start(id, target, headers)
      local all = {
        ["X-Goog-Upload-Protocol"] = "resumable", ["X-Goog-Upload-Command"] = "start",
        ["X-Goog-Upload-Header-Content-Type"] = "text/csv",
      }
      for name, value in pairs(headers or {}) do all[name] = value end
      return call("PUT", ("/upload/v1beta/environments/%s/files/%s"):format(id, target), "", all)
    end

    -- A command on the upload's session, which needs no key.
    local function continue(url, verb, command, offset, bytes)
      local headers = { ["X-Goog-Upload-Command"] = command, ["X-Goog-Upload-Offset"] = offset, ["x-goog-api-key"] = false }
      return call(verb, url:sub(#server.url + 1), bytes, headers)
    end

    local function open(id, target, headers)
      local response = start(id, target, headers)
      assert.equal(200, response.status, response.body)
      assert.equal("", response.body)
      -- The URL names the host that the client asked for.
      return server.url .. response.headers["x-goog-upload-url"]:match("^http://localhost(/.*)$")
    end

    local function upload(id, target, bytes)
      return continue(open(id, target), "POST", "upload, finalize", 0, bytes)
    end

    it("begin with what their sources hold", function()
      local made = create { network = { allowlist = { { domain = "example.com" } } }, sources = {
        { type = "inline", target = "/work/a.txt", content = "hello" },
        { type = "inline", target = "/work/raw.bin", content = mime.b64("\0\255"), encoding = "base64" },
        { type = "repository", source = "https://example.com/x", target = "/repo" },
      } }
      assert.equal("active", made.status)
      assert.equal("2", made.file_count)
      assert.equal("7", made.size_bytes)
      assert.same(made, assert(client.environments:get { id = made.id }))
      assert.equal("\0\255", assert(client.environments.files:download { environment = made.id, path = "work/raw.bin" }))
      assert.same({}, assert(client.environments:delete { id = made.id }))
      refused("NOT_FOUND", client.environments.files:download { environment = made.id, path = "work/a.txt" })
      refused("NOT_FOUND", client.environments:get { id = made.id })
    end)

    it("can be forked", function()
      local first = create { sources = { { type = "inline", target = "a/b.txt", content = "one" } } }
      local fork = create { from_environment = "environments/" .. first.id }
      assert.equal("1", fork.file_count)
      assert(client.environments:delete { id = first.id })
      assert.equal("one", assert(client.environments.files:download { environment = fork.id, path = "a/b.txt" }))
      refused("NOT_FOUND", client.environments:create { from_environment = first.id })
      refused("INVALID_ARGUMENT", client.environments:create { from_environment = fork.id, sources = { { type = "gcs" } } })
    end)

    it("are refused with unknown fields, networks and sources", function()
      refused("INVALID_ARGUMENT", client.environments:create { type = "remote" })
      refused("INVALID_ARGUMENT", client.environments:create { network = "open" })
      refused("INVALID_ARGUMENT", client.environments:create { sources = { { type = "ftp" } } })
      refused("INVALID_ARGUMENT", client.environments:create { sources = { { type = "inline", target = "a" } } })
      local before = #ids(client.environments:list { page_size = 1000 })
      local outside = { type = "inline", target = "../a", content = "x" }
      refused("INVALID_ARGUMENT", client.environments:create { sources = { outside } })
      assert.equal(before, #ids(client.environments:list { page_size = 1000 }))
    end)

    it("take uploads, whole", function()
      local id = create().id
      local response = upload(id, "data/table%20one.csv", "a,b\n1,2\n")
      assert.equal(200, response.status, response.body)
      assert.equal("final", response.headers["x-goog-upload-status"])
      local file = emu.json(response).files[1]
      assert.equal("data/table one.csv", file.path)
      assert.equal("table one.csv", file.name)
      assert.equal("FILE", file.type)
      assert.equal("8", file.size_bytes)
      assert.equal("text/csv", file.mime_type)
      assert.equal("a,b\n1,2\n", assert(client.environments.files:download { environment = id, path = "data/table one.csv" }))
      assert.equal("0", emu.json(upload(id, "empty", "")).files[1].size_bytes)
      assert.equal("2", assert(client.environments:get { id = id }).file_count)
    end)

    it("take uploads in pieces, and say how far they came", function()
      local id, piece = create().id, ("x"):rep(262144)
      local url = open(id, "big.txt", { ["X-Goog-Upload-Header-Content-Length"] = #piece + 3 })
      assert.equal("active", continue(url, "PUT", "upload", 0, piece).headers["x-goog-upload-status"])
      local far = continue(url, "POST", "query", nil, "")
      assert.equal("262144", far.headers["x-goog-upload-size-received"])
      assert.equal(400, continue(url, "POST", "upload, finalize", 7, "end").status)
      assert.equal("final", continue(url, "PUT", "upload, finalize", #piece, "end").headers["x-goog-upload-status"])
      assert.equal("final", continue(url, "POST", "query", nil, "").headers["x-goog-upload-status"])
      assert.equal(piece .. "end", assert(client.environments.files:download { environment = id, path = "big.txt" }))
      url = open(id, "gone.txt")
      assert.equal("cancelled", continue(url, "POST", "cancel", nil, "").headers["x-goog-upload-status"])
      assert.equal(404, continue(url, "POST", "query", nil, "").status)
    end)

    it("replace a file only where that is said", function()
      local id = create().id
      upload(id, "a.txt", "old")
      local problem = emu.json(start(id, "a.txt")).error
      assert.equal("ALREADY_EXISTS", problem.status)
      assert.equal("ALREADY_EXISTS", emu.json(start(id, "a.txt?overwrite=false")).error.status)
      assert.equal("3", emu.json(upload(id, "a.txt?overwrite=true", "new")).files[1].size_bytes)
      assert.equal("new", assert(client.environments.files:download { environment = id, path = "a.txt" }))
      local url = open(id, "late.txt")
      upload(id, "late.txt", "first")
      assert.equal(409, continue(url, "POST", "upload, finalize", 0, "second").status)
    end)

    it("refuse uploads that cannot be", function()
      local id = create().id
      upload(id, "dir/a.txt", "x")
      assert.equal("UNIMPLEMENTED", emu.json(start(id, "b.tar?extract=true")).error.status)
      assert.equal("INVALID_ARGUMENT", emu.json(start(id, "dir")).error.status)
      assert.equal("INVALID_ARGUMENT", emu.json(start(id, "dir/a.txt/b.txt")).error.status)
      assert.equal("INVALID_ARGUMENT", emu.json(start(id, "a/%2e%2e/b")).error.status)
      assert.equal("INVALID_ARGUMENT", emu.json(start(id, "")).error.status)
      assert.equal("INVALID_ARGUMENT", emu.json(start(id, "b", { ["X-Goog-Upload-Protocol"] = "raw" })).error.status)
      assert.equal("NOT_FOUND", emu.json(start("none", "b")).error.status)
      assert.equal("PERMISSION_DENIED", emu.json(start(id, "b", { ["x-goog-api-key"] = false })).error.status)
    end)

    it("list a directory, all below it, or one file", function()
      local id = create().id
      for _, path in ipairs { "b.txt", "a/one.txt", "a/deep/two.txt" } do upload(id, path, "x") end
      local root = emu.json(call("GET", ("/v1beta/environments/%s/files/"):format(id))).files
      assert.equal("a DIRECTORY, b.txt FILE", ("%s %s, %s %s"):format(root[1].path, root[1].type, root[2].path, root[2].type))
      assert.is_nil(root[1].size_bytes)
      assert.same({ "a/deep DIRECTORY", "a/one.txt FILE" }, paths { environment = id, path = "a" })
      assert.same({ "a/deep DIRECTORY", "a/deep/two.txt FILE", "a/one.txt FILE" },
        paths { environment = id, path = "a", recursive = true, page_size = 1 })
      assert.same({ "b.txt FILE" }, paths { environment = id, path = "b.txt" })
      refused("NOT_FOUND", client.environments.files:list { environment = id, path = "c" }:page())
      refused("NOT_FOUND", client.environments.files:list { environment = "none", path = "a" }:page())
      refused("INVALID_ARGUMENT", client.environments.files:download { environment = id, path = "a" })
      refused("NOT_FOUND", client.environments.files:download { environment = id, path = "c" })
      assert.same({}, emu.json(call("GET", ("/v1beta/environments/%s/files/"):format(create().id))))
    end)
  end)

  describe("triggers", function()
    setup(function() assert(client.agents:create { id = "runner" }) end)

    local function create(more)
      local given = { schedule = "0 9 * * 1-5", time_zone = "Europe/Berlin", interaction = { agent = "runner", input = "go" } }
      for name, value in pairs(more or {}) do given[name] = value end
      return client.triggers:create(given)
    end

    it("are created, paused, resumed and deleted", function()
      local made = assert(create { display_name = "every morning" })
      assert.equal("active", made.status)
      assert.equal(0, made.consecutive_failure_count)
      local paused = assert(client.triggers:patch { id = made.id, status = "paused" })
      assert.equal("paused", paused.status)
      assert.equal(paused.update_time, paused.last_pause_time)
      assert.is_nil(paused.last_resume_time)
      local renamed = assert(client.triggers:patch { id = made.id, display_name = "each morning" })
      assert.equal(paused.last_pause_time, renamed.last_pause_time)
      local resumed = assert(client.triggers:patch { id = made.id, status = "active" })
      assert.equal(resumed.update_time, resumed.last_resume_time)
      assert.equal("each morning", resumed.display_name)
      refused("INVALID_ARGUMENT", client.triggers:patch { id = made.id, status = "error" })
      assert.same({}, assert(client.triggers:delete { id = made.id }))
      refused("NOT_FOUND", client.triggers:get { id = made.id })
      refused("NOT_FOUND", client.triggers.executions:create { trigger_id = made.id })
    end)

    it("are refused where they could not run", function()
      refused("INVALID_ARGUMENT", create { schedule = "at nine" })
      refused("INVALID_ARGUMENT", create { interaction = { agent = "runner" } })
      refused("INVALID_ARGUMENT", create { interaction = { model = "gemini-2.5-flash", input = "x" } })
      refused("INVALID_ARGUMENT", create { interaction = { agent = "runner", input = "x", store = true } })
      refused("NOT_FOUND", create { interaction = { agent = "deep-research-x", input = "x" } })
      refused("NOT_FOUND", create { environment_id = "none" })
      local environment = assert(client.environments:create { sources = { { type = "inline", target = "f", content = "x" } } })
      refused("NOT_FOUND", create { environment_id = environment.id .. "/files/f" })
      assert.truthy(refused("INVALID_ARGUMENT", client.triggers:create { schedule = "* * * * *" }):find("time_zone", 1, true))
    end)

    it("are listed by their agent", function()
      assert(client.agents:create { id = "other" })
      local made = assert(create { interaction = { agent = "agents/other", input = "x" } })
      assert(create())
      assert.same({ made.id }, ids(client.triggers:list { filter = 'agent="agents/other"' }))
      assert.is_true(#ids(client.triggers:list()) > 1)
      refused("INVALID_ARGUMENT", client.triggers:list { filter = "status=paused" }:page())
    end)

    it("are run by hand: an execution is what its interaction is", function()
      local trigger = assert(create { environment_id = assert(client.environments:create {}).id })
      assert.same({}, assert(client.triggers.executions:list { trigger_id = trigger.id }:page()))
      local execution = assert(client.triggers.executions:create { trigger_id = trigger.id })
      assert.equal("in_progress", execution.status)
      assert.equal(trigger.id, execution.trigger_id)
      assert.equal(trigger.environment_id, execution.environment_id)
      local second = assert(client.triggers.executions:create { trigger_id = trigger.id })
      assert(client.interactions:cancel { id = second.interaction_id })
      local interaction
      repeat
        socket.sleep(0.02)
        interaction = assert(client.interactions:get { id = execution.interaction_id })
      until interaction.status ~= "in_progress"
      assert.equal("runner", interaction.agent)
      local list = assert(client.triggers.executions:list { trigger_id = trigger.id }:page()).trigger_executions
      assert.equal("completed", list[1].status)
      assert.equal(interaction.updated, list[1].end_time)
      assert.equal("failed", list[2].status)
      assert.equal("string", type(list[2].error))
      local after = assert(client.triggers:get { id = trigger.id })
      assert.equal(second.interaction_id, after.previous_interaction_id)
      assert.equal(second.start_time, after.last_run_time)
    end)
  end)
end)
