---The design's examples and every row, against the emulator.

local emulator = require "spec.support.emulator"
local gemini = require "gemini"
local live = require "spec.support.live"

describe("against the emulator,", function()
  local server, client

  setup(function()
    server = emulator.start { delay = 0 }
    client = gemini.new { apiKey = "k", baseUrl = server.url }
  end)

  teardown(function() server.stop() end)

  after_each(live.none)

  it("generateContent gives a reply", function()
    local reply, err = client.models:generateContent { model = "gemini-2.5-flash", contents = "Why is the sky blue?" }
    assert.is_nil(err)
    assert.equal(reply.candidates[1].content.parts[1].text, reply.text)
    assert.truthy(reply.text:find("Why is the sky blue?", 1, true))
    assert.equal("STOP", reply.finishReason)
    assert.equal(5, reply.usageMetadata.promptTokenCount)
  end)

  it("streamGenerateContent gives the same text in chunks", function()
    local texts = {}
    for chunk in client.models:streamGenerateContent { model = "gemini-2.5-flash", contents = "Say it" } do
      texts[#texts + 1] = chunk.text
    end
    assert.is_true(#texts > 3)
    assert.truthy(table.concat(texts):find('"Say it"', 1, true))
  end)

  it("list gives every model of every page", function()
    local all, paged = {}, {}
    for model in client.models:list() do all[#all + 1] = model.name end
    for model in client.models:list { pageSize = 3 } do paged[#paged + 1] = model.name end
    assert.is_true(#all > 5)
    assert.same(all, paged)
    local page, err = client.models:list({ pageSize = 3 }):page()
    assert.is_nil(err)
    assert.equal(3, #page.models)
    assert.is_string(page.nextPageToken)
  end)

  it("get gives one model, or says that there is none", function()
    local model = assert(client.models:get { name = "gemini-2.5-flash" })
    assert.equal("models/gemini-2.5-flash", model.name)
    if math.type then assert.equal("integer", math.type(model.inputTokenLimit)) end
    local none, err = client.models:get { name = "nothing" }
    assert.is_nil(none)
    assert.same({ "api", 404, "NOT_FOUND" }, { err.kind, err.code, err.status })
  end)

  it("countTokens counts contents, or a whole request", function()
    local short = assert(client.models:countTokens { model = "gemini-2.5-flash", contents = "Hello" })
    local long = assert(client.models:countTokens {
      model = "gemini-2.5-flash",
      generateContentRequest = { contents = "Hello", systemInstruction = "Be brief and be kind." },
    })
    assert.is_true(long.totalTokens > short.totalTokens)
  end)

  it("what the server refuses comes back as an error", function()
    for _, case in ipairs {
      { { contents = "x", temprature = 1 }, 'Unknown name "temprature"' },
      { { contents = "x", generationConfig = { temperature = "hot" } }, "Invalid value at 'generation_config.temperature'" },
      { { contents = {} }, "contents" },
    } do
      case[1].model = "gemini-2.5-flash"
      local reply, err = client.models:generateContent(case[1])
      assert.is_nil(reply)
      assert.same({ "api", 400, "INVALID_ARGUMENT" }, { err.kind, err.code, err.status })
      assert.truthy(err.message:find(case[2], 1, true), err.message)
    end
  end)

  it("a stream's first error is raised in the loop", function()
    local ok, err = pcall(function()
      for _ in client.models:streamGenerateContent { model = "nothing", contents = "x" } do error "a chunk came" end
    end)
    assert.is_false(ok)
    assert.equal("NOT_FOUND", err.status)
  end)

  it("the key is needed, and has to be the right one", function()
    local strict = emulator.start { key = "right" }
    local right = gemini.new { apiKey = "right", baseUrl = strict.url }
    local wrong = gemini.new { apiKey = "wrong", baseUrl = strict.url }
    assert(right.models:get { name = "gemini-2.5-flash" })
    local _, err = wrong.models:get { name = "gemini-2.5-flash" }
    strict.stop()
    assert.same({ 400, "API_KEY_INVALID" }, { err.code, err.reason })
  end)

  it("text of any language and image bytes come back as they went", function()
    local text = "Grüße, 世界, 🙂, \"quoted\" \\ and \0 zero"
    local scripted = emulator.start { script = [[
      return function(request)
        return { candidates = { { index = 0, finishReason = "STOP", content = {
          role = "model", parts = request.body.contents[1].parts } } } }
      end
    ]] }
    local echo = gemini.new { apiKey = "k", baseUrl = scripted.url }
    local bytes = {}
    for i = 0, 255 do bytes[#bytes + 1] = string.char(i) end
    bytes = table.concat(bytes)
    local image = { inlineData = { mimeType = "image/png", data = gemini.base64.encode(bytes) } }
    local request = { model = "gemini-2.5-flash", contents = { text, image } }
    local reply = assert(echo.models:generateContent(request))
    local streamed = assert(echo.models:streamGenerateContent(request):collect())
    scripted.stop()
    for _, each in ipairs { reply, streamed } do
      assert.equal(text, each.text)
      assert.same({ { mimeType = "image/png", data = bytes } }, each.inlineData)
    end
  end)

  it("the base comes from the environment", function()
    local run = require "spec.support.run"
    local output = run.lua([[
      local client = require("gemini").new()
      print(client.models:get({ name = "gemini-2.5-flash" }).name)
    ]], nil, { GOOGLE_GEMINI_BASE_URL = server.url, GEMINI_API_KEY = "k" })
    assert.equal("models/gemini-2.5-flash\n", output)
  end)
end)
