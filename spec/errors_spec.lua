local talk = require "spec.support.talk"

local function fail(bytes)
  local client = talk.answering(bytes)
  local reply, err = client.models:get { name = "x" }
  assert.is_nil(reply)
  return err
end

local function refused(status, body)
  return fail(talk.http(status, body))
end

describe("an error", function()
  after_each(talk.stop)

  it("holds what the server said", function()
    local err = refused("400 Bad Request", [[{"error":{"code":400,"message":"API key not valid.\nSee the\tmanual.",
      "status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.Help","links":[]},
      {"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID","domain":"googleapis.com"}]}}]])
    assert.same({ "api", 400, "INVALID_ARGUMENT", "API_KEY_INVALID", "models.get", 1 },
      { err.kind, err.code, err.status, err.reason, err.method, err.attempts })
    assert.equal("API key not valid.\nSee the\tmanual.", err.message)
    assert.equal("API_KEY_INVALID", err.details[2].reason)
    assert.truthy(err.url:find("^http://127.0.0.1:%d+/v1beta/models/x$"))
    assert.equal("models.get: 400 INVALID_ARGUMENT: API key not valid. See the manual."
      .. " (check apiKey, or GEMINI_API_KEY in the environment)", tostring(err))
  end)

  for name, case in pairs {
    ["in an array"] = { '[{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}]', "busy", "UNAVAILABLE" },
    ["as a string"] = { '{"error":"busy"}', "busy" },
    ["as a JSON string"] = { '"busy"', "busy" },
    ["as JSON in a string"] = { '"{\\"error\\":{\\"message\\":\\"busy\\",\\"status\\":\\"X\\"}}"', "busy", "X" },
    ["as JSON in a list of strings"] = { '["{\\"a\\":1}"]', '{"a":1}' },
    ["as null"] = { '{"error":null}', '{"error":null}' },
    ["as plain text"] = { "busy\n", "busy" },
    ["as plain text in angle brackets"] = { "<none> is busy", "<none> is busy" },
    ["as HTML"] = { "<html>\n<title>502</title>\n</html>", "502" },
    ["as HTML in a JSON string"] = { '"<h1>Bad</h1>\\n<p>gateway</p>"', "Bad gateway" },
    ["as JSON in a string in an object"] = { '{"error":"{\\"error\\":{\\"message\\":\\"busy\\"}}"}', "busy" },
    ["as JSON in another error's message"] = {
      '{"error":{"code":503,"message":"{\\"error\\":{\\"message\\":\\"busy\\",\\"status\\":\\"X\\"}}","status":"Bad"}}',
      "busy", "X",
    },
    ["as a message that is JSON and no error"] = { '{"error":{"message":"[{\\"error\\":5}]"}}', '[{"error":5}]' },
    ["as nothing"] = { "", "the answer is empty" },
    ["as blanks"] = { " \r\n", "the answer is empty" },
    ["without a message"] = { '{"error":{"code":503}}', "the server gave no message" },
    ["with an empty message"] = { '{"error":{"message":""}}', "the server gave no message" },
    ["of wrong types"] = { '{"error":{"code":{},"message":5,"status":[],"details":7}}', "the server gave no message" },
    ["with a word for a code"] = { '{"error":{"code":"busy","message":"x"}}', "x", "busy" },
  } do
    it("is understood " .. name, function()
      local err = refused("503 Service Unavailable", case[1])
      assert.equal("api", err.kind)
      assert.equal(503, err.code)
      assert.equal(case[2], err.message)
      assert.equal(case[3], err.status)
      assert.truthy(tostring(err):find("^models%.get: [^\n]+$"))
    end)
  end

  it("quotes a long answer in part, and whole characters only", function()
    local err = refused("500 Internal", ("ä"):rep(5000))
    assert.is_true(#err.message < 220)
    assert.truthy(err.message:find("^ä+…$") or err.message:gsub("ä", "") == "…")
  end)

  for name, case in pairs {
    ["is no JSON"] = { talk.ok "hello there", "hello there" },
    ["is empty"] = { talk.ok "", "the answer is empty" },
    ["is no object"] = { talk.ok "17", "the answer is no JSON object: 17" },
    ["redirects"] = { talk.http("302 Found", "", "Location: http://other/\r\n"), "redirects to no place on this host" },
  } do
    it("of protocol is an answer that " .. name, function()
      local err = fail(case[1])
      assert.equal("protocol", err.kind)
      assert.truthy(err.message:find(case[2], 1, true), err.message)
    end)
  end

  it("of the network says what failed", function()
    local client, server = talk.scripted { {} }
    server:stop()
    local reply, err = client.models:get { name = "x" }
    assert.is_nil(reply)
    assert.equal("network", err.kind)
    assert.truthy(tostring(err):find("^models.get: network: .+127.0.0.1"))
  end)

  it("of time says which time", function()
    local client = talk.scripted { { { "hold" } } }
    local _, err = client.models:get({ name = "x" }, { timeout = 0.1 })
    assert.equal("models.get: timeout: no complete answer within 100 ms (give a longer timeout)", tostring(err))
  end)

  it("is an answer without content where there should be a reply", function()
    local err = fail "HTTP/1.1 204 No Content\r\n\r\n"
    assert.equal("protocol", err.kind)
  end)

  it("is understood with status 200, for gateways do that", function()
    for _, body in ipairs {
      '{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}',
      '[{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}]',
    } do
      local err = fail(talk.ok(body))
      assert.same({ "api", 503, "UNAVAILABLE" }, { err.kind, err.code, err.status })
    end
  end)

  it("of a list where there should be an object is one of protocol", function()
    for _, body in ipairs { "[]", "[{}]", '["hi"]', '{"error":null}' } do
      local client = talk.answering(talk.ok(body))
      local reply, err = client.models:get { name = "x" }
      if body == '{"error":null}' then assert.is_table(reply) else assert.equal("protocol", err.kind) end
    end
  end)

  it("has whole numbers for codes with any codec, and one bounded line", function()
    local body = '{"error":{"code":400.0,"message":"' .. ("x"):rep(100000) .. '","status":"X"}}'
    local client = talk.scripted({ { { "recv" }, { "send", talk.http("400 Bad", body) } } }, { json = require "cjson" })
    local _, err = client.models:get { name = "x" }
    assert.truthy(tostring(err):find("^models.get: 400 X: x+"))
    assert.is_true(#tostring(err) < 1100)
    assert.equal(100000, #err.message)
  end)

  it("is told from a reply's own, which says what it is about", function()
    local stray = '{"error":{"code":403,"message":"no"},"requestId":"1"}'
    for _, call in ipairs {
      function(c) return c.files:delete { name = "f" } end, function(c) return c.files:get { name = "f" } end,
      function(c) return c.agents:get { id = "a" } end, function(c) return c.batches:get { name = "b" } end,
      function(c) return c.models:get { name = "m" } end,
    } do
      local reply, err = call((talk.answering(talk.ok(stray))))
      assert.is_nil(reply)
      assert.same({ "api", 403, "no" }, { err.kind, err.code, err.message })
    end
    local file = assert(talk.answering(talk.ok '{"name":"files/f","error":{"code":3}}').files:get { name = "f" })
    assert.same({ code = 3 }, file.error)
  end)
end)
