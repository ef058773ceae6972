---A name of another kind of resource was looked up as if it were of the right one: an internal error, or an answer.

local emu = require "spec.support.emulator"
local expect = require "spec.support.expect"
local gemini = require "gemini"

local MODEL, BASE = "models/gemini-2.5-flash", "models/gemini-2.5-flash"
local TASK = { trainingData = { examples = { examples = { { textInput = "1", output = "2" } } } } }

describe("the emulator, given a name of another kind,", function()
  local server, client

  setup(function()
    server = emu.start { delay = 0, work = 0 }
    client = gemini.new { apiKey = "k", baseUrl = server.url }
    assert(client.corpora:create { name = "corpora/a" })
    assert(client.corpora.documents:create { parent = "corpora/a", name = "corpora/a/documents/d" })
    assert(client.tunedModels:create { tunedModelId = "t", baseModel = BASE, tuningTask = TASK })
  end)
  teardown(function() server.stop() end)

  local function permission(parent, resource)
    local given = { parent = parent, granteeType = "EVERYONE", role = "READER" }
    return assert(resource.permissions:create(given)).name
  end

  it("finds no file", function()
    local store = assert(client.fileSearchStores:create {}).name
    expect.missing(client.fileSearchStores:importFile { fileSearchStoreName = store, fileName = "corpora/a" })
    local batch = { displayName = "x", inputConfig = { fileName = "corpora/a" } }
    expect.missing(client.models:batchGenerateContent { model = MODEL, batch = batch })
  end)

  it("finds no store", function()
    local tools = { { fileSearch = { fileSearchStoreNames = { "corpora/a" } } } }
    expect.missing(client.models:generateContent { model = MODEL, contents = "x", tools = tools })
  end)

  it("finds no model", function()
    local name = permission("tunedModels/t", client.tunedModels)
    expect.missing(client.tunedModels:create { tunedModelSource = { tunedModel = name }, tuningTask = TASK })
    expect.missing(client.tunedModels:create { tunedModelSource = { tunedModel = "dynamic/x" }, tuningTask = TASK })
    expect.missing(client.cachedContents:create { model = name, contents = "x" })
  end)

  it("finds no passages", function()
    local query = { parts = { { text = "x" } } }
    for _, source in ipairs { permission("corpora/a", client.corpora), "tunedModels/t" } do
      expect.missing(client.models:generateAnswer {
        model = "models/aqa", contents = "x", answerStyle = "VERBOSE",
        semanticRetriever = { source = source, query = query },
      })
    end
    for _, source in ipairs { "corpora/a", "corpora/a/documents/d" } do
      assert(client.models:generateAnswer {
        model = "models/aqa", contents = "x", answerStyle = "VERBOSE",
        semanticRetriever = { source = source, query = query },
      })
    end
  end)
end)
