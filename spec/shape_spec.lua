---Requests in the API's form, seen on the wire: what the facts about the messages decide.

local gemini = require "gemini"
local talk = require "spec.support.talk"

local function text(t) return { text = t } end
local function user(...) return { role = "user", parts = { ... } } end

local function deepCopy(value)
  if type(value) ~= "table" then return value end
  local out = {}
  for k, v in pairs(value) do out[k] = deepCopy(v) end
  return out
end

-- What goes over the wire for a call, which must leave its arguments as they are.
local function sent(resource, method, args)
  local client = talk.answering(talk.ok "{}")
  local before, at = deepCopy(args), client
  for name in resource:gmatch "[^.]+" do at = at[name] end
  assert(at[method](at, args))
  assert.same(before, args)
  return talk.sent()
end

describe("an empty table", function()
  after_each(talk.stop)

  it("is a list or an object as the API's messages say", function()
    local body = sent("models", "generateContent", {
      model = "m",
      contents = { { role = "user", parts = {} } },
      tools = { { functionDeclarations = {}, googleSearch = {}, codeExecution = {} } },
      generationConfig = { stopSequences = {}, responseSchema = { properties = {}, required = {} } },
      labels = {},
      safetySettings = {},
    }).raw:match "\r\n\r\n(.*)$"
    for _, part in ipairs {
      '"parts":[]', '"functionDeclarations":[]', '"googleSearch":{}', '"codeExecution":{}', '"stopSequences":[]',
      '"properties":{}', '"required":[]', '"labels":{}', '"safetySettings":[]',
    } do
      assert.truthy(body:find(part, 1, true), part .. " in " .. body)
    end
  end)

  it("is an object in free-form fields, unless marked", function()
    local body = sent("models", "generateContent", {
      model = "m",
      contents = { { role = "model", parts = { { functionCall = { name = "f", args = {} } } } } },
      generationConfig = { responseJsonSchema = { type = "object", properties = {}, required = gemini.array {} } },
    }).raw
    assert.truthy(body:find('"args":{}', 1, true))
    assert.truthy(body:find('"properties":{}', 1, true))
    assert.truthy(body:find('"required":[]', 1, true))
  end)

  it("is left out of a list's place where another codec has no mark for it", function()
    local request = { model = "m", contents = "x", tools = {}, generationConfig = { stopSequences = {}, seed = 1 } }
    local function body(json)
      local client = talk.scripted({ { { "recv" }, { "send", talk.ok "{}" }, { "close" } } }, { json = json })
      assert(client.models:generateContent(request))
      return talk.sent().raw:match "\r\n\r\n(.*)$"
    end
    local cjson = require "cjson"
    local said = body { encode = cjson.encode, decode = cjson.decode }
    assert.falsy(said:find("tools", 1, true), said)
    assert.truthy(said:find('"generationConfig":{"seed":1}', 1, true), said)
    said = body { encode = gemini.json.encode, decode = cjson.decode, empty_array = setmetatable({}, getmetatable(gemini.array())) }
    assert.truthy(said:find('"tools":[]', 1, true), said)
  end)

  it("is what it is under names that the facts do not know", function()
    local body = sent("models", "generateContent", { model = "m", contents = "x", toCome = { inner = {} } }).raw
    assert.truthy(body:find('"toCome":{"inner":{}}', 1, true))
  end)
end)

describe("contents, models and other names", function()
  after_each(talk.stop)

  it("are brought into form wherever a message holds them", function()
    local sentBody = sent("models", "batchGenerateContent", {
      model = "m",
      batch = {
        displayName = "d",
        inputConfig = { requests = { requests = {
          { request = { contents = "one" }, metadata = { key = "a" } },
          { request = { model = "m", contents = { "two", text "more" }, systemInstruction = "brief" } },
        } } },
      },
    })
    assert.equal("/v1beta/models/m:batchGenerateContent", sentBody.target)
    assert.same({ batch = {
      displayName = "d",
      inputConfig = { requests = { requests = {
        { request = { contents = { user(text "one") } }, metadata = { key = "a" } },
        { request = {
          model = "models/m",
          contents = { user(text "two", text "more") },
          systemInstruction = { parts = { text "brief" } },
        } },
      } } },
    } }, sentBody.body)
  end)

  it("of an embedding may be texts", function()
    assert.same({ content = { parts = { text "x" } }, taskType = "SEMANTIC_SIMILARITY" },
      sent("models", "embedContent", { model = "e", content = "x", taskType = "SEMANTIC_SIMILARITY" }).body)
    assert.same({ requests = {
      { model = "models/e", content = { parts = { text "x" } } },
      { model = "models/f", content = { parts = { text "y", text "z" } } },
    } }, sent("models", "batchEmbedContents", {
      model = "e", requests = { { content = "x" }, { model = "f", content = { "y", "z" } } },
    }).body)
  end)

  it("of a cache and of a search are full names", function()
    assert.same({ model = "models/m", contents = { user(text "x") }, ttl = "60s" },
      sent("cachedContents", "create", { model = "m", contents = "x", ttl = "60s" }).body)
    assert.same({ "fileSearchStores/s", "fileSearchStores/t" }, sent("models", "generateContent", {
      model = "m", contents = "x", tools = { { fileSearch = { fileSearchStoreNames = { "s", "fileSearchStores/t" } } } },
    }).body.tools[1].fileSearch.fileSearchStoreNames)
    assert.same({ fileName = "files/f" },
      sent("fileSearchStores", "importFile", { fileSearchStoreName = "s", fileName = "f" }).body)
  end)

  it("may be null, like all that is absent", function()
    local body = sent("models", "generateContent", { model = "m", contents = "x", systemInstruction = gemini.null }).raw
    assert.truthy(body:find('"systemInstruction":null', 1, true), body)
  end)

  it("that are wrong are named by their full path", function()
    local client = gemini.new { apiKey = "k", baseUrl = "http://127.0.0.1:1" }
    local ok, err = pcall(client.models.batchGenerateContent, client.models, {
      model = "m", batch = { inputConfig = { requests = { requests = { { request = { contents = 5 } } } } } },
    })
    assert.is_false(ok)
    assert.truthy(err:find("batch.inputConfig.requests.requests[1].request.contents must be", 1, true), err)
  end)

  it("may be a cycle, which is refused", function()
    local client = gemini.new { apiKey = "k", baseUrl = "http://127.0.0.1:1" }
    local schema = {}
    schema.items = schema
    local ok, err = pcall(client.models.generateContent, client.models, {
      model = "m", contents = "x", generationConfig = { responseSchema = schema },
    })
    assert.is_false(ok)
    assert.truthy(err:find("models.generateContent:", 1, true), err)
  end)
end)

describe("what the path gives", function()
  after_each(talk.stop)

  it("is repeated in each request that has to have it, and nowhere else", function()
    assert.same({ requests = {
      { parent = "corpora/c/documents/d", chunk = { data = { stringValue = "x" } } },
      { parent = "corpora/c/documents/e", chunk = { data = { stringValue = "y" } } },
    } }, sent("corpora.documents.chunks", "batchCreate", {
      parent = "corpora/c/documents/d",
      requests = {
        { chunk = { data = { stringValue = "x" } } },
        { parent = "corpora/c/documents/e", chunk = { data = { stringValue = "y" } } },
      },
    }).body)
    assert.same({ generateContentRequest = { model = "models/m", contents = { user(text "x") } } },
      sent("models", "countTokens", { model = "m", generateContentRequest = { contents = "x" } }).body)
    assert.same({ displayName = "d" }, sent("corpora.documents", "create", { parent = "c", displayName = "d" }).body)
  end)
end)

describe("a field mask", function()
  after_each(talk.stop)

  it("names the fields that a patch gives, when absent", function()
    local request = sent("corpora", "patch", { name = "c", displayName = "d" })
    assert.same({ "PATCH", "/v1beta/corpora/c?updateMask=displayName" }, { request.verb, request.target })
    assert.same({ displayName = "d" }, request.body)
    request = sent("corpora.documents", "patch", {
      name = "corpora/c/documents/d", displayName = "d", customMetadata = {}, createTime = "2026-01-01T00:00:00Z",
    })
    assert.truthy(request.target:find("?updateMask=customMetadata%2CdisplayName", 1, true), request.target)
    request = sent("webhooks", "patch", { id = "w", uri = "u", name = "n", create_time = "t", signing_secrets = {} })
    assert.truthy(request.target:find("?update_mask=name%2Curi", 1, true), request.target)
  end)

  it("names what a cache's patch takes, and may be a list", function()
    local request = sent("cachedContents", "patch", { name = "c", ttl = "9s", model = "m" })
    assert.equal("/v1beta/cachedContents/c?updateMask=ttl", request.target)
    request = sent("corpora.documents", "patch", {
      name = "corpora/c/documents/d", displayName = "d", updateMask = { "displayName", "customMetadata" },
    })
    assert.truthy(request.target:find("?updateMask=displayName%2CcustomMetadata", 1, true), request.target)
  end)

  it("may be a list that is checked as text is, and must be one of names", function()
    local function patch(mask, options)
      local client = talk.scripted({ { { "recv" }, { "send", talk.ok "{}" }, { "close" } } }, options)
      return pcall(client.corpora.patch, client.corpora, { name = "c", displayName = "d", updateMask = mask })
    end
    assert.is_true(patch({ "displayName" }, { check = true }))
    for message, mask in pairs {
      ["updateMask must hold names alone, got table"] = { {} }, ["updateMask must not be an empty list"] = {},
    } do
      local fine, err = patch(mask)
      assert.is_false(fine)
      assert.truthy(err:find("corpora.patch: " .. message, 1, true), err)
    end
  end)

  it("is the caller's where there is one", function()
    local request = sent("cachedContents", "patch", { name = "c", ttl = "9s", displayName = "x", updateMask = "ttl" })
    assert.equal("/v1beta/cachedContents/c?updateMask=ttl", request.target)
  end)

  it("is derived for each of several updates", function()
    assert.same({ requests = {
      { chunk = { name = "n", data = { stringValue = "x" } }, updateMask = "data" },
      { chunk = { name = "m", customMetadata = { { key = "k" } } }, updateMask = "*" },
    } }, sent("corpora.documents.chunks", "batchUpdate", {
      parent = "corpora/c/documents/d",
      requests = {
        { chunk = { name = "n", data = { stringValue = "x" } } },
        { chunk = { name = "m", customMetadata = { { key = "k" } } }, updateMask = "*" },
      },
    }).body)
  end)
end)

describe("check = true", function()
  after_each(talk.stop)

  local client = gemini.new { apiKey = "k", baseUrl = "http://127.0.0.1:1", check = true }

  for message, call in pairs {
    ["models.generateContent: unknown field 'generationConfig.temprature', did you mean 'temperature'?"] = function()
      client.models:generateContent { model = "m", contents = "x", generationConfig = { temprature = 1 } }
    end,
    ["models.embedContent: content is missing"] = function() client.models:embedContent { model = "m" } end,
    ["models.list: pageSize must be an integer of 32 bits"] = function() client.models:list { pageSize = "many" } end,
    ["corpora.documents.chunks.batchCreate: requests[2].chunk is missing"] = function()
      client.corpora.documents.chunks:batchCreate {
        parent = "corpora/c/documents/d", requests = { { chunk = { data = { stringValue = "x" } } }, { chunk = nil } },
      }
    end,
    ["corpora.permissions.create: role must be one of"] = function()
      client.corpora.permissions:create { parent = "c", role = "reader" }
    end,
  } do
    it("refuses before sending: " .. message, function()
      local ok, err = pcall(call)
      assert.is_false(ok)
      assert.truthy(err:find(message, 1, true), err)
    end)
  end

  it("lets pass what fits, and what the facts do not know", function()
    local function pass(resource, method, args)
      local at = talk.scripted({ { { "recv" }, { "send", talk.ok "{}" }, { "close" } } }, { check = true })
      for name in resource:gmatch "[^.]+" do at = at[name] end
      assert(at[method](at, args))
    end
    pass("corpora.documents.chunks", "batchUpdate", {
      parent = "corpora/c/documents/d", requests = { { chunk = { name = "n", customMetadata = { { key = "k" } } } } },
    })
    pass("models", "generateContent", { model = "m", contents = { "x", { inlineData = { mimeType = "a/b", data = "AA==" } } } })
    pass("models", "batchGenerateContent", {
      model = "m", batch = { displayName = "d", inputConfig = { requests = { requests = { { request = { contents = "x" } } } } } },
    })
    pass("corpora", "patch", { name = "c", displayName = "d" })
    pass("batches", "updateGenerateContentBatch", { name = "b", displayName = "d" })
    pass("triggers", "create", { schedule = "x", whatever = { 1 } })
  end)

  it("is off when absent: the API grows faster than clients", function()
    assert.same({ contents = { user(text "x") }, fromTomorrow = true },
      sent("models", "generateContent", { model = "m", contents = "x", fromTomorrow = true }).body)
  end)
end)
