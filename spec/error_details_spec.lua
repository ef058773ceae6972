local cjson = require "cjson"
local errors = require "gemini.errors"
local gemini = require "gemini"
local nginx = require "spec.support.nginx"
local talk = require "spec.support.talk"

local TYPE = "type.googleapis.com/google.rpc."

local function typed(name, fields)
  fields["@type"] = TYPE .. name
  return fields
end

local function refused(status, body, more, options)
  local bytes = talk.http(status, type(body) == "table" and cjson.encode(body) or body, more)
  local client = talk.scripted({ { { "recv" }, { "send", bytes }, { "close" } } }, options)
  local reply, err = client.models:get { name = "x" }
  assert.is_nil(reply)
  return err
end

local function withDetails(...)
  return { error = { code = 429, message = "no", status = "RESOURCE_EXHAUSTED", details = { ... } } }
end

describe("an error's details", function()
  after_each(talk.stop)

  it("give the reason of ErrorInfo, and of no other type", function()
    local err = refused("429 X", withDetails(
      typed("Help", { reason = "HELP" }), typed("ErrorInfo", {}), typed("ErrorInfo", { reason = "A" })
    ))
    assert.equal("A", err.reason)
    assert.is_nil(refused("429 X", withDetails(typed("Help", { reason = "HELP" }))).reason)
  end)

  it("are understood where a gateway dropped their types", function()
    local err = refused("429 X", withDetails({ links = {} }, { reason = 5 }, { reason = "A", violations = { { a = 1 } } }, {
      retryDelay = "3s",
      fieldViolations = { { field = "b" } },
    }))
    assert.equal("A", err.reason)
    assert.equal(3, err.retryAfter)
    assert.same({ { a = 1 }, { field = "b" } }, err.violations)
  end)

  it("give the violations of fields and of quotas, as the server sent them", function()
    local quota = { quotaMetric = "m", quotaId = "PerDay", quotaDimensions = { model = "x" }, quotaValue = "20" }
    local err = refused("429 X", withDetails(
      typed("PreconditionFailure", { violations = { { type = "TOS" } } }),
      typed("BadRequest", { fieldViolations = { { field = "a", description = "b" }, { field = "c" } } }),
      typed("QuotaFailure", { violations = { quota } })
    ))
    assert.same({ { field = "a", description = "b" }, { field = "c" }, quota }, err.violations)
    assert.equal(err.details[3].violations[1], err.violations[3])
  end)

  it("may be anything", function()
    for _, list in ipairs { "null", "7", '"x"', "{}", "[null,5,[],{}]", '{"reason":"A"}',
      '[{"@type":5,"violations":7,"fieldViolations":"x","retryDelay":{},"reason":[]}]' } do
      for _, json in ipairs { false, cjson } do
        local body = '{"error":{"message":"no","details":' .. list .. "}}"
        local err = refused("400 Bad", body, nil, { json = json or nil })
        assert.same({ "api", "no" }, { err.kind, err.message })
        assert.same({}, { err.reason, err.violations, err.retryAfter })
      end
    end
  end)

  it("are found in the error of a stream that has begun", function()
    local object = withDetails(typed("ErrorInfo", { reason = "A" }), typed("RetryInfo", { retryDelay = "3s" }))
    local client = talk.answering(talk.sse(talk.chunk "a" .. "data: " .. cjson.encode(object) .. "\n\n"))
    local _, err = client.models:streamGenerateContent({ model = "m", contents = "x" }):collect()
    assert.same({ "a", "A", 3 }, { err.partial.text, err.reason, err.retryAfter })
  end)

  it("do not show the key, in names as in values", function()
    local err = refused("400 Bad", { error = { message = "no", status = "k-secret-1", details = {
      typed("ErrorInfo", { reason = "KEY_k-secret-1", metadata = { ["k-secret-1"] = "x", consumer = "key:k-secret-1" } }),
      typed("BadRequest", { fieldViolations = { { field = "k-secret-1", description = "n" } } }),
    } } })
    assert.equal("KEY_(redacted)", err.reason)
    assert.equal("(redacted)", err.status)
    assert.same({ ["(redacted)"] = "x", consumer = "key:(redacted)" }, err.details[1].metadata)
    assert.same({ { field = "(redacted)", description = "n" } }, err.violations)
    assert.falsy(tostring(err):find("k-secret", 1, true))
  end)
end)

describe("retryAfter", function()
  local time = os.time

  after_each(function()
    os.time = time -- luacheck: ignore 122
    talk.stop()
  end)

  for delay, seconds in pairs {
    ["53s"] = 53, ["34.4s"] = 34.4, ["0s"] = 0, ["1.000000001s"] = 1.000000001, ["31536000s"] = 31536000,
  } do
    it("is RetryInfo's " .. delay, function()
      local err = refused("429 X", withDetails(typed("Help", {}), typed("RetryInfo", { retryDelay = delay })))
      assert.equal(seconds, err.retryAfter)
    end)
  end

  it("does not depend on the locale", function()
    local before = os.setlocale(nil, "numeric")
    if not os.setlocale("de_DE.UTF-8", "numeric") then return pending("no locale with a decimal comma") end
    local err = refused("429 X", withDetails(typed("RetryInfo", { retryDelay = "34.4s" })))
    os.setlocale(before, "numeric")
    assert.equal(34.4, err.retryAfter)
  end)

  it("is not what makes no sense", function()
    for _, delay in ipairs { "-3s", "soon", "", "s", "53", "1e3s", "0x10s", ".s", "nans", "1.2.3s", ("9"):rep(400) .. "s" } do
      local err = refused("429 X", withDetails(typed("RetryInfo", { retryDelay = delay })))
      assert.is_nil(err.retryAfter, delay)
    end
    for _, header in ipairs { "-3", "soon", "", "1e3", "99999999999", "7, 9", "Sun, 06 Nov 1994", "inf",
      "Sun, 99 Nov 1994 08:49:37 GMT", "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
      "Fri, 01 Jan 9999 00:00:00 GMT" } do
      local err = refused("429 X", withDetails(typed("RetryInfo", { retryDelay = "3s" })), "Retry-After: " .. header .. "\r\n")
      assert.equal(3, err.retryAfter, header)
    end
  end)

  it("is the header's before the details'", function()
    local err = refused("429 X", withDetails(typed("RetryInfo", { retryDelay = "3s" })), "retry-AFTER: 120\r\n")
    assert.equal(120, err.retryAfter)
    assert.equal(7, refused("503 X", "busy", "Retry-After: 7\r\n").retryAfter)
    assert.is_nil(refused("503 X", "busy").retryAfter)
  end)

  -- The dates' seconds since 1970 are those of date(1).
  for date, epoch in pairs {
    ["Sun, 06 Nov 1994 08:49:37 GMT"] = 784111777,
    ["Sunday, 06-Nov-94 08:49:37 GMT"] = 784111777,
    ["Sun Nov  6 08:49:37 1994"] = 784111777,
    ["Sun Nov 16 08:49:37 1994"] = 784975777,
    ["Thu, 29 Feb 2024 12:00:00 GMT"] = 1709208000,
    ["Friday, 01-Mar-24 00:00:00 GMT"] = 1709251200,
    ["Sun, 31 Dec 2000 23:59:59 GMT"] = 978307199,
    ["Mon, 01 Mar 2100 00:00:00 GMT"] = 4107542400,
    ["Thu, 01 Jan 1970 00:01:00 GMT"] = 60,
  } do
    it("is the time until " .. date, function()
      local now = epoch - 60
      os.time = function() return now end -- luacheck: ignore 122
      assert.equal(60, refused("503 X", "busy", "Retry-After: " .. date .. "\r\n").retryAfter)
      now = epoch + 60
      assert.equal(0, refused("503 X", "busy", "Retry-After: " .. date .. "\r\n").retryAfter)
    end)
  end
end)

describe("a page in an error's place", function()
  after_each(talk.stop)

  for name, case in pairs {
    ["with a title"] = {
      "<!DOCTYPE html>\n<html lang=en>\n<head><script>var a = '<title>No</title>'</script><TITLE lang=en>\n"
        .. "Error 404 (Not\nFound)!!1</TITLE></head><body>More</body></html>",
      "Error 404 (Not Found)!!1",
    },
    ["without one"] = {
      "<html><head><title> </title><style>p > b {}</style></head><!-- <p>no --><body><h1>Bad</h1><p class=\"a\">gateway</p>"
        .. "<SCRIPT type=x>alert(1 < 2)</SCRIPT></body></html>",
      "Bad gateway",
    },
    ["with entities"] = {
      "<h1>a &amp;&lt;b&gt; &quot;c&#39;s&#x27;&apos; &amp;lt; &unknown; R&D &nbsp;.</h1>",
      "a &<b> \"c's'' &lt; &unknown; R&D .",
    },
    ["that is XML"] = { "<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Wait.</Message></Error>", "SlowDown Wait." },
    ["that is cut off in a tag"] = { "<html><h1>Bad</h1><p class='x", "Bad" },
    ["that is cut off in a script"] = { "<html><h1>Bad</h1><script>if (1 <", "Bad" },
    ["that is cut off in a comment"] = { "<html><h1>Bad</h1><!-- not", "Bad" },
    ["that is cut off in its title"] = { "<html></html><title>Bad", "Bad" },
    ["behind a byte order mark"] = { "\239\187\191<h1>Bad</h1>", "Bad" },
    ["without text"] = { "<html><script>x</script></html>", "the answer is a page without text" },
    ["that begins with text"] = { "Sorry<br>2 < 3", "Sorry 2 < 3", "Content-Type: text/html; charset=utf-8\r\n" },
  } do
    it(name .. " is told in its words", function()
      local err = refused("502 Bad Gateway", case[1], case[3])
      assert.same({ "api", 502, case[2] }, { err.kind, err.code, err.message })
      assert.equal("models.get: HTTP 502: " .. case[2] .. " (try again later)", tostring(err))
    end)
  end

  it("does not show the key, spelled as it may be", function()
    for at = 180, 205 do
      local page = "<p>" .. ("x"):rep(at) .. "k&amp;secret&#39;1 k&secret'1</p>"
      local err = refused("502 Bad Gateway", page, nil, { apiKey = "k&secret'1" })
      assert.falsy(err.message:find("k&", 1, true), err.message)
    end
  end)

  it("is read in one pass, however hostile", function()
    for _, piece in ipairs { "<a", "<!--", "<script", "<title>", "<script></", "&", "<" } do
      local err = refused("502 Bad Gateway", "<html>" .. piece:rep(500000) .. "</b")
      assert.is_true(#err.message < 220)
    end
  end)
end)

describe("tostring of an error", function()
  after_each(talk.stop)

  local function said(status, object, more)
    return tostring(refused(status, { error = object }, more))
  end

  for name, case in pairs {
    ["a key that is refused"] = { "400 X", { code = 400, message = "Bad key.", status = "INVALID_ARGUMENT",
      details = { typed("ErrorInfo", { reason = "API_KEY_INVALID" }) } },
      "400 INVALID_ARGUMENT: Bad key. (check apiKey, or GEMINI_API_KEY in the environment)" },
    ["a key that is restricted"] = { "403 X", { message = "Blocked.",
      details = { typed("ErrorInfo", { reason = "API_KEY_IP_ADDRESS_BLOCKED" }) } },
      "HTTP 403: Blocked. (check the key's restrictions, or use another)" },
    ["a key that got lost"] = { "403 X", { message = "Method doesn't allow unregistered callers.", status = "PERMISSION_DENIED" },
      "403 PERMISSION_DENIED: Method doesn't allow unregistered callers. "
        .. "(no key arrived: check apiKey, and what stands between here and the server)" },
    ["a quota with a time"] = { "429 X", { message = "Slow down.", details = { typed("RetryInfo", { retryDelay = "34.4s" }) } },
      "HTTP 429: Slow down. (try again in 35 s)" },
    ["a quota without one"] = { "429 X", { message = "Slow down." },
      "HTTP 429: Slow down. (the quota is used up: wait, send less, or have it raised)" },
    ["a model that is not there"] = { "404 X", { message = "models/x is not found.", status = "NOT_FOUND" },
      "404 NOT_FOUND: models/x is not found. (client.models:list() names the models)" },
    ["a server that is busy"] = { "503 X", { message = "Overloaded.", status = "UNAVAILABLE" },
      "503 UNAVAILABLE: Overloaded. (try again later)" },
    ["a busy server that says so"] = { "500 X", { message = "Please try again." }, "HTTP 500: Please try again." },
    ["what nobody knows a way out of"] = { "400 X", { message = "No.", status = "INVALID_ARGUMENT" }, "400 INVALID_ARGUMENT: No." },
  } do
    it("says what to do about " .. name, function()
      assert.equal("models.get: " .. case[3], said(case[1], case[2]))
    end)
  end

  it("tells a missing path from a missing thing", function()
    local err = tostring(refused("404 Not Found", "<title>Error 404</title>"))
    assert.equal("models.get: HTTP 404: Error 404 (check baseUrl and version)", err)
  end)

  it("says when to try again where the header does", function()
    assert.equal("models.get: HTTP 503: x (try again in 7 s)", said("503 X", { message = "x" }, "Retry-After: 7\r\n"))
    assert.equal("models.get: HTTP 503: x (try again now)", said("503 X", { message = "x" }, "Retry-After: 0\r\n"))
  end)

  it("names the first fields that the message does not name", function()
    local fields = {}
    for i, name in ipairs { "model", "a", "a", "", "b", "c\nd", "f" } do fields[i] = { field = name, description = "" } end
    fields[#fields + 1] = { field = 5 }
    local object = { message = "The model is wrong.", details = { typed("BadRequest", { fieldViolations = fields }) } }
    assert.equal("models.get: HTTP 400: The model is wrong. (concerns a, b, c d, …)", said("400 X", object))
    object.details = { typed("QuotaFailure", { violations = { { quotaMetric = "m", quotaId = "PerDay" } } }) }
    assert.equal("models.get: HTTP 429: The model is wrong. "
      .. "(concerns PerDay; the quota is used up: wait, send less, or have it raised)", said("429 X", object))
  end)

  it("is one bounded line that ends in what to do, whatever the server sends", function()
    local long = ("x\n\27[2J\194\155\226\128\168"):rep(20000)
    local line = said("429 X", { message = long, status = long, details = {
      typed("QuotaFailure", { violations = { { quotaId = long:rep(2) }, { quotaId = long:rep(3) } } }),
      typed("RetryInfo", { retryDelay = "9s" }),
    } })
    assert.falsy(line:find("%c"))
    assert.falsy(line:find("\194\155", 1, true) or line:find("\226\128\168", 1, true))
    assert.is_true(#line < 1400)
    assert.truthy(line:find("; try again in 9 s)", 1, true))
  end)

  it("says what to do about the network", function()
    local client, server = talk.scripted { {} }
    server:stop()
    local _, err = client.models:get { name = "x" }
    assert.truthy(tostring(err):find(" (check the network, baseUrl and proxy)", 1, true))
  end)

  it("says which time was too short", function()
    local client = talk.scripted { { { "recv" }, { "hold" } } }
    local _, err = client.models:get({ name = "x" }, { idleTimeout = 0.1 })
    assert.equal("models.get: timeout: no byte for 100 ms (give a longer idleTimeout)", tostring(err))
  end)

  describe("about TLS", function()
    local front

    setup(function() front = nginx.start "http://127.0.0.1:1" end)
    teardown(function() front.stop() end)

    local function unsafe(options)
      options.apiKey, options.baseUrl = "k", options.baseUrl or front.url
      local _, err = gemini.new(options).models:get { name = "x" }
      assert.equal("tls", err.kind)
      return tostring(err)
    end

    it("says what caFile is for where a certificate is not trusted", function()
      local trusted = " (where a server or a proxy has certificates of its own, give them as caFile)"
      assert.truthy(unsafe({}):find(trusted, 1, true))
    end)

    it("says so where caFile is wrong", function()
      assert.truthy(unsafe({ caFile = "/nowhere.pem" }):find(" (check caFile)", 1, true))
    end)

    it("does not where certificates are not the trouble", function()
      local _, server = talk.scripted { { { "send", talk.ok "" }, { "close" } } }
      local plainly = unsafe { baseUrl = server.url:gsub("^http:", "https:") }
      assert.truthy(plainly:find(" (check the network, baseUrl and proxy)", 1, true), plainly)
    end)
  end)
end)

describe("a google.rpc.Status in a message", function()
  local label = {
    method = "operations.get", url = "http://h/v1beta/operations/x", attempts = 2,
    secret = function() return "k-secret-1" end,
  }

  for code, expected in pairs {
    [0] = "200 OK", "499 CANCELLED", "500 UNKNOWN", "400 INVALID_ARGUMENT", "504 DEADLINE_EXCEEDED", "404 NOT_FOUND",
    "409 ALREADY_EXISTS", "403 PERMISSION_DENIED", "429 RESOURCE_EXHAUSTED", "400 FAILED_PRECONDITION", "409 ABORTED",
    "400 OUT_OF_RANGE", "501 UNIMPLEMENTED", "500 INTERNAL", "503 UNAVAILABLE", "500 DATA_LOSS", "401 UNAUTHENTICATED",
  } do
    it("with code " .. code .. " is " .. expected, function()
      for _, each in ipairs { code, code + 0.0 } do
        local err = errors.status({ code = each, message = "no" }, label)
        assert.equal("operations.get: " .. expected .. ": no", tostring(err):sub(1, #expected + 20))
      end
    end)
  end

  it("is an error like any other", function()
    local object = { code = 8, message = "k-secret-1 is out", details = {
      typed("ErrorInfo", { reason = "A" }), typed("RetryInfo", { retryDelay = "3s" }),
    } }
    local err = errors.status(object, label)
    assert.same({ "api", 429, "RESOURCE_EXHAUSTED", "A", 3, "(redacted) is out", "operations.get", label.url, 2 }, {
      err.kind, err.code, err.status, err.reason, err.retryAfter, err.message, err.method, err.url, err.attempts,
    })
    assert.equal(object.details, err.details)
    assert.equal(8, object.code)
  end)

  it("may have a code that is HTTP's, one to come, or none", function()
    local err = errors.status({ code = 404, message = "no", status = "NOT_FOUND" }, label)
    assert.same({ 404, "NOT_FOUND" }, { err.code, err.status })
    assert.equal("operations.get: api: no", tostring(errors.status({ code = 17, message = "no" }, label)))
    assert.equal("operations.get: api: the server gave no message", tostring(errors.status({}, label)))
  end)
end)
