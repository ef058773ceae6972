---Caches that are found, renewed or made, seen on the wire.

local cjson = require "cjson"
local emu = require "spec.support.emulator"
local gemini = require "gemini"
local live = require "spec.support.live"
local run = require "spec.support.run"
local talk = require "spec.support.talk"
local temporary = require "spec.support.temporary"

local MODEL = "gemini-2.5-flash"

-- A moment as the server writes it, so many seconds from now.
local function at(seconds) return os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() + seconds) end

local function cache(name, displayName, seconds, model)
  return ('{"name":"cachedContents/%s","displayName":"%s","model":"models/%s","expireTime":"%s"}'):format(
    name, displayName, model or MODEL, at(seconds))
end

local function page(token, ...)
  local caches = table.concat({ ... }, ",")
  return talk.ok(('{"cachedContents":[%s]%s}'):format(caches, token and ',"nextPageToken":"' .. token .. '"' or ""))
end

local EMPTY = talk.ok "{}"
local MADE = talk.ok(cache("new", "x", 300))

local function refusal(code) return talk.http(code .. " No", ('{"error":{"code":%d,"message":"no"}}'):format(code)) end

-- What each request was for.
local function requests(server)
  local list = {}
  for i = 1, #server:requests() do
    local sent = talk.sent(i)
    list[i] = sent.verb .. " " .. sent.target:gsub("^/v1beta/", ""):gsub("%?.*", "")
  end
  return list
end

local function wanted(more)
  local args = { key = "manual", model = MODEL, contents = "The manual.", ttl = 300 }
  for name, value in pairs(more or {}) do args[name] = value end
  return args
end

-- The name that these contents get.
local function nameOf(args)
  local client = talk.answering(EMPTY, MADE)
  assert(client.cachedContents:ensure(args))
  return talk.sent(2).body.displayName
end

describe("client.cachedContents:ensure", function()
  after_each(talk.stop)
  after_each(temporary.clean)

  it("makes a cache where there is none, named by the key and what is in it", function()
    local client, server = talk.answering(EMPTY, MADE)
    local made = assert(client.cachedContents:ensure(wanted {
      systemInstruction = "Be brief.", tools = { { googleSearch = {} } }, toolConfig = { functionCallingConfig = { mode = "AUTO" } },
    }))
    assert.equal("cachedContents/new", made.name)
    assert.same({ "GET cachedContents", "POST cachedContents" }, requests(server))
    assert.equal("/v1beta/cachedContents?pageSize=1000", talk.sent(1).target)
    local body = talk.sent(2).body
    assert.truthy(body.displayName:find("^manual%-%x+$"))
    assert.equal(#"manual-" + 16, #body.displayName)
    body.displayName = nil
    assert.same({
      model = "models/gemini-2.5-flash", ttl = "300s", contents = { { role = "user", parts = { { text = "The manual." } } } },
      systemInstruction = { parts = { { text = "Be brief." } } }, tools = { { googleSearch = {} } },
      toolConfig = { functionCallingConfig = { mode = "AUTO" } },
    }, body)
  end)

  it("names the same contents alike, and others not", function()
    local name = nameOf(wanted())
    assert.equal(name, nameOf(wanted { ttl = "500s", contents = { { role = "user", parts = { { text = "The manual." } } } } }))
    assert.not_equal(name, nameOf(wanted { contents = "The manual!" }))
    assert.not_equal(name, nameOf(wanted { systemInstruction = "Be brief." }))
    assert.equal(name, "manual-" .. nameOf { model = MODEL, contents = "The manual." })
    -- What has many names in a table has them in any order.
    local parameters = { type = "OBJECT", properties = {} }
    for i = 1, 50 do parameters.properties["p" .. i] = { type = "STRING", description = "ß " .. i, minLength = 1 } end
    local args = wanted { tools = { { functionDeclarations = { { name = "f", parameters = parameters } } } } }
    local code = ([[
      local gemini = require "gemini"
      local client = gemini.new { apiKey = "k", baseUrl = "http://127.0.0.1:1", retry = false,
        onRequest = function(request) if request.body then io.write(request.body) end end }
      local rest, list = require "gemini.rest", { cachedContents = {} }
      local call = rest.call
      rest.call = function(c, row, request) if row.items then return list end return call(c, row, request) end
      client.cachedContents:ensure(gemini.json.decode(%q))
    ]]):format(gemini.json.encode(args))
    assert.equal(nameOf(args), cjson.decode((run.lua(code))).displayName)
  end)

  it("names contents alike whatever the order of letters is in the locale", function()
    local args = { model = MODEL, contents = "x", tools = { { functionDeclarations = { {
      name = "f", parameters = { type = "OBJECT", properties = { a = { type = "STRING" }, B = { type = "STRING" } } },
    } } } } }
    local name, before = nameOf(args), os.setlocale()
    if not os.setlocale "de_DE.UTF-8" then return pending "no locale with an order of its own is installed" end
    local again = nameOf(args)
    os.setlocale(before)
    assert.equal(name, again)
  end)

  it("gives the one that is there, on whatever page", function()
    local name = nameOf(wanted())
    local client, server = talk.answering(
      page("two", cache("a", "other", 1000), cache("b", name, 1000, "gemini-2.5-pro"), cache("c", name, -5)),
      page("three", cache("d", name, 160), cache("e", name, 299)), page(nil, cache("f", name, 200)))
    assert.equal("cachedContents/e", assert(client.cachedContents:ensure(wanted())).name)
    assert.same({ "GET cachedContents", "GET cachedContents", "GET cachedContents" }, requests(server))
    assert.equal("/v1beta/cachedContents?pageSize=1000&pageToken=three", talk.sent(3).target)
  end)

  it("renews one of which less than half is left", function()
    local name = nameOf(wanted())
    local client, server = talk.answering(page(nil, cache("a", name, 140)), talk.ok(cache("a", name, 300)))
    assert.equal("cachedContents/a", assert(client.cachedContents:ensure(wanted())).name)
    assert.same({ "GET cachedContents", "PATCH cachedContents/a" }, requests(server))
    assert.equal("/v1beta/cachedContents/a?updateMask=ttl", talk.sent(2).target)
    assert.same({ ttl = "300s" }, talk.sent(2).body)
  end)

  it("makes another one where that is gone meanwhile", function()
    local name = nameOf(wanted())
    for _, code in ipairs { 404, 403 } do
      local client, server = talk.answering(page(nil, cache("a", name, 140)), refusal(code), MADE)
      assert.equal("cachedContents/new", assert(client.cachedContents:ensure(wanted())).name)
      assert.same({ "GET cachedContents", "PATCH cachedContents/a", "POST cachedContents" }, requests(server))
      assert.same({ name, "300s" }, { talk.sent(3).body.displayName, talk.sent(3).body.ttl })
    end
  end)

  it("gives errors as they are", function()
    local name = nameOf(wanted())
    for method, answers in pairs {
      ["cachedContents.list"] = { refusal(400) },
      ["cachedContents.create"] = { EMPTY, refusal(400) },
      ["cachedContents.patch"] = { page(nil, cache("a", name, 140)), refusal(400) },
    } do
      local client, server = talk.answering((table.unpack or unpack)(answers)) -- luacheck: globals unpack
      local made, err = client.cachedContents:ensure(wanted())
      assert.is_nil(made)
      assert.same({ "api", 400, method }, { err.kind, err.code, err.method })
      assert.equal(#answers, #server:requests())
    end
    -- As of any list.
    local client = talk.answering(page("same"), page("same"))
    local made, err = client.cachedContents:ensure(wanted())
    assert.same({ nil, "protocol", 'the server gave the page token "same" twice' }, { made, err.kind, err.message })
  end)

  it("takes lifetimes as the wire has them, an hour where none is given, and options of its calls", function()
    for given, sent in pairs {
      [90] = "90s", [0.5] = "0.5s", ["90s"] = "90s", ["1.5s"] = "1.5s", ["40000000s"] = "40000000s", [1e8] = "100000000s",
      -- The API takes nine digits behind the point, and no exponents.
      [100 / 3] = "33.334s", [1e-7] = "0.001s",
    } do
      local client = talk.answering(EMPTY, MADE)
      assert(client.cachedContents:ensure(wanted { ttl = given }))
      assert.equal(sent, talk.sent(2).body.ttl)
    end
    local client = talk.answering(EMPTY, MADE)
    assert(client.cachedContents:ensure({ model = MODEL, contents = "x" }, { headers = { ["X-Mine"] = "7" } }))
    assert.equal("3600s", talk.sent(2).body.ttl)
    for i = 1, 2 do assert.equal("7", talk.sent(i).headers["x-mine"]) end
  end)

  it("refuses what is wrong at the call, and sends nothing", function()
    local client, server = talk.answering(EMPTY)
    local function refused(args, call)
      local ok, problem = pcall(client.cachedContents.ensure, client.cachedContents, args, call)
      assert.is_false(ok)
      return (problem:gsub("^cachedContents%.ensure: ", ""))
    end
    for expected, args in pairs {
      ["model is missing"] = { contents = "x" },
      ["key must be a text of 111 characters at most, got string"] = wanted { key = ("é"):rep(112) },
      ['ttl must be a positive number of seconds, or a text such as "300s", got number'] = wanted { ttl = -1 },
      ['ttl must be a positive number of seconds, or a text such as "300s", got string'] = wanted { ttl = "5m" },
      ["key: the string is not valid UTF-8 (byte 1); binary data goes as base64"] = wanted { key = "\255" },
      ["unknown option 'displayName'"] = wanted { displayName = "x" },
      ["unknown option 'content', did you mean 'contents'?"] = wanted { content = "x" },
    } do
      assert.equal(expected, refused(args))
    end
    assert.truthy(refused(wanted { ttl = 1e300 }):find "^ttl must be a positive number of seconds")
    assert.truthy(refused(wanted { contents = print }):find "contents")
    assert.truthy(refused(wanted(), { timout = 1 }):find "did you mean 'timeout'")
    assert.equal(0, #server:requests())
    client = talk.answering(EMPTY, MADE)
    assert(client.cachedContents:ensure(wanted { key = ("é"):rep(111) }))
  end)

  it("is carried out once for tasks that want the same at once", function()
    local client, server = talk.answering(EMPTY, MADE)
    local found = gemini.map({ 1, 2, 3 }, function() return client.cachedContents:ensure(wanted()) end)
    assert.same({ "GET cachedContents", "POST cachedContents" }, requests(server))
    for i = 1, 3 do assert.equal("cachedContents/new", found[i].name) end
    assert.is_false(rawequal(found[1], found[2]))
    client, server = talk.answering(refusal(400))
    local _, errors = gemini.map({ 1, 2 }, function() return client.cachedContents:ensure(wanted()) end)
    assert.same({ 400, 400 }, { errors[1].code, errors[2].code })
    assert.equal(1, #server:requests())
  end)

  it("goes on for the others where one gives up, and ends where all do", function()
    local slow = { { { "recv" }, { "sleep", 0.5 }, { "send", (EMPTY:gsub("\r\n\r\n", "\r\nConnection: close\r\n\r\n")) }, { "close" } } }
    local client, server = talk.scripted { slow[1], talk.last(MADE) }
    local found, errors = gemini.map({ 1, 2 }, function(_, place)
      if place == 1 then return gemini.timeout(0.05, client.cachedContents.ensure, client.cachedContents, wanted()) end
      return client.cachedContents:ensure(wanted())
    end)
    assert.same({ "timeout", "cachedContents/new" }, { errors[1].kind, found[2].name })
    assert.equal(2, #server:requests())
    client = talk.scripted { slow[1], talk.last(MADE) }
    gemini.map({ 1, 2 }, function()
      return gemini.timeout(0.05, client.cachedContents.ensure, client.cachedContents, wanted())
    end)
    assert.equal(0, require("gemini.loop").tasks())
    live.none()
  end)

  it("ends with what waits for it outside of tasks", function()
    local client = talk.scripted { { { "recv" }, { "sleep", 2 }, { "close" } } }
    gemini.run(function()
      local waiting
      gemini.spawn(function()
        gemini.sleep(0.05)
        waiting:cancel()
      end)
      -- Calls in a coroutine of a task's own block, and raise what a Ctrl-C would.
      waiting = gemini.spawn(function()
        gemini.sleep(0)
        coroutine.wrap(function() client.cachedContents:ensure(wanted()) end)()
      end)
      assert.equal("cancelled", select(2, waiting:await()).kind)
      assert.equal(1, require("gemini.loop").tasks())
    end)
  end)

  it("is played from a cassette at any time", function()
    local server, path = emu.start { delay = 0 }, temporary.file()
    local function played(mode, ahead)
      local output, status = run.lua(([[
        local client = require("gemini").new { apiKey = "k", baseUrl = %q, replay = %q, mode = %q }
        local time = os.time
        os.time = function(...) return time(...) + %d end
        for _ = 1, 2 do
          print(assert(client.cachedContents:ensure { model = "gemini-2.5-flash", contents = ("x"):rep(10000) }).name)
        end
      ]]):format(server.url, path, mode, ahead))
      assert.equal(0, status, output)
      return output
    end
    local recorded = played("record", 0)
    server.stop()
    assert.equal(recorded, played("replay", 100000))
  end)

  it("finds, renews and uses caches of the emulator", function()
    local server = emu.start { delay = 0 }
    local client = gemini.new { apiKey = "k", baseUrl = server.url }
    local first = assert(client.cachedContents:ensure(wanted()))
    local again = assert(gemini.new({ apiKey = "k", baseUrl = server.url }).cachedContents:ensure(wanted()))
    assert.same({ first.name, first.expireTime }, { again.name, again.expireTime })
    local renewed = assert(client.cachedContents:ensure(wanted { ttl = 3000 }))
    assert.equal(first.name, renewed.name)
    assert.is_true(renewed.expireTime > first.expireTime)
    assert.not_equal(first.name, assert(client.cachedContents:ensure(wanted { contents = "Another." })).name)
    local reply = assert(client.models:generateContent { model = MODEL, contents = "Hello", cachedContent = first.name })
    assert.is_true(reply.usageMetadata.cachedContentTokenCount > 0)
    server.stop()
  end)
end)
