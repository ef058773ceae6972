---Which servers are believed: those whose certificates the system's store or caFile vouches for, and no other.

local gemini = require "gemini"
local loopback = require "loopback"
local nginx = require "spec.support.nginx"
local run = require "spec.support.run"
local talk = require "spec.support.talk"
local temporary = require "spec.support.temporary"

local KEY = "k-secret-of-tls"

describe("over TLS", function()
  local backend, front

  -- A server behind TLS that would answer with a model.
  local function serve(options)
    backend = loopback.start { { { "recv" }, { "send", talk.ok '{"name":"models/a"}' }, { "loop" } } }
    front = nginx.start(backend.url, options)
  end

  after_each(function()
    if front then front.stop() end
    if backend then backend:stop() end
    front, backend = nil, nil
    temporary.clean()
    talk.stop()
  end)

  local function get(options)
    options.apiKey, options.baseUrl = KEY, options.baseUrl or front.url
    options.retry = false
    return gemini.new(options).models:get { name = "a" }
  end

  -- Refused for this reason, told in our words and then in the library's, and the server's backend saw nothing.
  local function refused(message, options)
    local reply, err = get(options)
    assert.is_nil(reply)
    assert.equal("tls", err.kind)
    local host = (options.baseUrl or front.url):match("//(.*)$")
    local expected = message:gsub("HOST", host) .. ": "
    assert.equal(expected, err.message:sub(1, #expected))
    assert.is_true(#err.message > #expected + 10, err.message)
    assert.falsy(tostring(err):find(KEY, 1, true))
    if backend then assert.equal(0, #backend:requests()) end
    return err
  end

  it("a server is believed whose certificate caFile holds, or its issuer's", function()
    serve {}
    assert.equal("models/a", assert(get { caFile = front.caFile }).name)
    front.stop()
    backend:stop()
    serve { issued = true }
    assert.equal("models/a", assert(get { caFile = front.authority }).name)
  end)

  it("one with a self-signed certificate is not", function()
    serve {}
    local err = refused("the certificate of HOST is self-signed, and not trusted", {})
    assert.truthy(tostring(err):find("give them as caFile)", 1, true))
  end)

  it("nor one whose issuer nobody knows", function()
    serve { issued = true }
    refused("the certificate of HOST has an issuer that is not trusted", {})
  end)

  it("nor one whose certificate has expired", function()
    serve { from = -10, to = -1 }
    local err = refused("the certificate of HOST has expired", { caFile = front.caFile })
    assert.truthy(tostring(err):find("(check the clock; else it is the server's to mend)", 1, true))
    front.stop()
    backend:stop()
    serve { from = -10, to = -1, issued = true }
    refused("the certificate of HOST has expired", { caFile = front.authority })
  end)

  it("nor one whose certificate is not valid yet", function()
    serve { from = 2, to = 9, issued = true }
    refused("the certificate of HOST is not valid yet", { caFile = front.authority })
  end)

  it("nor one whose certificate is another host's", function()
    serve { names = "DNS:elsewhere.example,IP:127.0.0.2" }
    refused("the certificate of HOST is for another host", { caFile = front.caFile })
  end)

  it("nor one that speaks an old TLS", function()
    serve { protocols = "TLSv1 TLSv1.1" }
    refused("HOST speaks no version of TLS that is safe, 1.2 or later", { caFile = front.caFile })
  end)

  it("nor one that speaks none", function()
    local server = loopback.start { { { "send", talk.ok "{}" }, { "hold" } } }
    refused("HOST does not speak TLS there", { baseUrl = server.url:gsub("^http:", "https:") })
    server:stop()
  end)

  it("a stream, an upload and a download are as careful", function()
    serve {}
    local client = gemini.new { apiKey = KEY, baseUrl = front.url }
    local _, streamed = client.models:streamGenerateContent({ model = "m", contents = "x" }):collect()
    local _, uploaded = client.files:upload { data = "x", mimeType = "text/plain" }
    local path = temporary.file()
    local _, downloaded = client.files:download { name = "files/a", path = path }
    assert.same({ "tls", "tls", "tls" }, { streamed.kind, uploaded.kind, downloaded.kind })
    assert.is_nil(io.open(path))
    assert.equal(0, #backend:requests())
  end)

  for name, make in pairs {
    ["is not there"] = function() return "/nonexistent.pem" end,
    ["is garbage"] = function() return temporary.file "no certificate" end,
    ["is empty"] = function() return temporary.file "" end,
    ["is a folder"] = function() return "/tmp" end,
  } do
    it("a caFile that " .. name .. " is an error, and no reason to believe anybody", function()
      serve {}
      local err = refused("the file of trusted certificates can't be read, or holds none", { caFile = make() })
      assert.truthy(tostring(err):find("(check caFile)", 1, true))
    end)
  end

  it("a caFile stands in the system's place, not beside it", function()
    serve {}
    local other = nginx.start(backend.url)
    refused("the certificate of HOST is self-signed, and not trusted", { caFile = other.caFile })
    other.stop()
  end)

  -- They are heeded by curl's command.
  it("no variable of the environment names another store", function()
    serve {}
    local code = ('print((require("gemini").new { apiKey = "k", baseUrl = %q }.models:get { name = "a" }) ~= nil)')
      :format(front.url)
    local function believes(environment) return (run.lua(code, nil, environment):match("%a+")) end
    assert.equal("false", believes { SSL_CERT_FILE = front.caFile })
    assert.equal("false", believes { CURL_CA_BUNDLE = front.caFile })
  end)

  it("no option makes anybody be believed", function()
    for _, name in ipairs {
      "insecure", "verify", "verifyPeer", "verifyHost", "sslVerify", "skipVerify", "rejectUnauthorized", "tls", "ssl",
    } do
      local ok, err = pcall(gemini.new, { apiKey = "k", [name] = false })
      assert.is_false(ok)
      assert.truthy(err:find(("gemini.new: unknown option '%s'"):format(name), 1, true), err)
      local client = gemini.new { apiKey = "k" }
      ok, err = pcall(client.models.get, client.models, { name = "a" }, { [name] = false })
      assert.is_false(ok)
      assert.truthy(err:find(("unknown option '%s'"):format(name), 1, true), err)
    end
  end)
end)
