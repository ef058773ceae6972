---Steps, limits and event ids that no interaction can have were internal errors; a script could change what was stored.

local cjson = require "cjson"
local emu = require "spec.support.emulator"
local gemini = require "gemini"

local MODEL = "gemini-2.5-flash"

describe("the emulator's interactions", function()
  local server, client

  setup(function()
    server = emu.start { delay = 0, work = 0, script = [[
      local function text(request)
        local content = (request.body.contents or {})[1]
        return content and content.parts[1].text or request.body.input[1].text
      end
      return function(request)
        local said = text(request)
        if request.body.input then request.body.input[1].text = "changed" end
        if request.body.contents then request.body.contents[1].parts[1].text = "changed" end
        return said
      end
    ]] }
    client = gemini.new { apiKey = "k", baseUrl = server.url }
  end)
  teardown(function() server.stop() end)

  local function create(body)
    body.model = MODEL
    local response = emu.call(server.url, "POST", "/v1beta/interactions", cjson.encode(body))
    return response.status, emu.json(response)
  end

  it("take a step for what it is, whatever fields it has beside its own", function()
    for _, step in ipairs {
      { type = "thought", inlineData = 5 },
      { type = "thought", fileData = { mimeType = 5 } },
      { type = "function_result", call_id = "x", result = 1, text = 5 },
      { type = "function_result", call_id = "x", result = 1, text = { a = 1 } },
    } do
      local status, interaction = create { input = { step } }
      assert.equal(200, status)
      assert.equal("completed", interaction.status)
    end
  end)

  it("are refused with a limit that is no number of tokens", function()
    for _, limit in ipairs { 0.3, -3, 0, 3e9, "many", { 1 } } do
      local status, problem = create { input = { { type = "text", text = "x" } }, generation_config = { max_output_tokens = limit } }
      assert.equal(400, status)
      assert.truthy(problem.error.message:find("max_output_tokens", 1, true))
    end
    for _, limit in ipairs { 1, "1", cjson.null } do
      assert.equal(200, (create { input = { { type = "text", text = "x" } }, generation_config = { max_output_tokens = limit } }))
    end
  end)

  it("have no event after a number that is too large for one", function()
    local _, interaction = create { input = { { type = "text", text = "x" } } }
    for _, number in ipairs { "99999999999999999999", "9007199254740993000", "01", "0" } do
      local target = ("/v1beta/interactions/%s?stream=true&last_event_id=%s.%s"):format(interaction.id, interaction.id, number)
      assert.equal(400, emu.call(server.url, "GET", target).status)
    end
  end)

  it("are stored as they were asked, whatever a script does to its request", function()
    local _, interaction = create { input = { { type = "text", text = "as asked" } } }
    assert.equal("as asked", interaction.steps[#interaction.steps].content[1].text)
    local stored = assert(client.interactions:get { id = interaction.id, include_input = true })
    assert.equal("as asked", stored.input[1].text)

    local request = { contents = { { parts = { { text = "as asked" } } } } }
    local batch = assert(client.models:batchGenerateContent {
      model = MODEL, batch = { displayName = "x", inputConfig = { requests = { requests = { { request = request } } } } },
    })
    local updated = emu.json(emu.call(server.url, "PATCH",
      ("/v1beta/%s:updateGenerateContentBatch?updateMask=displayName"):format(batch.name), '{"displayName":"y"}'))
    assert.equal("as asked", updated.inputConfig.requests.requests[1].request.contents[1].parts[1].text)
  end)
end)
