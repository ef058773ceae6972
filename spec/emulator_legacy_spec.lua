-- The emulator's answers for the models before Gemini: texts, messages, and answers from passages.
local emu = require "spec.support.emulator"
local expect = require "spec.support.expect"
local gemini = require "gemini"

local good, refused, invalid = expect.good, expect.refused, expect.invalid

local TEXT, CHAT, ANSWER = "models/text-bison-001", "models/chat-bison-001", "models/aqa"

describe("of the models before Gemini, the emulator", function()
  local server, client, models

  setup(function()
    server = emu.start()
    client = gemini.new { apiKey = "k", baseUrl = server.url }
    models = client.models
  end)

  teardown(function() server.stop() end)

  it("shows what each does", function()
    local METHODS = {
      [TEXT] = "generateText", [CHAT] = "generateMessage", [ANSWER] = "generateAnswer",
      ["models/embedding-gecko-001"] = "embedText",
    }
    for name, method in pairs(METHODS) do
      assert.equal(method, good("Model", models:get { name = name }).supportedGenerationMethods[1])
    end
  end)

  describe("generates texts:", function()
    local function generate(fields)
      local request = { model = TEXT, prompt = { text = "Tell me of bees" } }
      for name, value in pairs(fields or {}) do request[name] = value end
      return models:generateText(request)
    end

    it("one that names the prompt, or several", function()
      local reply = good("GenerateTextResponse", generate())
      assert.equal(1, #reply.candidates)
      assert.truthy(reply.candidates[1].output:find('"Tell me of bees" has 4 words', 1, true))
      assert.truthy(reply.candidates[1].output:find("no model", 1, true))
      assert.equal(3, #good("GenerateTextResponse", generate { candidateCount = 3 }).candidates)
    end)

    it("cut where the request says", function()
      assert.equal(8, #good("GenerateTextResponse", generate { maxOutputTokens = 2 }).candidates[1].output)
      assert.equal("This is the lua-gemini ",
        good("GenerateTextResponse", generate { stopSequences = { "emulator" } }).candidates[1].output)
    end)

    it("not with settings out of range, without a prompt or with another model", function()
      for name, value in pairs { temperature = 1.5, topP = -1, topK = 0, candidateCount = 9, maxOutputTokens = 0 } do
        invalid(generate { [name] = value })
      end
      invalid(generate { prompt = {} })
      refused(404, "NOT_FOUND", generate { model = CHAT })
      refused(404, "NOT_FOUND", client.tunedModels:generateText { model = "tunedModels/none", prompt = { text = "x" } })
    end)
  end)

  describe("generates messages:", function()
    local function generate(messages, fields)
      local request = { model = CHAT, prompt = { messages = messages } }
      for name, value in pairs(fields or {}) do request[name] = value end
      return models:generateMessage(request)
    end

    it("the next of a conversation", function()
      local reply = good("GenerateMessageResponse", generate { { content = "Hello" } })
      assert.same({ { author = "0", content = "Hello" } }, reply.messages)
      assert.equal("1", reply.candidates[1].author)
      assert.truthy(reply.candidates[1].content:find('"Hello" has 1 word', 1, true))
      reply = good("GenerateMessageResponse",
        generate({ { author = "me", content = "a" }, { content = "b" }, { content = "The last" } }, { candidateCount = 2 }))
      assert.same({ "me", "1", "0" }, { reply.messages[1].author, reply.messages[2].author, reply.messages[3].author })
      assert.equal(2, #reply.candidates)
      assert.truthy(reply.candidates[2].content:find('"The last"', 1, true))
    end)

    it("not without any", function()
      invalid(generate {})
      invalid(generate({ { content = "x" } }, { temperature = -1 }))
      refused(404, "NOT_FOUND", generate({ { content = "x" } }, { model = TEXT }))
    end)
  end)

  it("counts tokens", function()
    local function text(given)
      return good("CountTextTokensResponse", models:countTextTokens { model = TEXT, prompt = { text = given } }).tokenCount
    end
    assert.equal(2, text "12345678")
    assert.equal(3, text "123456789")
    local prompt = { messages = { { content = "1234" }, { content = "5678" } } }
    local function messages()
      return good("CountMessageTokensResponse", models:countMessageTokens { model = CHAT, prompt = prompt }).tokenCount
    end
    assert.equal(2, messages())
    prompt.context = "1234"
    prompt.examples = { { input = { content = "1234" }, output = { content = "5678" } } }
    assert.equal(5, messages())
    good("CountTextTokensResponse", models:countTextTokens { model = "gemini-embedding-001", prompt = { text = "x" } })
    refused(404, "NOT_FOUND", models:countTextTokens { model = CHAT, prompt = { text = "x" } })
    refused(404, "NOT_FOUND", models:countMessageTokens { model = TEXT, prompt = prompt })
  end)

  describe("answers from passages:", function()
    local PASSAGES = { passages = {
      { id = "bees", content = { parts = {
        { text = "Bees live in hives." }, { text = "A hive has one queen. The drones do no work." },
      } } },
      { id = "market", content = { parts = { { text = "Stocks fell on Monday." } } } },
    } }

    local function ask(fields)
      local request = { model = ANSWER, contents = "How many queens has a hive?", answerStyle = "EXTRACTIVE", inlinePassages = PASSAGES }
      for name, value in pairs(fields or {}) do request[name] = value ~= false and value or nil end
      return models:generateAnswer(request)
    end

    local function answered(fields)
      local reply = good("GenerateAnswerResponse", ask(fields))
      return reply.answer.content.parts[1].text, reply
    end

    it("with the sentence that fits, and where it stands", function()
      local text, reply = answered()
      assert.equal("A hive has one queen.", text)
      assert.equal("STOP", reply.answer.finishReason)
      assert.equal(2, #reply.answer.groundingAttributions)
      local first = reply.answer.groundingAttributions[1]
      assert.same({ passageId = "bees", partIndex = 1 }, first.sourceId.groundingPassage)
      assert.equal(PASSAGES.passages[1].content.parts[2].text, first.content.parts[1].text)
      assert.is_true(reply.answerableProbability > 0.3 and reply.answerableProbability <= 1)
    end)

    it("in the style that is wanted, saying that it is no model", function()
      local text = answered { answerStyle = "ABSTRACTIVE" }
      assert.truthy(text:find("no model", 1, true))
      assert.truthy(text:find("A hive has one queen.", 1, true))
      local verbose = answered { answerStyle = "VERBOSE" }
      assert.truthy(verbose:find("The drones do no work.", 1, true))
      assert.is_true(#verbose > #text)
      local passage = { content = { parts = { { text = "Nothing here. A hive has one queen" } } } }
      assert.equal("A hive has one queen", (answered { inlinePassages = { passages = { passage } } }))
    end)

    it("with little probability where nothing fits", function()
      local _, strange = answered { contents = "xyzzy" }
      local _, fitting = answered()
      assert.is_true(strange.answerableProbability < fitting.answerableProbability / 3)
      local text, reply = answered { inlinePassages = { passages = {} } }
      assert.truthy(text:find("found no passage", 1, true))
      assert.equal(0, reply.answerableProbability)
      assert.is_nil(reply.answer.groundingAttributions)
    end)

    it("not without a source, a style, a question, or with another model", function()
      invalid(ask { inlinePassages = false })
      invalid(ask { answerStyle = false })
      invalid(ask { answerStyle = "ANSWER_STYLE_UNSPECIFIED" })
      invalid(ask { contents = {} })
      invalid(ask { temperature = 1.5 })
      refused(404, "NOT_FOUND", ask { model = "gemini-2.5-flash" })
      local query = { parts = { { text = "x" } } }
      invalid(ask { semanticRetriever = { source = "corpora/none", query = query } })
      refused(404, "NOT_FOUND", ask { inlinePassages = false, semanticRetriever = { source = "corpora/none", query = query } })
      refused(404, "NOT_FOUND", ask { inlinePassages = false, semanticRetriever = { source = "nothing", query = query } })
    end)
  end)
end)
