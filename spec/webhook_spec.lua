---Deliveries to webhooks, signed by openssl.

local emulator = require "spec.support.emulator"
local gemini = require "gemini"
local hmac = require "gemini.hmac"
local temporary = require "spec.support.temporary"

local verify = gemini.webhook.verify

local function bytes(hex)
  return (hex:gsub("%s", ""):gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

local function hex(text)
  return (text:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

-- By an implementation that is not ours.
local function openssl(key, text)
  local command = "openssl dgst -sha256 -mac HMAC -macopt hexkey:%s -r '%s'"
  local pipe = io.popen(command:format(hex(key), temporary.file(text)))
  local digest = pipe:read("*a"):match "^%x+"
  pipe:close()
  return bytes(digest)
end

local SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
local OTHER = "whsec_" .. gemini.base64.encode(("k"):rep(24))
local NOW = 1614265330
local BODY = '{"type":"batch.succeeded","data":{"id":"batches/1","n":9007199254740993}}'

local function signature(secret, id, timestamp, body)
  local key = gemini.base64.decode((secret:gsub("^whsec_", "")))
  return "v1," .. gemini.base64.encode(openssl(key, ("%s.%s.%s"):format(id, timestamp, body)))
end

local function signed(secret, body, timestamp)
  timestamp = timestamp or ("%d"):format(NOW)
  return {
    ["webhook-id"] = "msg_1", ["webhook-timestamp"] = timestamp,
    ["webhook-signature"] = signature(secret, "msg_1", timestamp, body or BODY),
  }
end

local AT = { now = NOW }

local function refused(problem, headers, body, secret, options)
  local event, err = verify(headers, body or BODY, secret or SECRET, options or AT)
  assert.is_nil(event)
  assert.equal("protocol", err.kind)
  assert.truthy(err.message:find(problem, 1, true), err.message)
  assert.equal("gemini.webhook.verify: protocol: " .. err.message, tostring(err))
  assert.falsy(err.message:find((secret or SECRET):sub(7), 1, true))
end

local function raises(message, ...)
  local arguments, n = { ... }, select("#", ...)
  local ok, err = pcall(function()
    local event = verify((rawget(table, "unpack") or rawget(_G, "unpack"))(arguments, 1, n))
    return event
  end)
  assert.is_false(ok)
  assert.truthy(err:find("webhook_spec.lua:%d+: gemini.webhook.verify: "), err)
  assert.truthy(err:find(": " .. message, 1, true), err)
end

describe("HMAC-SHA256", function()
  after_each(temporary.clean)

  -- RFC 4231, 4.2 to 4.8: key, data, digest (of the fifth the first 16 bytes).
  local VECTORS = {
    { ("\11"):rep(20), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
    { "Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
    { ("\170"):rep(20), ("\221"):rep(50), "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
    { bytes "0102030405060708090a0b0c0d0e0f10111213141516171819", ("\205"):rep(50),
      "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b" },
    { ("\12"):rep(20), "Test With Truncation", "a3b6167473100ee06e0c796c2955552b" },
    { ("\170"):rep(131), "Test Using Larger Than Block-Size Key - Hash Key First",
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
    { ("\170"):rep(131), "This is a test using a larger than block-size key and a larger than block-size data. The key needs to "
      .. "be hashed before being used by the HMAC algorithm.", "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
  }
  for i, vector in ipairs(VECTORS) do
    it("is as RFC 4231 has it: case " .. i, function()
      assert.equal(vector[3], hex(hmac.sha256(vector[1], vector[2])):sub(1, #vector[3]))
    end)
  end

  it("is openssl's for keys around a block's size, and all bytes", function()
    local all = {}
    for byte = 0, 255 do all[#all + 1] = string.char(byte) end
    local text = table.concat(all)
    for _, size in ipairs { 1, 63, 64, 65, 256 } do
      local key = text:sub(1, size)
      assert.equal(hex(openssl(key, text)), hex(hmac.sha256(key, text)))
    end
  end)

  it("is compared byte by byte", function()
    assert.is_true(hmac.equal("", ""))
    assert.is_true(hmac.equal("abc\0", "abc\0"))
    for _, other in ipairs { "abc", "abc\0\0", "abc\1", "\255bc\0", "bac\0" } do assert.is_false(hmac.equal("abc\0", other)) end
  end)
end)

describe("a delivery", function()
  after_each(temporary.clean)

  it("is the API's where its signature is", function()
    local event = assert(verify(signed(SECRET), BODY, SECRET, AT))
    assert.same(gemini.json.decode(BODY), event)
    -- The example that libraries for Standard Webhooks are tested with.
    assert(verify({
      ["webhook-id"] = "msg_p5jXN8AQM9LWM0D4loKWxJek", ["webhook-timestamp"] = "1614265330",
      ["webhook-signature"] = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }, '{"test": 2432232314}', SECRET, AT))
  end)

  it("may have its headers in any case, as texts or lists", function()
    local given = signed(SECRET)
    assert(verify({
      ["Webhook-Id"] = given["webhook-id"], ["WEBHOOK-TIMESTAMP"] = { given["webhook-timestamp"] },
      ["Webhook-Signature"] = { "v1,AAAA", given["webhook-signature"] }, [1] = "other", Accept = 5,
    }, BODY, SECRET, AT))
  end)

  it("may have several signatures, of which one counts, and others of other versions", function()
    local given = signed(SECRET)
    local own = given["webhook-signature"]
    for _, text in ipairs { "v1a,AAAA " .. own, own .. " v2,x", "v1,%%% " .. own, signed(OTHER)["webhook-signature"] .. "  " .. own } do
      given["webhook-signature"] = text
      assert(verify(given, BODY, SECRET, AT))
    end
    for _, text in ipairs { own:gsub("v1", "v2"), "x" .. own, own:sub(4), "v1,", own:sub(1, -6), own .. "AAAA", "v1, " .. own:sub(4) } do
      given["webhook-signature"] = text
      refused("does not fit", given)
    end
  end)

  it("is refused where any part of it is another", function()
    refused("does not fit", signed(SECRET), BODY .. " ")
    refused("does not fit", signed(SECRET), "")
    refused("does not fit", signed(SECRET), (BODY:gsub("succeeded", "Succeeded")))
    refused("does not fit", signed(OTHER))
    for name, value in pairs { ["webhook-id"] = "msg_2", ["webhook-timestamp"] = ("%d"):format(NOW + 1) } do
      local given = signed(SECRET)
      given[name] = value
      refused("does not fit", given)
      given[name] = { value, signed(SECRET)[name] }
      assert.is_nil((verify(given, BODY, SECRET, AT)))
    end
  end)

  it("is refused where a header is missing", function()
    for _, name in ipairs { "webhook-id", "webhook-timestamp", "webhook-signature" } do
      local given = signed(SECRET)
      for _, empty in ipairs { "", {} } do
        given[name] = empty
        refused("there is no header " .. name, given)
      end
      given[name] = nil
      refused("there is no header " .. name, given)
    end
  end)

  it("is refused at another time", function()
    local function at(seconds) return signed(SECRET, BODY, ("%d"):format(seconds)) end
    for _, off in ipairs { -300, 0, 300 } do assert(verify(at(NOW + off), BODY, SECRET, AT)) end
    refused("webhook-timestamp is 301 s off", at(NOW - 301))
    refused("webhook-timestamp is 301 s off", at(NOW + 301))
    assert(verify(at(NOW - 4000), BODY, SECRET, { now = NOW, tolerance = 4000 }))
    refused("webhook-timestamp is 1 s off", at(NOW - 1), BODY, SECRET, { now = NOW, tolerance = 0 })
    for _, text in ipairs { "soon", "-5", "1e9", "16142653301614265330", "0x10", " 1" } do
      refused("webhook-timestamp is no time", signed(SECRET, BODY, text))
    end
    -- By the clock.
    assert(verify(at(os.time()), BODY, SECRET))
    assert(verify(at(os.time() - 200), BODY, SECRET, {}))
    local event, err = verify(at(os.time() - 400), BODY, SECRET)
    assert.is_nil(event)
    assert.truthy(err.message:find("s off", 1, true))
  end)

  it("of a dynamic webhook is said to be one", function()
    local given = signed(SECRET)
    given["webhook-signature"] = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln_-"
    refused("is a JWT (RS256), as dynamic webhooks have it", given)
  end)

  it("is of kind protocol where it is signed and no JSON object", function()
    for body, problem in pairs {
      ["{"] = "the body is no JSON: unexpected end of text at byte 2", [""] = "the body is no JSON: unexpected end of text",
      ["[]"] = "the body is no JSON object", ["[{}]"] = "the body is no JSON object",
      ["7"] = "the body is no JSON object", ["null"] = "the body is no JSON object", ["false"] = "the body is no JSON object",
    } do
      refused(problem, signed(SECRET, body), body)
    end
  end)

  it("is verified by any of the secrets that are valid, with their prefix or without", function()
    for _, secret in ipairs { SECRET, OTHER } do
      assert(verify(signed(secret), BODY, { OTHER, SECRET }, AT))
      assert(verify(signed(secret), BODY, secret:sub(7), AT))
    end
    local event, err = verify(signed(SECRET), BODY, { OTHER, OTHER }, AT)
    assert.is_nil(event)
    assert.truthy(err.message:find("does not fit", 1, true))
  end)

  it("takes arguments of their types alone", function()
    local given = signed(SECRET)
    raises("headers must be a table, got nil", nil, BODY, SECRET)
    raises("headers: webhook-timestamp must be a string, got number", { ["Webhook-Timestamp"] = NOW }, BODY, SECRET)
    raises("headers: webhook-signature must be a string, got boolean", { ["webhook-signature"] = { "a", true } }, BODY, SECRET)
    raises("body must be a string, got table", given, {}, SECRET)
    raises("secret must be a string or a list of strings, got nil", given, BODY, nil)
    raises("secret must be a string or a list of strings, got boolean", given, BODY, { SECRET, false })
    raises("secret is an empty list", given, BODY, {})
    raises("secret is empty", given, BODY, "")
    raises("secret is empty", given, BODY, "whsec_")
    raises("secret is not base64 at byte 4", given, BODY, "whsec_abc!secret")
    raises("unknown option 'tolerence', did you mean 'tolerance'?", given, BODY, SECRET, { tolerence = 1 })
    raises("tolerance must be a number of seconds, got -1", given, BODY, SECRET, { tolerance = -1 })
    raises("now must be a time in Unix seconds, got \"noon\"", given, BODY, SECRET, { now = "noon" })
  end)

  it("is verified with what webhooks:create and webhooks:rotateSigningSecret give", function()
    local server = emulator.start { delay = 0 }
    local client = gemini.new { apiKey = "k", baseUrl = server.url }
    local made = assert(client.webhooks:create { uri = "https://example.com/hook", subscribed_events = { "batch.succeeded" } })
    local rotated = assert(client.webhooks:rotateSigningSecret { id = made.id }).secret
    server.stop()
    for _, secret in ipairs { made.new_signing_secret, rotated } do
      assert.equal("batches/1", assert(verify(signed(secret), BODY, { made.new_signing_secret, rotated }, AT)).data.id)
    end
    assert.is_nil((verify(signed(rotated), BODY, made.new_signing_secret, AT)))
  end)
end)
