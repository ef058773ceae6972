---A text that says one thing very often made every search in its store an error.

local emu = require "spec.support.emulator"
local expect = require "spec.support.expect"
local gemini = require "gemini"

describe("the emulator's search", function()
  it("takes texts that say one thing very often", function()
    local server = emu.start { work = 0, delay = 0 }
    local client = gemini.new { apiKey = "k", baseUrl = server.url }
    local store = assert(client.fileSearchStores:create {})
    assert(client.media:uploadToFileSearchStore {
      fileSearchStoreName = store.name, data = ("a"):rep(2000000), mimeType = "text/plain",
    })
    local reply, err = client.models:generateContent {
      model = "gemini-2.5-flash", contents = "a", tools = { { fileSearch = { fileSearchStoreNames = { store.name } } } },
    }
    server.stop()
    expect.good("GenerateContentResponse", reply, err)
  end)
end)
