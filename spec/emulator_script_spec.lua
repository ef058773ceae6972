local cjson = require "cjson"
local emu = require "spec.support.emulator"

local MODEL = "/v1beta/models/gemini-2.5-flash"
local GENERATE, STREAM = MODEL .. ":generateContent", MODEL .. ":streamGenerateContent"
local events, joined, json, textOf = emu.events, emu.joined, emu.json, emu.text

describe("the emulator's scripted replies", function()
  local scripted

  setup(function()
    scripted = emu.start { delay = 0, script = [[
      local cjson, emulator = require "cjson", require "gemini.emulator"
      local function candidate(part) return { candidates = { { index = 0, content = { parts = { part } } } } } end
      local replies = {
        text = function() return "one two three four" end,
        request = function(request) return cjson.encode(request) end,
        response = function() return { promptFeedback = { safetyRatings = emulator.array() } } end,
        list = function()
          local lo, bang = { text = "lo", thought = true }, { text = "!", thought = true }
          return { "Hel", candidate(lo), 0.05, candidate(bang), "." }
        end,
        midError = function() return { "so far", { error = { code = 503, message = "gone" } } } end,
        error = function()
          return { error = { code = 429, message = "slow down", details = { { ["@type"] = "x", retryDelay = "2s" } } } }
        end,
        raw = function() return { status = 502, headers = { ["Content-Type"] = "text/html" }, body = "<h1>" } end,
        empty = function() return {} end,
        raise = function() error("a bug in the script", 0) end,
        wrong = function() return 42 end,
        badHeaders = function() return { status = 200, headers = "x" } end,
        splitHeader = function() return { status = 200, headers = { A = "b\r\nC: d" } } end,
        framing = function() return { status = 200, headers = { ["content-length"] = 1, ["X-Own"] = 7 }, body = "four" } end,
        badPause = function() return { "a", 0 / 0, "b" } end,
        default = function() return nil end,
      }
      return function(request) return replies[request.text:match("%a+")](request) end
    ]] }
  end)
  teardown(function() scripted.stop() end)

  local function ask(name, target)
    local body = ('{"contents":[{"parts":[{"text":"%s"}]}]}'):format(name)
    return emu.call(scripted.url, "POST", target or GENERATE, body)
  end

  local SSE = STREAM .. "?alt=sse"

  it("may be a text", function()
    assert.equal("one two three four", textOf(json(ask("text"))))
    local replies = events(ask("text", SSE))
    assert.equal("one two three", textOf(replies[1]))
    assert.equal(" four", textOf(replies[2]))
  end)

  it("may be a whole response, sent as it is", function()
    assert.equal('{"promptFeedback":{"safetyRatings":[]}}', ask("response").body)
    assert.equal('data: {"promptFeedback":{"safetyRatings":[]}}\r\n\r\n', ask("response", SSE).body)
  end)

  it("may be a list of chunks, joined for a unary call", function()
    local replies = events(ask("list", SSE))
    assert.equal("Hello!.", joined(replies))
    assert.is_nil(replies[1].candidates[1].finishReason)
    assert.equal("STOP", replies[4].candidates[1].finishReason)
    local reply = json(ask("list"))
    local parts = { { text = "Hel" }, { text = "lo!", thought = true }, { text = "." } }
    assert.same(parts, reply.candidates[1].content.parts)
    assert.equal("STOP", reply.candidates[1].finishReason)
  end)

  it("keep what frames an answer to themselves", function()
    local response = ask("framing")
    assert.same({ "4", "7", "four" }, { response.headers["content-length"], response.headers["x-own"], response.body })
  end)

  for name, message in pairs {
    badHeaders = "a reply's headers are a table of names and texts", splitHeader = "a reply's header is not one line",
    badPause = "a pause is a number of seconds, 0 or more",
  } do
    it("are refused where they are wrong: " .. name, function()
      local response = ask(name, SSE)
      assert.equal(500, response.status)
      assert.truthy(response.body:find(message, 1, true), response.body)
    end)
  end

  it("may be no chunks at all", function()
    assert.same({}, ask("empty", SSE).chunks)
    assert.equal("[]", ask("empty", STREAM).body)
  end)

  it("may be an error, as an HTTP answer or in mid-stream", function()
    local response = ask("error")
    assert.equal(429, response.status)
    local problem = json(response).error
    assert.equal("RESOURCE_EXHAUSTED", problem.status)
    assert.equal("2s", problem.details[1].retryDelay)
    response = ask("midError", SSE)
    assert.equal(200, response.status)
    assert.same({ code = 503, message = "gone", status = "UNAVAILABLE" }, events(response)[2].error)
    assert.equal(503, json(ask("midError", STREAM))[2].error.code)
    assert.equal(503, ask("midError").status)
  end)

  it("may be a raw answer, and nil for the emulator's own", function()
    local response = ask("raw", SSE)
    assert.equal(502, response.status)
    assert.equal("text/html", response.headers["content-type"])
    assert.equal("<h1>", response.body)
    assert.truthy(textOf(json(ask("default"))):find("no model", 1, true))
  end)

  it("that fail or make no sense are answered with 500 and the reason", function()
    local problem = json(ask("raise")).error
    assert.equal("INTERNAL", problem.status)
    assert.equal("a bug in the script", problem.message)
    assert.truthy(json(ask("wrong")).error.message:find("not a number", 1, true))
  end)

  it("see the request: checked, with lowerCamelCase names, free-form values untouched", function()
    local body = [[{"contents":[{"role":"model","parts":[{"text":"before"}]},{"role":"user","parts":[
      {"text":"requ"},{"text":"est"},{"function_response":{"name":"f","response":{"snake_key":null}}}]}],
      "generation_config":{"top_p":null,"max_output_tokens":"4000","response_modalities":["text"]},
      "safetySettings":[]}]]
    local response = emu.call(scripted.url, "POST", GENERATE, body, { ["X-Custom"] = "yes" })
    local request = cjson.decode(textOf(json(response)))
    assert.equal("models/gemini-2.5-flash", request.model)
    assert.equal("generateContent", request.method)
    assert.equal("request", request.text)
    assert.equal("yes", request.headers["x-custom"])
    assert.same({ maxOutputTokens = 4000, responseModalities = { "TEXT" } }, request.body.generationConfig)
    assert.same({ snake_key = cjson.null }, request.body.contents[2].parts[3].functionResponse.response)
    assert.is_nil(request.body.safetySettings)
    assert.equal("streamGenerateContent", cjson.decode(joined(events(ask("request", SSE)))).method)
  end)
end)
