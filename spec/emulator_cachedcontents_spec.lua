-- The emulator's cached contents: their times, and what a request makes of them.
local cjson = require "cjson"
local emu = require "spec.support.emulator"
local expect = require "spec.support.expect"
local gemini = require "gemini"
local socket = require "socket"

local good, refused, invalid = expect.good, expect.refused, expect.invalid

local MODEL = "models/gemini-2.5-flash"
local LONG = ("All happy families are alike. "):rep(40)

-- A moment as the API writes it, so many seconds from now.
local function moment(seconds, zone) return os.date("!%Y-%m-%dT%H:%M:%S", os.time() + seconds) .. (zone or "Z") end

describe("cached contents of the emulator", function()
  local server, client, caches

  setup(function()
    server = emu.start { delay = 0, script = [[
      return function(request)
        if request.text == "what came?" then return request.body.cachedContent .. " " .. #request.body.contents end
        if request.text == "as it is" then return { candidates = { {} }, usageMetadata = { promptTokenCount = 1 } } end
      end
    ]] }
    client = gemini.new { apiKey = "k", baseUrl = server.url }
    caches = client.cachedContents
  end)

  teardown(function() server.stop() end)

  local function create(fields)
    local all = { model = MODEL, contents = LONG }
    for name, value in pairs(fields or {}) do all[name] = value end
    return caches:create(all)
  end

  local function new(fields) return good("CachedContent", create(fields)) end

  -- Seconds between two times of the API.
  local function between(first, last)
    local function seconds(text)
      local year, month, day, hour, min, sec, rest = text:match("^(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)(%.%d+)Z$")
      local whole = { year = year, month = month, day = day, hour = hour, min = min, sec = sec, isdst = false }
      return os.time(whole) + tonumber("0" .. rest)
    end
    return seconds(last) - seconds(first)
  end

  local function about(expected, actual) assert.is_true(math.abs(actual - expected) < 5, ("%g"):format(actual)) end

  it("are shown without what was put in", function()
    local made = new {
      displayName = "Anna", systemInstruction = "Be brief.", tools = { { codeExecution = {} } },
      toolConfig = { functionCallingConfig = { mode = "AUTO" } }, ttl = "300s",
    }
    local shown = {}
    for name in pairs(made) do shown[#shown + 1] = name end
    table.sort(shown)
    assert.same({ "createTime", "displayName", "expireTime", "model", "name", "updateTime", "usageMetadata" }, shown)
    assert.is_true(made.usageMetadata.totalTokenCount > #LONG / 4)
    assert.same(made, good("CachedContent", caches:get { name = made.name }))
  end)

  it("live for an hour, so many seconds, or up to a moment", function()
    local made = new()
    about(3600, between(made.createTime, made.expireTime))
    made = new { ttl = "90.5s" }
    about(90.5, between(made.createTime, made.expireTime))
    assert.equal(moment(1000):sub(1, 19), new({ expireTime = moment(1000) }).expireTime:sub(1, 19))
    local offset = moment(1000 + 19800, ".5+05:30")
    made = new { expireTime = offset }
    about(1000, between(made.createTime, made.expireTime))
    made = new { expireTime = moment(1000 - 3600, "-01:00") }
    about(1000, between(made.createTime, made.expireTime))
    assert.equal("2099-02-28T23:59:59.250000Z", new({ expireTime = "2099-02-28T23:59:59.25Z" }).expireTime)
  end)

  it("are refused without a model that caches, with two ends, or with one that has passed", function()
    invalid(caches:create { contents = LONG })
    refused(404, "NOT_FOUND", create { model = "models/none" })
    refused(404, "NOT_FOUND", create { model = "models/gemini-embedding-001" })
    invalid(create { ttl = "10s", expireTime = moment(10) })
    for _, ttl in ipairs { "0s", "-1s", "0.0s" } do invalid(create { ttl = ttl }) end
    invalid(create { expireTime = moment(-10) })
    invalid(create { displayName = ("x"):rep(129) })
    invalid(create { contents = { { role = "nobody", parts = { { text = "x" } } } } })
  end)

  it("can be given another end, and nothing else", function()
    local made = new { displayName = "Anna" }
    local patched = good("CachedContent", caches:patch { name = made.name, ttl = "7200s" })
    about(7200, between(made.createTime, patched.expireTime))
    assert.same({ made.createTime, "Anna", made.usageMetadata },
      { patched.createTime, patched.displayName, patched.usageMetadata })
    patched = good("CachedContent", caches:patch { name = made.name, expireTime = "2099-01-01T00:00:00Z" })
    assert.equal("2099-01-01T00:00:00.000000Z", patched.expireTime)
    invalid(caches:patch { name = made.name, displayName = "Lewin" })
    invalid(caches:patch { name = made.name, ttl = "10s", updateMask = "displayName" })
    invalid(caches:patch { name = made.name })
    invalid(caches:patch { name = made.name, ttl = "0s" })
    invalid(caches:patch { name = made.name, ttl = "10s", updateMask = "expireTime" })
    assert.same(patched, caches:get { name = made.name })
    patched = good("CachedContent",
      caches:patch { name = made.name, ttl = "10s", displayName = "Lewin", updateMask = "ttl" })
    assert.equal("Anna", patched.displayName)
    local response = emu.call(server.url, "PATCH", "/v1beta/" .. made.name, '{"ttl":"60s"}')
    about(60, between(cjson.decode(response.body).updateTime, cjson.decode(response.body).expireTime))
  end)

  it("are listed on pages, and deleted", function()
    for cache in caches:list() do assert.same({}, (caches:delete { name = cache.name })) end
    local all = {}
    for i = 1, 5 do all[i] = new().name end
    local page = good("ListCachedContentsResponse", caches:list({ pageSize = 2 }):page())
    assert.equal(2, #page.cachedContents)
    local listed = {}
    for cache in caches:list { pageSize = 2 } do listed[#listed + 1] = cache.name end
    assert.same(all, listed)
    assert.same({}, (caches:delete { name = all[1] }))
    refused(404, "NOT_FOUND", caches:get { name = all[1] })
    refused(404, "NOT_FOUND", caches:delete { name = all[1] })
  end)

  it("are gone at their time", function()
    local short, long = new { ttl = "0.05s" }, new()
    socket.sleep(0.06)
    refused(404, "NOT_FOUND", caches:patch { name = short.name, ttl = "100s" })
    refused(404, "NOT_FOUND", caches:get { name = short.name })
    refused(404, "NOT_FOUND", caches:delete { name = short.name })
    for cache in caches:list() do assert.not_equal(short.name, cache.name) end
    good("CachedContent", caches:get { name = long.name })
  end)

  describe("in a request", function()
    local made

    setup(function()
      made = new {
        systemInstruction = "Be brief.",
        tools = { { functionDeclarations = { { name = "lookUp", description = "Looks it up" } } } },
      }
    end)

    local function ask(fields)
      local all = { model = MODEL, contents = "Who is happy?", cachedContent = made.name }
      for name, value in pairs(fields or {}) do all[name] = value end
      return all
    end

    local function generate(fields) return client.models:generateContent(ask(fields)) end

    it("count as part of the prompt", function()
      local usage = good("GenerateContentResponse", generate()).usageMetadata
      local alone = client.models:generateContent({ model = MODEL, contents = "Who is happy?" }).usageMetadata
      assert.equal(made.usageMetadata.totalTokenCount, usage.cachedContentTokenCount)
      assert.same({ { modality = "TEXT", tokenCount = usage.cachedContentTokenCount } }, usage.cacheTokensDetails)
      about(usage.cachedContentTokenCount + alone.promptTokenCount, usage.promptTokenCount)
      assert.equal(usage.promptTokenCount + usage.candidatesTokenCount, usage.totalTokenCount)
      assert.is_nil(alone.cachedContentTokenCount)
    end)

    it("count in every chunk of a stream", function()
      local count = 0
      for chunk in client.models:streamGenerateContent(ask()) do
        good("GenerateContentResponse", chunk)
        assert.equal(made.usageMetadata.totalTokenCount, chunk.usageMetadata.cachedContentTokenCount)
        count = count + 1
      end
      assert.is_true(count > 3)
    end)

    it("count in countTokens", function()
      local reply = good("CountTokensResponse", client.models:countTokens {
        model = MODEL, generateContentRequest = { contents = "Who is happy?", cachedContent = made.name },
      })
      assert.equal(made.usageMetadata.totalTokenCount, reply.cachedContentTokenCount)
      assert.is_true(reply.totalTokens > reply.cachedContentTokenCount)
    end)

    it("bring their tools", function()
      local reply = good("GenerateContentResponse", generate { contents = "Please call lookUp for me" })
      assert.equal("lookUp", reply.candidates[1].content.parts[1].functionCall.name)
    end)

    it("leave a script's request and response as they are", function()
      local reply = good("GenerateContentResponse", generate { contents = "what came?" })
      assert.equal(made.name .. " 1", reply.text)
      assert.equal(made.usageMetadata.totalTokenCount, reply.usageMetadata.cachedContentTokenCount)
      reply = good("GenerateContentResponse", generate { contents = "as it is" })
      assert.same({ promptTokenCount = 1 }, reply.usageMetadata)
    end)

    it("must be there, of the same model, and alone in what they say", function()
      for _, name in ipairs { "cachedContents/none", "corpora/none", "nothing/at/all" } do
        refused(403, "PERMISSION_DENIED", generate { cachedContent = name })
      end
      invalid(generate { model = "models/gemini-2.5-pro" })
      invalid(generate { systemInstruction = "Be long." })
      invalid(generate { tools = { { codeExecution = {} } } })
      invalid(generate { toolConfig = { functionCallingConfig = { mode = "NONE" } } })
      local short = new { ttl = "0.01s" }
      socket.sleep(0.02)
      refused(403, "PERMISSION_DENIED", generate { cachedContent = short.name })
    end)
  end)
end)
