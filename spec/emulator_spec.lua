local cjson = require "cjson"
local check = require "gemini.emulator.check"
local emu = require "spec.support.emulator"
local socket = require "socket"

local MODEL = "/v1beta/models/gemini-2.5-flash"
local GENERATE, STREAM = MODEL .. ":generateContent", MODEL .. ":streamGenerateContent"
local HELLO = '{"contents":[{"parts":[{"text":"Why is the sky blue?"}]}]}'

local events, joined, json, textOf = emu.events, emu.joined, emu.json, emu.text

describe("the emulator", function()
  local server

  setup(function() server = emu.start { delay = 0 } end)
  teardown(function() server.stop() end)

  local function post(target, body, headers) return emu.call(server.url, "POST", target, body, headers) end
  local function get(target, headers) return emu.call(server.url, "GET", target, nil, headers) end

  local function generate(body) return json(post(GENERATE, body)) end

  describe("models", function()
    it("lists every model once, page by page", function()
      local seen, count, pages, token = {}, 0, 0, ""
      repeat
        local page = json(get("/v1beta/models?pageSize=5&pageToken=" .. token))
        for _, model in ipairs(page.models) do
          assert.is_nil(seen[model.name])
          seen[model.name], count = true, count + 1
          assert(check.reply("Model", model))
        end
        pages, token = pages + 1, page.nextPageToken
      until not token
      assert.equal(16, count)
      assert.equal(4, pages)
    end)

    it("takes 50 models a page by default, and snake_case for the size", function()
      assert.is_nil(json(get("/v1/models")).nextPageToken)
      assert.equal(2, #json(get("/v1alpha/models?page_size=2")).models)
    end)

    it("gets one model", function()
      local model = json(get(MODEL))
      assert.equal("models/gemini-2.5-flash", model.name)
      assert.equal(1048576, model.inputTokenLimit)
      assert.equal(model.name, json(get("/v1beta/models/gemini%2D2.5%2Dflash")).name)
    end)
  end)

  describe("errors", function()
    local function refused(response, status, name)
      assert.equal(status, response.status)
      local problem = cjson.decode(response.body).error
      assert.equal(status, problem.code)
      assert.equal(name, problem.status)
      return problem
    end

    local function with(fields) return (HELLO:gsub("}$", "," .. fields .. "}")) end

    -- body, message, field of the first violation
    local TYPE = "type.googleapis.com/google.ai.generativelanguage.v1beta."
    local UNKNOWN = 'Invalid JSON payload received. Unknown name "%s"%s'
    local BAD_BODIES = {
      { with '"foo":1', UNKNOWN:format("foo", ": Cannot find field.") },
      { '{"contents":[{"foo":1,"parts":[{"text":"x"}]}]}',
        UNKNOWN:format("foo", " at 'contents[0]': Cannot find field."), "contents[0]" },
      { with '"generationConfig":{"temperature":"x"}',
        "Invalid value at 'generation_config.temperature' (TYPE_FLOAT), \"x\"", "generation_config.temperature" },
      { with '"generationConfig":{"seed":1.5}',
        "Invalid value at 'generation_config.seed' (TYPE_INT32), 1.5", "generation_config.seed" },
      { with '"generationConfig":{"seed":2147483648}',
        "Invalid value at 'generation_config.seed' (TYPE_INT32), 2147483648", "generation_config.seed" },
      { with '"store":"yes"', "Invalid value at 'store' (TYPE_BOOL), \"yes\"", "store" },
      { '{"contents":[{"parts":[{"text":{}}]}]}',
        "Invalid value at 'contents[0].parts[0].text' (TYPE_STRING), Starting an object on a scalar field.",
        "contents[0].parts[0].text" },
      { '{"contents":[{"parts":[{"inlineData":{"mimeType":"image/png","data":"a*b="}}]}]}',
        "Invalid value at 'contents[0].parts[0].inline_data.data' (TYPE_BYTES), Base64 decoding failed: \"a*b=\"",
        "contents[0].parts[0].inline_data.data" },
      { with '"safetySettings":[{"category":"NICE","threshold":"OFF"}]',
        "Invalid value at 'safety_settings[0].category' (" .. TYPE .. 'HarmCategory), "NICE"',
        "safety_settings[0].category" },
      { '{"contents":["hi"]}', "Invalid value at 'contents[0]' (" .. TYPE .. 'Content), "hi"', "contents[0]" },
      { '{"contents":{"parts":[{"text":"x"}]}}', UNKNOWN:format("contents", ": Proto field is repeating") },
      { with '"systemInstruction":[{"text":"x"}]',
        UNKNOWN:format("systemInstruction", ": Proto field is not repeating") },
      { with '"tools":[{"googleSearch":[]}]',
        UNKNOWN:format("googleSearch", " at 'tools[0]': Proto field is not repeating"), "tools[0]" },
      { with '"labels":{"a":1}', "Invalid value at 'labels[\"a\"]' (TYPE_STRING), 1", 'labels["a"]' },
      { '{"contents":[{"parts":[{"text":"x","inlineData":{"mimeType":"a/b","data":""}}]}]}',
        "Invalid value at 'contents[0].parts[0]' (oneof), oneof field 'data' is already set. Cannot set 'text'",
        "contents[0].parts[0]" },
      { '{"contents":', "Invalid JSON payload received. Expected value" },
      { "[1]", "Invalid value at '' (" .. TYPE .. "GenerateContentRequest), " },
    }

    for _, case in ipairs(BAD_BODIES) do
      it("refuses " .. case[1], function()
        local problem = refused(post(GENERATE, case[1]), 400, "INVALID_ARGUMENT")
        assert.equal(case[2], problem.message:sub(1, #case[2]))
        assert.equal("type.googleapis.com/google.rpc.BadRequest", problem.details[1]["@type"])
        local violation = problem.details[1].fieldViolations[1]
        assert.equal(case[3], violation.field)
        assert.equal(problem.message, violation.description)
      end)
    end

    it("reports every violation of a body", function()
      local problem = refused(post(GENERATE, with '"a":1,"generationConfig":{"b":2}'), 400, "INVALID_ARGUMENT")
      assert.equal(2, #problem.details[1].fieldViolations)
      assert.truthy(problem.message:find('"a".*\n.*"b"'))
    end)

    -- body, message
    local MISSING = {
      { "{}", "* GenerateContentRequest.contents: contents is not specified\n" },
      { "", "* GenerateContentRequest.contents: contents is not specified\n" },
      { '{"contents":[]}', "* GenerateContentRequest.contents: contents is not specified\n" },
      { '{"contents":null}', "* GenerateContentRequest.contents: contents is not specified\n" },
      { '{"contents":[{"parts":[{"functionCall":{}}]}]}',
        "* GenerateContentRequest.contents[0].parts[0].function_call.name: name is not specified\n" },
      { '{"contents":[{"role":"user"}]}',
        "* GenerateContentRequest.contents[0].parts: contents.parts must not be empty.\n" },
      { '{"contents":[{"parts":[{}]}]}',
        "* GenerateContentRequest.contents[0].parts[0].data: "
          .. "required oneof field 'data' must have one initialized field\n" },
      { '{"contents":[{"role":"assistant","parts":[{"text":"x"}]}]}', "Please use a valid role: user, model." },
      { with '"generationConfig":{"temperature":3}',
        "* GenerateContentRequest.generation_config.temperature: temperature must be in the range [0, 2].\n" },
    }

    for _, case in ipairs(MISSING) do
      it("asks for what is missing or out of range in " .. case[1], function()
        assert.equal(case[2], refused(post(GENERATE, case[1]), 400, "INVALID_ARGUMENT").message)
      end)
    end

    it("refuses unknown and mistyped query parameters, and bad page tokens", function()
      local problem = refused(get("/v1beta/models?pagesize=3"), 400, "INVALID_ARGUMENT")
      assert.truthy(problem.message:find('Unknown name "pagesize": Cannot bind query parameter.', 1, true))
      problem = refused(get("/v1beta/models?pageSize=many"), 400, "INVALID_ARGUMENT")
      assert.equal("Invalid value at 'page_size' (TYPE_INT32), \"many\"", problem.message)
      refused(get("/v1beta/models?pageToken=zzz"), 400, "INVALID_ARGUMENT")
      refused(get("/v1beta/models?pageSize=-1"), 400, "INVALID_ARGUMENT")
    end)

    it("knows which models there are and what they do", function()
      refused(get("/v1beta/models/nope"), 404, "NOT_FOUND")
      local problem = refused(post("/v1/models/nope:generateContent", HELLO), 404, "NOT_FOUND")
      assert.truthy(problem.message:find("models/nope is not found for API version v1, ", 1, true))
      refused(post("/v1beta/models/gemini-embedding-001:generateContent", HELLO), 404, "NOT_FOUND")
      refused(post("/v1beta/tunedModels/mine:generateContent", HELLO), 404, "NOT_FOUND")
    end)

    it("answers a stream call's error with JSON that is labelled as an event stream", function()
      local response = post("/v1beta/models/nope:streamGenerateContent?alt=sse", HELLO)
      refused(response, 404, "NOT_FOUND")
      assert.equal("text/event-stream", response.headers["content-type"])
    end)

    it("wants a key: in the header, in the query, or a token", function()
      refused(get(MODEL, { ["x-goog-api-key"] = false }), 403, "PERMISSION_DENIED")
      refused(get(MODEL, { ["x-goog-api-key"] = "" }), 403, "PERMISSION_DENIED")
      assert.equal(200, get(MODEL .. "?key=k", { ["x-goog-api-key"] = false }).status)
      assert.equal(200, get(MODEL, { ["x-goog-api-key"] = false, Authorization = "Bearer t" }).status)
    end)

    it("accepts one key alone where it was started with one", function()
      local strict = emu.start { key = "s3cret '$x\"\n" }
      local problem = refused(emu.call(strict.url, "GET", MODEL), 400, "INVALID_ARGUMENT")
      assert.equal("API_KEY_INVALID", problem.details[1].reason)
      assert.equal("googleapis.com", problem.details[1].domain)
      strict.stop()
      strict = emu.start { key = "s3cret" }
      assert.equal(200, emu.call(strict.url, "GET", MODEL, nil, { ["x-goog-api-key"] = "s3cret" }).status)
      refused(emu.call(strict.url, "GET", MODEL, nil, { ["x-goog-api-key"] = false, Authorization = "Bearer t" }), 401,
        "UNAUTHENTICATED")
      strict.stop()
    end)
  end)

  describe("its own reply", function()
    it("says that it is no model, quotes the prompt and counts its words", function()
      local reply = generate(HELLO)
      assert.truthy(textOf(reply):find("emulator, which is no model", 1, true))
      assert.truthy(textOf(reply):find('"Why is the sky blue?" has 5 words', 1, true))
      assert.equal("STOP", reply.candidates[1].finishReason)
      assert(check.reply("GenerateContentResponse", reply))
    end)

    it("has a usage that adds up and agrees with countTokens", function()
      local usage = generate(HELLO).usageMetadata
      local counted = json(post(MODEL .. ":countTokens", HELLO))
      assert.equal(5, counted.totalTokens)
      assert.equal(counted.totalTokens, usage.promptTokenCount)
      assert.same(counted.promptTokensDetails, usage.promptTokensDetails)
      assert.equal(usage.promptTokenCount + usage.candidatesTokenCount, usage.totalTokenCount)
    end)

    it("counts pictures, and the whole of a generateContentRequest", function()
      local picture = '{"contents":[{"parts":[{"inline_data":{"mime_type":"image/png","data":"aGk="}}]}]}'
      assert.same({ { modality = "IMAGE", tokenCount = 258 } },
        json(post(MODEL .. ":countTokens", picture)).promptTokensDetails)
      local whole = '{"generateContentRequest":{"model":"models/gemini-2.5-flash",'
        .. '"systemInstruction":{"parts":[{"text":"12345678"}]},"contents":[{"parts":[{"text":"1234"}]}]}}'
      assert.equal(3, json(post(MODEL .. ":countTokens", whole)).totalTokens)
      assert.equal(400, post(MODEL .. ":countTokens", "{}").status)
    end)

    local function configured(config) return (HELLO:gsub("}$", ',"generationConfig":' .. config .. "}")) end

    it("honours maxOutputTokens, stopSequences and candidateCount", function()
      local reply = generate(configured '{"maxOutputTokens":3}')
      assert.equal("This is the ", textOf(reply))
      assert.equal("MAX_TOKENS", reply.candidates[1].finishReason)
      assert.equal(3, reply.usageMetadata.candidatesTokenCount)
      reply = generate(configured '{"stopSequences":["no such"," lua-gemini"," emulator"]}')
      assert.equal("This is the", textOf(reply))
      assert.equal("STOP", reply.candidates[1].finishReason)
      reply = generate(configured '{"candidateCount":3}')
      assert.equal(3, #reply.candidates)
      assert.equal(2, reply.candidates[3].index)
    end)

    it("never cuts a character", function()
      local scripted = emu.start { script = [[return function() return "aé€😀€" end]] }
      local expected = { "aé", "aé", "aé€", "aé€😀", "aé€😀€" }
      for tokens, text in ipairs { expected[1], expected[3], expected[4], expected[5] } do
        local body = configured(('{"maxOutputTokens":%d}'):format(tokens))
        local reply = json(emu.call(scripted.url, "POST", GENERATE, body))
        assert.equal(text:sub(1, tokens * 4), textOf(reply))
      end
      scripted.stop()
    end)

    it("is JSON where JSON is asked for", function()
      local reply = generate(configured '{"responseMimeType":"application/json"}')
      assert.equal(5, cjson.decode(textOf(reply)).words)
    end)

    local TOOLS = '{"contents":[{"parts":[{"text":"%s"}]}],"tools":[{"functionDeclarations":['
      .. '{"name":"get","description":"x"},{"name":"get_weather","description":"x"}]}]%s}'

    it("calls the function that the prompt names", function()
      local response = post(GENERATE, TOOLS:format("Please call get_weather.", ""))
      assert.truthy(response.body:find('"args":{}', 1, true))
      local reply = json(response)
      assert.equal("get_weather", reply.candidates[1].content.parts[1].functionCall.name)
      assert(check.reply("GenerateContentResponse", reply))
      assert.is_string(textOf(generate(TOOLS:format("Please go_get_weather", ""))))
      local none = ',"toolConfig":{"functionCallingConfig":{"mode":"none"}}'
      assert.is_string(textOf(generate(TOOLS:format("get_weather", none))))
    end)

    it("gives a function arguments that fit its schema, from the prompt's words and numbers", function()
      local properties = '{"city":{"type":"string"},"days":{"type":"INTEGER","maximum":3},"unit":{"enum":["f","celsius"]}}'
      local body = ('{"contents":[{"parts":[{"text":"The weather in Lisbon for 5 days, in Celsius?"}]}],"tools":['
        .. '{"functionDeclarations":[{"name":"weather","description":"x","%s":{"type":"object","properties":%s}}]}]}')
      for _, name in ipairs { "parameters", "parametersJsonSchema" } do
        -- The API's own Schema has types in upper case.
        local fields = name == "parameters" and properties:gsub('"string"', '"STRING"') or properties
        local text = body:format(name, fields):gsub('"object"', name == "parameters" and '"OBJECT"' or '"object"')
        if name == "parameters" then text = text:gsub('{"enum"', '{"type":"STRING","enum"') end
        local call = json(post(GENERATE, text)).candidates[1].content.parts[1].functionCall
        assert.same({ city = "Lisbon", days = 3, unit = "celsius" }, call.args)
      end
    end)

    it("answers a function's result with a text that has it", function()
      local body = '{"contents":[{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"a":1}}}]}]}'
      assert.truthy(textOf(generate(body)):find('f gave {"a":1}.', 1, true))
      assert.truthy(textOf(generate '{"contents":[{"parts":[{"text":""}]}]}'):find("Your last message has no text", 1, true))
    end)

    it("fits the schema that an answer is to have", function()
      local schema = '{"$defs":{"egg":{"type":"object","properties":{"size":{"type":"string","enum":["S","L"]},"next":{"$ref":'
        .. '"#/$defs/egg"}}}},"type":"array","minItems":3,"items":{"type":"object","properties":{"on":{"type":"string",'
        .. '"format":"date"},"many":{"type":["integer","null"],"minimum":7},"ok":{"type":"boolean"},"first":{"anyOf":['
        .. '{"type":"number"},{"type":"string"}]},"none":{"type":"null"},"egg":{"$ref":"#/$defs/egg"}}}}'
      local config = '{"responseMimeType":"application/json","responseJsonSchema":' .. schema .. "}"
      local values = cjson.decode(textOf(generate(configured(config))))
      assert.equal(3, #values)
      local value = values[1]
      assert.same({ "2026-01-31", 7, true, cjson.null }, { value.on, value.many, value.ok, value.none })
      assert.is_number(value.first)
      assert.equal("S", value.egg.next.next.size)
    end)
  end)

  describe("streams", function()
    it("come as one event a chunk with CRLF ends, and finish once", function()
      local response = post(STREAM .. "?alt=sse", HELLO)
      assert.equal("text/event-stream", response.headers["content-type"])
      local replies, last = events(response), 0
      assert.is_true(#replies > 5)
      for i, reply in ipairs(replies) do
        assert.equal(i == #replies and "STOP" or nil, reply.candidates[1].finishReason)
        assert.is_true(reply.usageMetadata.candidatesTokenCount >= last)
        last = reply.usageMetadata.candidatesTokenCount
      end
      assert.is_true(last > 5)
      local unary = textOf(generate(HELLO))
      assert.equal(unary:gsub("%d+%.$", ""), (joined(replies):gsub("%d+%.$", "")))
    end)

    it("come as a JSON array without alt=sse, each element by itself", function()
      local response = post(STREAM, HELLO)
      assert.equal("[{", response.chunks[1]:sub(1, 2))
      assert.equal("}\n", response.chunks[1]:sub(-2))
      assert.equal(",\r\n{", response.chunks[2]:sub(1, 4))
      assert.equal("]", response.chunks[#response.chunks])
      assert.truthy(joined(json(response)):find("sky blue?", 1, true))
    end)

    it("pause between their chunks", function()
      local slow = emu.start { delay = 0.05 }
      local start = socket.gettime()
      local body = HELLO:gsub("}$", ',"generationConfig":{"maxOutputTokens":12}}')
      local count = #emu.call(slow.url, "POST", STREAM .. "?alt=sse", body).chunks
      local elapsed = socket.gettime() - start
      assert.equal(3, count)
      assert.is_true(elapsed >= 0.1, tostring(elapsed))
      slow.stop()
    end)
  end)
end)
