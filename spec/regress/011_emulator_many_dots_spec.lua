---A text with many dots took the emulator minutes to cut into sentences.

local cjson = require "cjson"
local emu = require "spec.support.emulator"

describe("the emulator's answer from a passage", function()
  local server

  setup(function() server = emu.start { delay = 0 } end)
  teardown(function() server.stop() end)

  -- The reading of a response gives up after five seconds.
  local function answer(text)
    local response = emu.call(server.url, "POST", "/v1beta/models/aqa:generateAnswer", cjson.encode {
      contents = { { parts = { { text = "one queen" } } } }, answerStyle = "EXTRACTIVE",
      inlinePassages = { passages = { { id = "1", content = { parts = { { text = text } } } } } },
    })
    return emu.text { candidates = { emu.json(response).answer } }
  end

  it("comes at once, whatever the passage is made of", function()
    local dots = ("."):rep(20000)
    assert.equal("A hive has one queen.", answer("A hive has one queen. " .. dots))
    assert.equal("one queen" .. dots, answer("Nothing here. one queen" .. dots))
    local blank = (" "):rep(20000)
    assert.equal("A hive has one queen.", answer(blank .. "A hive has one queen." .. blank .. "Nothing!"))
  end)

  it("is a sentence without the blanks around it", function()
    assert.equal("Has it one queen?!", answer "Bees fly.  Has it one queen?!\n\nThey do.")
    assert.equal("one queen at 3.5 degrees", answer "Bees fly. one queen at 3.5 degrees")
  end)
end)
