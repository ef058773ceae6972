local gemini = require "gemini"
local talk = require "spec.support.talk"

local function raises(expected, fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  assert.truthy(tostring(err):find(expected, 1, true), tostring(err) .. "\nlacks: " .. expected)
end

local OK = talk.ok "{}"

describe("gemini.new", function()
  after_each(talk.stop)

  for _, case in ipairs {
    { "an unknown option", { apikey = "k" }, "gemini.new: unknown option 'apikey', did you mean 'apiKey'?" },
    { "no table", 5, "gemini.new: options must be a table, got number" },
    { "a key of another type", { apiKey = 5 }, "gemini.new: apiKey must be a string, got number" },
    { "an empty key", { apiKey = "" }, "gemini.new: apiKey is empty" },
    { "a key with a line end", { apiKey = "secret\n" }, "gemini.new: apiKey holds a space, a line end" },
    { "a time-out of nothing", { apiKey = "k", timeout = 0 }, "timeout must be a positive number of seconds" },
    { "a version that leaves its segment", { apiKey = "k", version = ".." }, 'version must be a version such as' },
    { "headers that frame a message", { apiKey = "k", headers = { ["Content-Length"] = "1" } },
      "headers: Content-Length is not yours to set" },
    { "a base without a scheme", { apiKey = "k", baseUrl = "localhost:1" }, "baseUrl must be an http or https URL" },
    { "a base with a user", { apiKey = "k", baseUrl = "http://u:p@h" }, "baseUrl must not hold a user name" },
    { "a base with a query", { apiKey = "k", baseUrl = "http://h/?a=1" }, "baseUrl must not hold a query" },
    { "a bad header", { apiKey = "k", headers = { a = "b\r\nc: d" } }, "headers: a holds a line end" },
    { "a bad header name", { apiKey = "k", headers = { ["a b"] = "" } }, 'headers: "a b" is not a header name' },
    { "a codec that is none", { apiKey = "k", json = {} }, "json must be a table with encode and decode" },
  } do
    it("refuses " .. case[1], function() raises(case[3], gemini.new, case[2]) end)
  end

  it("keeps what may be secret in a URL to itself", function()
    for _, url in ipairs { "https://h/?key=SECRETURL", "ftp://u:SECRETPW@h/", "SECRET://x" } do
      local _, err = pcall(gemini.new, { apiKey = "k", baseUrl = url })
      assert.falsy(err:find("SECRET", 1, true), err)
    end
  end)

  it("is called with a dot", function()
    raises("gemini.new: call it with a dot: gemini.new{…}", gemini.new, gemini, {})
  end)

  it("names the variable that holds a bad key", function()
    local getenv = os.getenv
    os.getenv = function(name) return name == "GOOGLE_API_KEY" and "a\n" or nil end -- luacheck: ignore 122
    local _, err = pcall(gemini.new)
    os.getenv = getenv -- luacheck: ignore 122
    assert.truthy(err:find("GOOGLE_API_KEY holds a space, a line end", 1, true))
  end)

  it("names this file and line", function()
    local _, err = pcall(function() gemini.new { apiKey = "" } end)
    assert.truthy(err:find("client_spec.lua:%d+: gemini.new: apiKey is empty"))
  end)

  it("refuses to work without a key", function()
    local getenv = os.getenv
    os.getenv = function() return nil end -- luacheck: ignore 122
    local ok, err = pcall(gemini.new)
    os.getenv = getenv -- luacheck: ignore 122
    assert.is_false(ok)
    assert.truthy(err:find("no API key: give apiKey, or set GEMINI_API_KEY", 1, true))
  end)

  it("takes key and place from the environment, the option first", function()
    local getenv, values = os.getenv, {}
    os.getenv = function(name) return values[name] end -- luacheck: ignore 122
    local _, server = talk.answering(OK, OK, OK)
    values = { GOOGLE_API_KEY = "second", GOOGLE_GEMINI_BASE_URL = server.url .. "/" }
    gemini.new().models:get { name = "a" }
    values.GEMINI_API_KEY = "first"
    gemini.new().models:get { name = "a" }
    gemini.new({ apiKey = "given" }).models:get { name = "a" }
    os.getenv = getenv -- luacheck: ignore 122
    assert.equal("second", talk.sent(1).headers["x-goog-api-key"])
    assert.equal("first", talk.sent(2).headers["x-goog-api-key"])
    assert.equal("given", talk.sent(3).headers["x-goog-api-key"])
    assert.equal("/v1beta/models/a", talk.sent(1).target)
  end)
end)

describe("a client", function()
  after_each(talk.stop)

  it("says who it is, and sends its key in the header only", function()
    local client = talk.answering(talk.ok '{"totalTokens":1}')
    assert(client.models:countTokens { model = "m", contents = "hi" })
    local sent = talk.sent()
    assert.equal("k-secret-1", sent.headers["x-goog-api-key"])
    assert.truthy(sent.headers["user-agent"]:find("^lua%-gemini/[%d.]+ gl%-lua/%S+ libcurl/[%d.]+"))
    assert.equal(sent.headers["user-agent"], sent.headers["x-goog-api-client"])
    assert.equal("application/json", sent.headers["content-type"])
    assert.equal(1, select(2, sent.raw:gsub("k%-secret%-1", "")))
  end)

  it("shows its key nowhere", function()
    local client = talk.answering(talk.http("400 Bad Request", '{"error":{"message":"no","code":400}}'))
    local reply, err = client.models:get { name = "a" }
    assert.is_nil(reply)
    local seen, all = {}, {}
    local function walk(value)
      if type(value) == "table" and not seen[value] then
        seen[value] = true
        all[#all + 1] = tostring(value)
        for k, v in pairs(value) do walk(k) walk(v) end
        walk(getmetatable(value))
      elseif type(value) == "string" then
        all[#all + 1] = value
      end
    end
    walk(client)
    walk(err)
    assert.falsy(table.concat(all, "\n"):find("k-secret-1", 1, true))
    assert.truthy(tostring(client):find("^gemini.client: http://127"))
  end)

  it("sends a token in the key's place, asked for anew at each request", function()
    local n = 0
    local client = talk.scripted({ { { "recv" }, { "send", OK }, { "loop" } } }, {
      apiKey = "k-secret-1",
      token = function()
        n = n + 1
        return "t" .. n
      end,
    })
    client.models:get { name = "a" }
    client.models:get { name = "a" }
    assert.equal("Bearer t1", talk.sent(1).headers.authorization)
    assert.equal("Bearer t2", talk.sent(2).headers.authorization)
    assert.is_nil(talk.sent(1).headers["x-goog-api-key"])
  end)

  it("sends nothing without a token", function()
    local answers = {}
    local client, server = talk.scripted({ {} }, { token = function() return answers[1], answers[2] end })
    local reply, err = client.models:get { name = "a" }
    assert.is_nil(reply)
    assert.equal("models.get: network: no access token: the function gave none", tostring(err))
    answers = { nil, "the metadata server is down" }
    local ok, raised = pcall(function()
      for _ in client.models:streamGenerateContent { model = "m", contents = "x" } do error "a chunk came" end
    end)
    assert.is_false(ok)
    assert.equal("no access token: the metadata server is down", raised.message)
    assert.equal(0, raised.attempts)
    answers = { 5 }
    raises("models.get: token: the function must return a string, got number",
      client.models.get, client.models, { name = "a" })
    answers = { "a\r\nb: c" }
    raises("models.get: token holds a space, a line end", client.models.get, client.models, { name = "a" })
    assert.equal(0, server:connections())
  end)

  it("asks for the token when a page is sent, not before", function()
    local n = 0
    local client = talk.scripted({ { { "recv" }, { "send", talk.ok '{"nextPageToken":"t"}' }, { "loop" } } }, {
      token = function()
        n = n + 1
        return "token-" .. n
      end,
    })
    local pager = client.models:list()
    assert.equal(0, n)
    pager:page()
    assert.equal("Bearer token-1", talk.sent(1).headers.authorization)
  end)

  it("hides its key where the server repeats it", function()
    local client = talk.answering(talk.http("400 Bad Request", '{"error":"the key k-secret-1 is bad"}'))
    local _, err = client.models:get { name = "a" }
    assert.equal("the key (redacted) is bad", err.message)
    for at = 180, 205 do
      client = talk.answering(talk.http("502 Bad Gateway", ("x"):rep(at) .. "k-secret-1"))
      _, err = client.models:get { name = "a" }
      assert.falsy(err.message:find("k-s", 1, true), err.message)
    end
  end)

  it("closes the transfer of a call whose observer raises", function()
    local client = talk.scripted({
      { { "recv" }, { "send", OK }, { "close" } },
      { { "recv" }, { "send", talk.sse(talk.chunk "a") }, { "hold" } },
    }, { onResponse = function() error("mine", 0) end })
    assert.has_error(function() client.models:get { name = "a" } end, "mine")
    local stream = client.models:streamGenerateContent { model = "m", contents = "x" }
    assert.has_error(function() stream:next() end, "mine")
    local _, err = stream:next()
    assert.same({ "cancelled", "onResponse raised an error" }, { err.kind, err.message })
    assert.equal(0, require("gemini.loop").live())
  end)

  it("sends its headers, a call's over them", function()
    local client = talk.scripted({ { { "recv" }, { "send", OK } } }, { headers = { ["X-A"] = "1", ["X-B"] = "1" } })
    client.models:get({ name = "a" }, { headers = { ["x-b"] = "2", ["X-Empty"] = "" } })
    local headers = talk.sent().headers
    assert.same({ "1", "2", "" }, { headers["x-a"], headers["x-b"], headers["x-empty"] })
    assert.is_nil(headers["content-type"])
  end)

  it("takes another version, for all calls or for one", function()
    local client = talk.scripted({ { { "recv" }, { "send", OK }, { "loop" } } }, { version = "v1" })
    client.models:get { name = "a" }
    client.models:get({ name = "a" }, { version = "v1alpha" })
    assert.equal("/v1/models/a", talk.sent(1).target)
    assert.equal("/v1alpha/models/a", talk.sent(2).target)
  end)

  it("tells the server how long it waits", function()
    local client = talk.scripted({ { { "recv" }, { "send", OK }, { "loop" } } })
    client.models:get({ name = "a" }, { timeout = 7.2 })
    client.models:get { name = "a" }
    assert.equal("8", talk.sent(1).headers["x-server-timeout"])
    assert.is_nil(talk.sent(2).headers["x-server-timeout"])
  end)

  it("lets others watch, without the key", function()
    local seen = {}
    local function see(event) seen[#seen + 1] = event end
    local client = talk.scripted({ { { "recv" }, { "send", OK }, { "close" } } }, { onRequest = see, onResponse = see })
    client.models:countTokens { model = "m", contents = "x" }
    assert.equal(2, #seen)
    assert.same({ "models.countTokens", "POST", "(redacted)" }, {
      seen[1].method, seen[1].verb, seen[1].headers["x-goog-api-key"],
    })
    assert.truthy(seen[1].url:find("/v1beta/models/m:countTokens$"))
    assert.truthy(seen[1].body:find('"contents"'))
    assert.equal(200, seen[2].status)
    assert.equal("application/json", seen[2].headers["content-type"])
  end)

  it("can use another JSON codec", function()
    local cjson = require "cjson"
    local client = talk.scripted({
      { { "recv" }, { "send", talk.ok '{"candidates":[{"content":{"parts":[{"text":"yes"}]}}]}' }, { "close" } },
      { { "recv" }, { "send", talk.sse(talk.chunk("a") .. talk.chunk("b", "STOP")) }, { "close" } },
      { { "recv" }, { "send", talk.ok "nonsense" }, { "close" } },
    }, { json = cjson })
    assert.equal("yes", client.models:generateContent({ model = "m", contents = "x" }).text)
    assert.equal("ab", client.models:streamGenerateContent({ model = "m", contents = "x" }):collect().text)
    local reply, err = client.models:get { name = "a" }
    assert.is_nil(reply)
    assert.equal("protocol", err.kind)
  end)
end)

describe("wrong use", function()
  local client, server

  before_each(function() client, server = talk.scripted { {} } end)
  after_each(function()
    assert.equal(0, server:connections())
    talk.stop()
  end)

  local function call(method, ...)
    return client.models[method], client.models, ...
  end

  for _, case in ipairs {
    { "generateContent: model is missing", "generateContent", { contents = "x" } },
    { "generateContent: model must be a string, got number", "generateContent", { model = 5 } },
    { "generateContent: contents must be a string or a table, got number",
      "generateContent", { model = "m", contents = 5 } },
    { "generateContent: contents[2] must be a string, a part or a content, got boolean",
      "generateContent", { model = "m", contents = { "a", true } } },
    { "generateContent: contents: a list must not have holes, but item 2 is nil",
      "generateContent", { model = "m", contents = { "a", nil, "b" } } },
    { "generateContent: contents: a list must not have a named field ('inlineData')",
      "generateContent", { model = "m", contents = { "look", inlineData = {} } } },
    { "generateContent: systemInstruction: a list must not have a named field ('text')",
      "generateContent", { model = "m", contents = "x", systemInstruction = { "a", text = "b" } } },
    { "models.list: pageSize must be a finite number", "list", { pageSize = 1 / 0 } },
    { "generateContent: systemInstruction must be a string or a table, got number",
      "generateContent", { model = "m", contents = "x", systemInstruction = 1 } },
    { "generateContent: systemInstruction[1] must be a string or a part, got number",
      "generateContent", { model = "m", contents = "x", systemInstruction = { 1 } } },
    { "countTokens: generateContentRequest.contents must be a string or a table, got number",
      "countTokens", { model = "m", generateContentRequest = { contents = 1 } } },
    { "generateContent: arguments must be a table, got string", "generateContent", "hello" },
    { "generateContent: arguments have names, got one at [1]", "generateContent", { "hello", model = "m" } },
    { "generateContent: model is not a legal resource name: \"a/../b\"", "generateContent", { model = "a/../b" } },
    { "generateContent: model is not a legal resource name: \"\"", "generateContent", { model = "" } },
    { "generateContent: model is not a legal resource name", "generateContent", { model = "m?x=1" } },
    { "generateContent: model is not a legal resource name", "generateContent", { model = "models/m#x" } },
    { "generateContent: model is not a legal resource name", "generateContent", { model = "m\r\nx: y" } },
    { "models.get: name must look like models/*, got \"files/x\"", "get", { name = "files/x" } },
    { "models.get: unknown argument 'nmae', did you mean 'name'?", "get", { nmae = "x", name = "m" } },
    { "models.list: pageSize must be a string, a number or a boolean, got table", "list", { pageSize = {} } },
    { "models.list: unknown argument 'pagesize', did you mean 'pageSize'?", "list", { pagesize = 1 } },
    { "generateContent: generationConfig.temperature: nan", "generateContent",
      { model = "m", contents = "x", generationConfig = { temperature = 0 / 0 } } },
    { "generateContent: contents[1].parts[1].text:", "generateContent", { model = "m", contents = "\255" } },
    { "unknown option 'timeOut', did you mean 'timeout'?", "generateContent", { model = "m" }, { timeOut = 1 } },
    { "headers: a must be a string, got number", "generateContent", { model = "m" }, { headers = { a = 1 } } },
    { "streamGenerateContent: model is missing", "streamGenerateContent", {} },
  } do
    it("is refused: " .. case[1], function() raises(case[1], call(case[2], case[3], case[4])) end)
  end

  it("of a dot is explained", function()
    raises("call it with a colon: models:generateContent{", client.models.generateContent, { model = "m" })
  end)

  it("of a name that does not exist is explained", function()
    raises("models has no method 'generateContents', did you mean 'generateContent'?", function()
      return client.models.generateContents
    end)
    raises("the API has no resource 'model', did you mean 'models'?", function() return client.model end)
  end)

  it("is blamed on the caller's line", function()
    local _, err = pcall(function() client.models:generateContent {} end)
    assert.truthy(err:find("client_spec.lua:%d+: models.generateContent: model is missing"))
  end)
end)
