local cjson = require "cjson"
local emu = require "spec.support.emulator"
local emulator = require "gemini.emulator"
local gemini = require "gemini"
local interpreter = require "gemini.emulator.interpreter"
local socket = require "socket"

local WORK = 0.4

describe("the emulator's state", function()
  local path, server

  local function read()
    local file = assert(io.open(path, "rb"))
    local text = file:read("*a")
    file:close()
    return text
  end

  local function write(text)
    local file = assert(io.open(path, "wb"))
    file:write(text)
    file:close()
  end

  -- A client of a fresh process on the same file.
  local function restart()
    if server then server.stop() end
    server = emu.start { state = path, work = WORK, delay = 0 }
    return gemini.new { apiKey = "k", baseUrl = server.url }
  end

  before_each(function()
    path = os.tmpname()
    os.remove(path)
  end)

  after_each(function()
    if server then server.stop() end
    server = nil
    os.remove(path)
  end)

  local function all(pager)
    local list = {}
    for item in pager do list[#list + 1] = item end
    return list
  end

  local function count(client) return #all(client.corpora:list()) end

  local function statusOf(problem) return problem and problem.status end

  describe("in a file", function()
    it("outlives the process, resource for resource", function()
      local client = restart()
      local corpus = assert(client.corpora:create { displayName = "kept" })
      local document = assert(client.corpora.documents:create { parent = corpus.name, displayName = "a ☃" })
      local source = { type = "inline", target = "a/b.bin", content = "AP8=", encoding = "base64" }
      local environment = assert(client.environments:create { sources = { source } })
      local webhook = assert(client.webhooks:create { uri = "https://a.b/", subscribed_events = { "batch.failed" } })
      local interaction = assert(client.interactions:create {
        model = "gemini-2.5-flash", input = "call f", tools = { { type = "function", name = "f" } },
      })
      client = restart()
      assert.same(corpus, assert(client.corpora:get { name = corpus.name }))
      assert.same({ document }, all(client.corpora.documents:list { parent = corpus.name }))
      assert.equal("\0\255", assert(client.environments.files:download { environment = environment.id, path = "a/b.bin" }))
      webhook.new_signing_secret = nil
      assert.same(webhook, assert(client.webhooks:get { id = webhook.id }))
      assert.same(interaction.steps, assert(client.interactions:get { id = interaction.id }).steps)
      local _, err = client.corpora:delete { name = corpus.name }
      assert.equal("FAILED_PRECONDITION", statusOf(err))
    end)

    it("knows what was changed and deleted, and keeps the order", function()
      local client, names = restart(), {}
      for i = 1, 5 do names[i] = assert(client.corpora:create { displayName = "corpus " .. i }).name end
      assert(client.corpora:delete { name = names[2] })
      assert(client.corpora:patch { name = names[4], displayName = "changed" })
      client = restart()
      local shown = {}
      for i, corpus in ipairs(all(client.corpora:list())) do shown[i] = corpus.displayName end
      assert.same({ "corpus 1", "corpus 3", "changed", "corpus 5" }, shown)
    end)

    it("never gives an id twice", function()
      local seen = {}
      for _ = 1, 3 do
        local client = restart()
        for _ = 1, 3 do
          local made = { assert(client.environments:create {}), assert(client.interactions:create {
            model = "gemini-2.5-flash", input = "x", store = false,
          }) }
          for _, value in ipairs(made) do
            assert.is_nil(seen[value.id])
            seen[value.id] = true
          end
          assert(client.environments:delete { id = made[1].id })
        end
      end
    end)

    it("lets what is under way come to its end", function()
      local client = restart()
      local interaction = assert(client.interactions:create {
        model = "gemini-2.5-flash", input = "one two", background = true,
      })
      assert.equal("in_progress", interaction.status)
      client = restart()
      repeat
        socket.sleep(0.02)
        interaction = assert(client.interactions:get { id = interaction.id })
      until interaction.status ~= "in_progress"
      assert.equal("completed", interaction.status)
      assert.truthy(interaction.steps[2].content[1].text:find("2 words", 1, true))
    end)

    it("resumes a stream where another process left it", function()
      restart()
      local body = '{"model":"gemini-2.5-flash","input":"one two","stream":true}'
      local chunks = emu.call(server.url, "POST", "/v1beta/interactions", body).chunks
      local third = cjson.decode(chunks[3]:match("data: ([^\n]+)"))
      restart()
      local target = ("/v1beta/interactions/%s?stream=true&last_event_id=%s"):format(
        cjson.decode(chunks[1]:match("data: ([^\n]+)")).interaction.id, third.event_id)
      local rest = emu.call(server.url, "GET", target).chunks
      assert.equal(#chunks - 3, #rest)
      for i, chunk in ipairs(rest) do
        local expected = chunks[i + 3]:match("data: (%b{})")
        assert.same(expected and cjson.decode(expected), expected and cjson.decode(chunk:match("data: (%b{})")))
      end
    end)

    it("is an option of the command", function()
      local client = restart()
      local corpus = assert(client.corpora:create { displayName = "kept" })
      server.stop()
      server = nil
      local environment = ("LUA_PATH='%s' LUA_CPATH='%s'"):format(package.path, package.cpath)
      local pipe = io.popen(("echo $$; %s exec %s -l gemini.emulator -- --state '%s' 2>/dev/null"):format(
        environment, interpreter.name(), path))
      local pid, url = pipe:read("*l"), pipe:read("*l")
      local got, err = gemini.new({ apiKey = "k", baseUrl = url }).corpora:get { name = corpus.name }
      os.execute("kill " .. pid)
      pipe:close()
      assert.is_nil(err)
      assert.same(corpus, got)
    end)

    it("that cannot be written is an error of the request that changed it", function()
      os.execute("mkdir '" .. path .. ".missing'")
      local own = emu.start { state = path .. ".missing/state" }
      os.execute("rm -r '" .. path .. ".missing'")
      local response = emu.call(own.url, "POST", "/v1beta/agents", "{}")
      own.stop()
      assert.equal(500, response.status)
      assert.truthy(emu.json(response).error.message:find(path .. ".missing/state", 1, true))
    end)

    it("may begin as an empty one", function()
      write ""
      assert.equal(0, count(restart()))
    end)
  end)

  describe("in a broken file", function()
    local function refused(text)
      write(text)
      local started, problem = emulator.spawn { state = path }
      if started then started.stop() end
      assert.is_nil(started)
      assert.truthy(problem:find(path .. " is no state of the emulator", 1, true), problem)
      assert.equal(text, read())
      local opened, same = emulator.new { state = path }
      if opened then opened:close() end
      assert.is_nil(opened)
      assert.equal(problem, (same:gsub("\n.*", "")))
    end

    it("is refused, and the file stays as it was", function()
      refused "not json"
      refused "{}"
      refused '"text"'
      refused '{"entries":5,"sequence":1}'
    end)

    it("is refused where the file was cut", function()
      assert(restart().corpora:create { displayName = "kept" })
      server.stop()
      server = nil
      local text = read()
      refused(text:sub(1, -2))
      refused(text:sub(1, math.floor(#text / 2)))
    end)
  end)

  describe("is forgotten", function()
    it("by a child's reset(), in the file too", function()
      local client = restart()
      assert(client.corpora:create { name = "corpora/same", displayName = "x" })
      assert.equal(1, count(client))
      assert.is_true(server.reset())
      assert.equal(0, count(client))
      local _, err = client.corpora:get { name = "corpora/same" }
      assert.equal("NOT_FOUND", statusOf(err))
      assert.equal(0, count(restart()))
      assert(restart().corpora:create { name = "corpora/same", displayName = "x" })
    end)

    it("by a POST to /emulator:reset, which needs no key and is no GET", function()
      local client = restart()
      assert(client.corpora:create { displayName = "x" })
      assert.equal(404, emu.call(server.url, "GET", "/emulator:reset").status)
      assert.equal(1, count(client))
      local response = emu.call(server.url, "POST", "/emulator:reset", "", { ["x-goog-api-key"] = false })
      assert.equal(200, response.status)
      assert.equal("{}", response.body)
      assert.equal(0, count(client))
    end)

    it("with the number of requests and the uploads under way", function()
      local client = restart()
      local id = assert(client.environments:create {}).id
      local function ask()
        local interaction = assert(client.interactions:create { model = "gemini-2.0-flash", input = "x" })
        return interaction.steps[1].content[1].text:match("request number (%d+)")
      end
      ask()
      assert.equal("2", ask())
      local connection = emu.connect(server.url)
      connection:request("PUT", ("/upload/v1beta/environments/%s/files/a"):format(id), "", {
        ["X-Goog-Upload-Protocol"] = "resumable", ["X-Goog-Upload-Command"] = "start",
      })
      local session = connection:head().headers["x-goog-upload-url"]:match("^http://[^/]+(.*)$")
      server.reset()
      assert.equal("1", ask())
      local headers = { ["X-Goog-Upload-Command"] = "query" }
      assert.equal(404, emu.call(server.url, "POST", session, "", headers).status)
      connection:close()
    end)

    it("by a server's reset() in the same process", function()
      local own = assert(emulator.new { state = path })
      local function ask(verb, target, body)
        local connection = emu.connect(own.url)
        connection:request(verb, target, body)
        connection.client:settimeout(0)
        local data, _, partial
        repeat
          own:step(0.05)
          data, _, partial = connection.client:receive("*l")
        until data or partial ~= ""
        connection:close()
        return data
      end
      assert.equal("HTTP/1.1 200 OK", ask("POST", "/v1beta/agents", '{"id":"mine"}'))
      assert.equal("HTTP/1.1 200 OK", ask("GET", "/v1beta/agents/mine"))
      assert.truthy(read():find("mine", 1, true))
      own:reset()
      assert.is_nil(read():find("mine", 1, true))
      assert.equal("HTTP/1.1 404 Not Found", ask("GET", "/v1beta/agents/mine"))
      own:close()
    end)

    it("and a child that has ended says so", function()
      restart()
      local ended = server
      ended.stop()
      local ok, problem = ended.reset()
      assert.is_nil(ok)
      assert.truthy(problem:find("could not be reset", 1, true))
    end)
  end)
end)
