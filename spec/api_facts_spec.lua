---The table of the API against the facts, and a method more in it.

local api = require "gemini.api"
local facts = require "spec.support.facts"
local read = require "spec.support.read"
local gemini = require "gemini"
local parameters = require "gemini.parameters"
local talk = require "spec.support.talk"

local known = facts.read()
local fact = known and it or pending

-- What the table says beyond the facts' rows, and why.

-- Streams of events where the caller asks for one: methods.tsv says so in its notes.
local STREAM_ARGUMENTS = { ["interactions.create"] = "stream", ["interactions.get"] = "stream" }
-- Embeddings as vectors.
local PACKED = { ["models.batchEmbedContents"] = "values", ["models.embedContent"] = "values" }
-- Upload metadata is wrapped, which callers need not know.
local WRAPPED = { ["media.upload"] = "file" }
-- It may say when the old secret ends.
local BODIES = { ["webhooks.rotateSigningSecret"] = "RotateSigningSecretRequest" }
-- Tuned and dynamic models are reached from `models` too, by their full names.
local ALTERNATIVES = {
  ["models.asyncBatchEmbedContent"] = "|tunedModels/*",
  ["models.batchGenerateContent"] = "|tunedModels/*",
  ["models.generateContent"] = "|tunedModels/*|dynamic/*",
  ["models.generateText"] = "|tunedModels/*",
  ["models.streamGenerateContent"] = "|tunedModels/*|dynamic/*",
}

local function pathOf(row)
  -- One row's variable stands for a word, which its note says.
  local path = (row.note or ""):match("the path is (%S+)") or row.path
  path = path:match("^/v1beta/(.+)$") or path:match("^/upload/v1beta/(.+)$")
  local alternatives = ALTERNATIVES[row.full]
  return alternatives and path:gsub("%*}", function() return "*" .. alternatives .. "}" end) or path
end

-- "required" for what has one line in methods.tsv, below /upload/; "optional" for what has two.
local function uploadOf(row)
  local lines, below = 0, false
  for _, other in ipairs(known.rows) do
    if other.full == row.full then
      lines, below = lines + 1, below or other.path:find("^/upload/") ~= nil
    end
  end
  return below and (lines == 1 and "required" or "optional") or nil
end

local function queryOf(row)
  local free, fixed = {}, row.stream and "alt=sse" or nil
  for _, name in ipairs(row.query) do
    if name:find("=") then fixed = name else free[#free + 1] = name end
  end
  return free[1] and free or nil, fixed
end

local function replyOf(row)
  if row.reply == "bytes" then return nil end
  return row.reply == "Operation" and "google.longrunning.Operation" or row.reply
end

-- What makes something by a POST, or does more the second time.
local MAKERS = {
  create = true, batchCreate = true, upload = true, uploadToFileSearchStore = true, importFile = true, register = true,
  batchGenerateContent = true, asyncBatchEmbedContent = true, predictLongRunning = true, ping = true,
  rotateSigningSecret = true,
}

local function expected(row)
  local query, fixed = queryOf(row)
  return {
    verb = row.verb,
    path = pathOf(row),
    query = query,
    fixed = fixed,
    body = row.body ~= "bytes" and row.body or BODIES[row.full],
    wrap = WRAPPED[row.full],
    reply = replyOf(row),
    items = row.method == "list" and facts.items(row) or nil,
    stream = STREAM_ARGUMENTS[row.full] or row.stream or nil,
    upload = uploadOf(row),
    download = row.reply == "bytes" or nil,
    once = row.verb == "POST" and MAKERS[row.method] or nil,
    packed = PACKED[row.full],
    -- What generates content may call functions.
    tools = (row.method == "generateContent" or row.method == "streamGenerateContent") or nil,
  }
end

local function rowNames()
  local names = {}
  for resource, rows in pairs(api) do
    for method in pairs(rows) do names[resource .. "." .. method] = true end
  end
  return names
end

-- Every parameter that a request message of the facts has too, and its type there.
local function parameterTypes()
  local queried, types = {}, {}
  for _, row in ipairs(known.rows) do
    for _, name in ipairs(row.query) do queried[name] = true end
  end
  for message, fields in pairs(known.messages) do
    for _, verb in ipairs { "List", "Delete", "Update", "Create" } do
      local isRequest = message:find("^" .. verb .. "%u%a*Request$")
      for name, field in pairs(isRequest and fields or {}) do
        if queried[name] then types[name] = field.type end
      end
    end
  end
  return types
end

local function snake(name)
  return (name:gsub("%u", function(letter) return "_" .. letter:lower() end))
end

describe("gemini.api #lua", function()
  for _, row in ipairs(known and known.rows or {}) do
    it(("has %s %s of the facts"):format(row.verb, row.path), function()
      assert.same(expected(row), api[row.resource][row.method])
    end)
  end

  fact("has no other method", function()
    local names = {}
    for _, row in ipairs(known.rows) do names[row.full] = true end
    assert.same(names, rowNames())
    assert.equal(137, #known.rows)
  end)

  fact("names items that a list's reply has, as its one list of messages", function()
    for _, row in ipairs(known.rows) do
      local fields = row.method == "list" and known.messages[row.reply]
      for name, field in pairs(fields or {}) do
        local holdsItems = field.list and known.messages[field.type] ~= nil
        assert.equal(holdsItems == true, name == api[row.resource].list.items, row.full .. " " .. name)
      end
    end
  end)

  fact("is what tools/api.lua makes of the facts", function()
    local pipe = io.popen(("%s tools/api.lua '%s'"):format(arg and arg[-1] or "lua5.4", known.dir))
    local made = pipe:read("*a")
    pipe:close()
    assert.is_true(made == read("lua/gemini/api.lua"), "run tools/api.lua again")
  end)
end)

describe("gemini.parameters #lua", function()
  fact("gives each parameter the type that the facts give it", function()
    local given, types = {}, parameterTypes()
    for name in pairs(types) do given[name] = parameters[name] or "string" end
    assert.same(types, given)
    local all = { "filter", "force", "pageSize", "pageToken", "parent", "returnPartialSuccess", "tunedModelId", "updateMask" }
    for _, name in ipairs(all) do assert.is_string(types[name], name) end
  end)

  fact("gives the agents' parameters the types of their namesakes", function()
    for name, type in pairs(parameterTypes()) do
      local namesake = parameters[snake(name)]
      assert.is_true(namesake == nil or namesake == type, name)
    end
    assert.same({ "int32", "google.protobuf.FieldMask" }, { parameters.page_size, parameters.update_mask })
  end)

  fact("knows no parameter that no method has", function()
    local queried = {}
    for _, row in ipairs(known.rows) do
      for _, name in ipairs(row.query) do queried[name] = true end
    end
    for name in pairs(parameters) do assert.is_true(queried[name], name) end
  end)
end)

local ROW = {
  verb = "POST",
  path = "{parent=corpora/*}/notes/{id}:weigh",
  query = { "depth", "tags" },
  body = "WeighNoteRequest",
  reply = "Note",
}

local function weigh(resource)
  return assert(resource:weigh { parent = "c", id = "n 1", depth = 2, tags = { "a", "b&c" }, scale = { unit = "g" } })
end

local function assertWeighed(note)
  local sent = talk.sent()
  assert.same({ weight = 5, of = { "a" } }, note)
  assert.equal("POST", sent.verb)
  assert.equal("/v1beta/corpora/c/notes/n%201:weigh?depth=2&tags=a&tags=b%26c", sent.target)
  assert.same({ scale = { unit = "g" } }, sent.body)
end

describe("a row more", function()
  local ANSWER = talk.ok '{"weight":5,"of":["a"]}'

  after_each(function()
    api.models.weigh = nil
    api["corpora.notes"] = nil
    api["sketches.layers"] = nil
    talk.stop()
  end)

  it("is a method more", function()
    api.models.weigh = ROW
    assertWeighed(weigh(talk.answering(ANSWER).models))
  end)

  it("is a resource in another one", function()
    api["corpora.notes"] = { weigh = ROW }
    local corpora = talk.answering(ANSWER).corpora
    assertWeighed(weigh(corpora.notes))
    assert.is_function(corpora.list)
  end)

  it("is a resource in one that has no methods", function()
    api["sketches.layers"] = { weigh = ROW }
    local client = talk.answering(ANSWER)
    assertWeighed(weigh(client.sketches.layers))
    local ok, err = pcall(function() return client.sketches.weigh end)
    assert.is_false(ok)
    assert.truthy(err:find("sketches has no method 'weigh'", 1, true), err)
  end)

  it("may be a list, a stream or a download", function()
    api["sketches.layers"] = {
      list = { verb = "GET", path = "layers", query = { "page_token" }, reply = "Layers", items = "layers" },
      watch = { verb = "GET", path = "layers:watch", reply = "GenerateContentResponse", stream = true },
      fetch = { verb = "GET", path = "layers:fetch", fixed = "alt=media", download = true },
    }
    local page = talk.ok '{"layers":[{"id":1}],"next_page_token":"t"}'
    local layers = talk.answering(page, talk.ok '{"layers":[{"id":2}]}', talk.sse(talk.chunk("x", "STOP")),
      talk.http("200 OK", "\0\1")).sketches.layers
    local ids = {}
    for layer in layers:list() do ids[#ids + 1] = layer.id end
    assert.same({ 1, 2 }, ids)
    assert.equal("/v1beta/layers?page_token=t", talk.sent(2).target)
    assert.equal("x", assert(layers:watch():collect()).text)
    assert.equal("\0\1", assert(layers:fetch()))
    assert.equal("/v1beta/layers:fetch?alt=media", talk.sent(4).target)
  end)

  it("is gone when it is taken out", function()
    for _, name in ipairs { "models", "corpora" } do
      local resource = gemini.new({ apiKey = "k" })[name]
      for _, key in ipairs { "weigh", "notes" } do
        assert.is_false((pcall(function() return resource[key] end)))
      end
    end
    assert.is_false((pcall(function() return gemini.new({ apiKey = "k" }).sketches end)))
  end)
end)
