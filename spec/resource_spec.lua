---Resources: what they show of themselves, and what they say to a wrong name.

local gemini = require "gemini"
local talk = require "spec.support.talk"

local function client(options)
  local given = { apiKey = "k", baseUrl = "http://127.0.0.1:1" }
  for name, value in pairs(options or {}) do given[name] = value end
  return gemini.new(given)
end

local function names(t)
  local out = {}
  for name in pairs(t) do out[#out + 1] = name end
  table.sort(out)
  return table.concat(out, " ")
end

describe("a resource", function()
  after_each(talk.stop)

  it("lists its methods and the resources in it", function()
    local corpora = client().corpora
    assert.equal("create delete documents get list operations patch permissions query", names(corpora))
    assert.equal("batchCreate batchDelete batchUpdate create delete get list patch", names(corpora.documents.chunks))
    assert.equal("operations", names(client().fileSearchStores.upload))
    for _, method in pairs(corpora.documents.chunks) do assert.equal("function", type(method)) end
  end)

  it("prints itself usefully", function()
    assert.equal(
      "gemini.resource corpora: create, delete, get, list, patch, query; documents, operations, permissions",
      tostring(client().corpora)
    )
    assert.equal("gemini.resource files: delete, download, get, list, register, upload, waitActive", tostring(client().files))
    assert.equal("gemini.resource fileSearchStores.upload: operations", tostring(client().fileSearchStores.upload))
  end)

  for expression, message in pairs {
    ["c.corpora.documents.chunk"] = "corpora.documents has no method 'chunk', did you mean 'chunks'?",
    ["c.models.generateContents"] = "models has no method 'generateContents', did you mean 'generateContent'?",
    ["c.corpora.documents.chunks.batchcreate"] = "corpora.documents.chunks has no method 'batchcreate', "
      .. "did you mean 'batchCreate'?",
    ["c.fileSearchStore"] = "the API has no resource 'fileSearchStore', did you mean 'fileSearchStores'?",
    ["c.documents"] = "the API has no resource 'documents'",
    ["c.files.zzzzzzzz"] = "files has no method 'zzzzzzzz'",
  } do
    it("says of " .. expression .. " what was meant", function()
      local chunk = assert(loadstring or load)("local c = ... return " .. expression) -- luacheck: globals loadstring
      local ok, err = pcall(chunk, client())
      assert.is_false(ok)
      assert.truthy(err:find(message, 1, true), err)
    end)
  end

  it("reaches every method of the API by its REST name", function()
    local c = client()
    for resource, rows in pairs(require "gemini.api") do
      local at = c
      for name in resource:gmatch "[^.]+" do at = at[name] end
      for method in pairs(rows) do assert.equal("function", type(at[method]), resource .. "." .. method) end
    end
  end)

  it("wants a colon, at any depth", function()
    local c = client()
    local ok, err = pcall(c.corpora.documents.chunks.get, { name = "x" })
    assert.is_false(ok)
    assert.truthy(err:find("call it with a colon: corpora.documents.chunks:get{…}", 1, true), err)
  end)

  it("of one client does not answer to another", function()
    local a, b = client(), client()
    assert.is_false((pcall(a.corpora.get, b.corpora, { name = "x" })))
  end)
end)

describe("arguments", function()
  after_each(talk.stop)

  local function wire(call, options)
    local c = talk.scripted({ { { "recv" }, { "send", talk.ok "{}" }, { "close" } } }, options)
    call(c)
    return talk.sent()
  end

  for _, case in ipairs {
    { "keep their slashes in a path that does", "GET", "/v1beta/environments/e%201/files/a/b%20c/d.txt?recursive=true",
      function(c) c.environments.files:list({ environment = "e 1", path = "a/b c/d.txt", recursive = true }):page() end },
    { "may name a path's root", "GET", "/v1beta/environments/e/files/",
      function(c) c.environments.files:list({ environment = "e", path = "" }):page() end },
    { "may be lists of texts in a query", "GET", "/v1beta/voices?gender=a&gender=b%20c&search=x",
      function(c) c.voices:list({ gender = { "a", "b c" }, search = "x" }):page() end },
    { "fill a path's variable from where the body has it", "POST", "/v1beta/models/m:batchGenerateContent",
      function(c) c.models:batchGenerateContent { batch = { model = "m" } } end },
    { "may be full names of other collections", "POST", "/v1beta/tunedModels/t:generateContent",
      function(c) c.models:generateContent { model = "tunedModels/t", contents = "x" } end },
    { "complete a bare name", "GET", "/v1beta/cachedContents/c", function(c) c.cachedContents:get { name = "c" } end },
  } do
    it(case[1], function()
      local sent = wire(case[4])
      assert.same({ case[2], case[3] }, { sent.verb, sent.target })
    end)
  end

  for message, call in pairs {
    ["id must look like one name without a slash, got \"a/b\""] = function(c) c.agents:get { id = "a/b" } end,
    ["id is not a legal resource name: \"..\""] = function(c) c.agents:get { id = ".." } end,
    ["path is not a legal path: \"a/../b\""] = function(c)
      c.environments.files:download { environment = "e", path = "a/../b" }
    end,
    ["name must look like corpora/*/documents/*, got \"documents/d\""] = function(c)
      c.corpora.documents:get { name = "documents/d" }
    end,
    ["interactions.get: stream must be true or false, got string"] = function(c)
      c.interactions:get { id = "x", stream = "yes" }
    end,
    ["the API has no resource 'table: "] = function(c) return c[{}] end,
    ["the API has no resource ''"] = function(c) return c[""] end,
    ["models.get: unknown argument 'aaaa'"] = function(c) c.models:get { name = "m", zzzz = 1, aaaa = 2, mmmm = 3 } end,
    ["corpora.patch: name is missing"] = function(c) c.corpora:patch { corpus = { name = "corpora/a" } } end,
    ["model is missing"] = function(c) c.models:batchGenerateContent { batch = {} } end,
    ["trigger_id is missing"] = function(c) c.triggers.executions:create {} end,
  } do
    it("that are wrong are refused: " .. message, function()
      local ok, err = pcall(call, client())
      assert.is_false(ok)
      assert.truthy(err:find(message, 1, true), err)
    end)
  end
end)

describe("a list of the agents family", function()
  after_each(talk.stop)

  it("goes on with page_token", function()
    local c = talk.answering(
      talk.ok '{"agents":[{"id":"a"},{"id":"b"}],"next_page_token":"t 2"}', talk.ok '{"agents":[{"id":"c"}]}'
    )
    local ids = {}
    for agent in c.agents:list { page_size = 2 } do ids[#ids + 1] = agent.id end
    assert.same({ "a", "b", "c" }, ids)
    assert.equal("/v1beta/agents?page_size=2", talk.sent(1).target)
    assert.equal("/v1beta/agents?page_size=2&page_token=t%202", talk.sent(2).target)
  end)
end)
