---Proxies: which one is used, what it gets to see, and what becomes of its password.

local cjson = require "cjson"
local gemini = require "gemini"
local loopback = require "loopback"
local nginx = require "spec.support.nginx"
local run = require "spec.support.run"
local talk = require "spec.support.talk"

local KEY, PASSWORD = "k-secret-behind-proxies", "p-secret-of-proxies"
-- Of "user:" and the password.
local BASIC = "Basic dXNlcjpwLXNlY3JldC1vZi1wcm94aWVz"
local OK = talk.ok '{"name":"models/a"}'

local proxy

local function serve(...)
  proxy = loopback.start { ... }
  return proxy
end

local function withUser(url) return (url:gsub("//", "//user:" .. PASSWORD .. "@")) end

local function get(options)
  options.apiKey = options.apiKey or KEY
  options.retry = false
  return gemini.new(options).models:get { name = "a" }
end

local function raises(expected, options)
  options.apiKey = KEY
  local ok, err = pcall(gemini.new, options)
  assert.is_false(ok)
  assert.truthy(err:find("gemini.new: " .. expected, 1, true), err)
  assert.falsy(err:find(PASSWORD, 1, true) or err:find(KEY, 1, true), err)
end

after_each(function()
  if proxy then proxy:stop() end
  proxy = nil
  talk.stop()
end)

describe("a proxy", function()
  it("is refused that is no URL, and not repeated, for it may hold a password", function()
    for _, url in ipairs {
      "ftp://h:1", "file:///etc/passwd", "http://", "http://h:x", "http://h:0", "http://h:65536", "http://h:1/path",
      "http://h:1?a", "http://h:1#a", "h h", "http://a\r\nb", "http://h\\x", "a:b:c", "http://[::1", "://h",
    } do
      raises('proxy must be a URL such as "http://host:8080"', { proxy = withUser(url) })
    end
    raises("proxy must be a string, got number", { proxy = 8080 })
  end)

  it("is taken in the forms that libcurl takes", function()
    for _, url in ipairs {
      "", "h", "h:8080", "http://h", "HTTPS://h:1/", "socks5h://h:1", "socks4://h", "http://u:p@[::1]:8080", "http://u:p%40@h:1",
    } do
      assert.is_table(gemini.new { apiKey = KEY, proxy = url })
    end
  end)

  it("that would see the key in clear is refused", function()
    raises("proxy would see the key, for the server's URL is http: give an https URL, or allowHttp = true",
      { proxy = "http://proxy.example:8080", baseUrl = "http://127.0.0.1:1" })
    raises("proxy would see the key", { proxy = "socks5://u:" .. PASSWORD .. "@h", baseUrl = "http://localhost:1" })
    assert.is_table(gemini.new { apiKey = KEY, proxy = "http://h:1", baseUrl = "http://127.0.0.1:1", allowHttp = true })
    assert.is_table(gemini.new { apiKey = KEY, proxy = "http://127.0.0.1:1", baseUrl = "http://127.0.0.1:1" })
  end)
end)

describe("a request for an http URL", function()
  it("goes to the proxy with its password, and shows it to nobody else", function()
    serve { { "recv" }, { "send", OK }, { "loop" } }
    local seen = {}
    local client = gemini.new {
      retry = false,
      apiKey = KEY, baseUrl = "http://gemini.example", allowHttp = true, proxy = withUser(proxy.url),
      onRequest = function(request) seen[#seen + 1] = cjson.encode(request) end,
      onResponse = function(response) seen[#seen + 1] = cjson.encode(response) end,
    }
    assert.equal("models/a", assert(client.models:get { name = "a" }).name)
    local request = proxy:requests()[1]
    assert.truthy(request:find("^GET http://gemini.example/v1beta/models/a HTTP/1.1\r\n"))
    assert.truthy(request:find("\r\nProxy-Authorization: " .. BASIC .. "\r\n", 1, true))
    assert.equal(2, #seen)
    seen = table.concat(seen) .. tostring(client)
    assert.falsy(seen:find(PASSWORD, 1, true) or seen:find(BASIC, 1, true) or seen:find(KEY, 1, true), seen)
  end)
end)

describe("a request for an https URL", function()
  local backend, front

  before_each(function()
    backend = loopback.start { { { "recv" }, { "send", OK }, { "loop" } } }
    front = nginx.start(backend.url, { names = "DNS:gemini.example,IP:127.0.0.1" })
  end)

  after_each(function()
    front.stop()
    backend:stop()
  end)

  local TUNNEL = { "send", "HTTP/1.1 200 OK\r\n\r\n" }

  it("goes through the proxy's tunnel: it gets its password and no key, the server the key and no password", function()
    serve { { "recv" }, TUNNEL, { "relay", front.port } }
    local reply = assert(get {
      baseUrl = "https://gemini.example", caFile = front.caFile, proxy = withUser(proxy.url),
      headers = { ["X-Mine"] = "for the server" },
    })
    assert.equal("models/a", reply.name)
    local asked, request = proxy:requests()[1], backend:requests()[1]
    assert.truthy(asked:find("^CONNECT gemini.example:443 HTTP/1.1\r\n"))
    assert.truthy(asked:find("\r\nProxy-Authorization: " .. BASIC .. "\r\n", 1, true))
    for _, name in ipairs { KEY, "x-goog", "X-Mine", "models/a" } do
      assert.falsy(asked:lower():find(name:lower(), 1, true), asked)
    end
    assert.truthy(request:lower():find("x-goog-api-key: " .. KEY, 1, true))
    assert.falsy(request:lower():find("proxy-auth", 1, true), request)
    assert.falsy(request:find(BASIC, 1, true), request)
  end)

  it("is no less careful about the server's certificate", function()
    serve { { "recv" }, TUNNEL, { "relay", front.port } }
    local reply, err = get { baseUrl = "https://gemini.example", proxy = proxy.url }
    assert.is_nil(reply)
    assert.equal("tls", err.kind)
    assert.truthy(err.message:find("the certificate of gemini.example is self-signed", 1, true), err.message)
    assert.equal(0, #backend:requests())
  end)

  it("is as careful about the certificate of a proxy that speaks TLS, and says whose it is", function()
    local proxied = nginx.start(backend.url)
    local url = proxied.url:gsub("//", "//user:" .. PASSWORD .. "@")
    local _, err = get { baseUrl = "https://gemini.example", proxy = url }
    assert.equal("tls", err.kind)
    local expected = "the certificate of the proxy is self-signed, and not trusted: "
    assert.equal(expected, err.message:sub(1, #expected))
    _, err = get { baseUrl = "https://gemini.example", proxy = url:gsub("127.0.0.1", "localhost"), caFile = proxied.caFile }
    assert.equal("tls", err.kind)
    expected = "the certificate of the proxy is for another host: "
    assert.equal(expected, err.message:sub(1, #expected))
    assert.equal(0, #proxied.seen())
    -- Believed by caFile, it says that it is no proxy.
    _, err = get { baseUrl = "https://gemini.example", proxy = url, caFile = proxied.caFile }
    assert.equal("network", err.kind)
    assert.truthy(err.message:find("^the proxy does not let us through"), err.message)
    proxied.stop()
  end)

  it("says what the proxy says, and shows no password", function()
    for _, status in ipairs { "407 Proxy Authentication Required", "502 Bad Gateway", "403 Forbidden" } do
      serve { { "recv" }, { "send", talk.http(status, "no " .. PASSWORD, "Proxy-Authenticate: Basic realm=x\r\n") }, { "close" } }
      local reply, err = get { baseUrl = "https://gemini.example", proxy = withUser(proxy.url) }
      assert.is_nil(reply)
      assert.equal("network", err.kind)
      local expected = "the proxy does not let us through to gemini.example, HTTP status " .. status:match("%d+")
      assert.equal(expected, err.message:sub(1, #expected))
      assert.truthy(tostring(err):find("(check proxy, its user name and its password)", 1, true))
      assert.falsy(tostring(err):find(PASSWORD, 1, true))
      proxy:stop()
    end
  end)

  it("says that there is no proxy, and shows no password", function()
    serve {}
    local url = withUser(proxy.url)
    proxy:stop()
    for _, gone in ipairs { url, withUser "http://proxy.invalid:1", withUser "socks5://127.0.0.1:1" } do
      local reply, err = get { baseUrl = "https://gemini.example", proxy = gone }
      assert.is_nil(reply)
      assert.equal("network", err.kind)
      assert.falsy((tostring(err) .. cjson.encode(err)):find(PASSWORD, 1, true), err.message)
    end
  end)

  it("is answered by the server where the proxy only says so", function()
    -- A proxy that answers in the server's place can't be believed: it has no certificate for that.
    serve { { "recv" }, { "send", "HTTP/1.1 200 OK\r\n\r\n" .. OK }, { "close" } }
    local reply, err = get { baseUrl = "https://gemini.example", proxy = proxy.url }
    assert.is_nil(reply)
    assert.truthy(err.kind == "tls" or err.kind == "network", err.kind)
  end)
end)

-- In a process of its own, whose environment libcurl reads.
local CODE = [[
  local client = require("gemini").new { apiKey = %q, baseUrl = %q, allowHttp = true, retry = false, proxy = %s }
  local reply, err = client.models:get { name = "a" }
  print(reply and reply.name or tostring(err))
]]

describe("the environment", function()
  local function get_in(environment, baseUrl, option)
    return (run.lua(CODE:format(KEY, baseUrl, option and ("%q"):format(option) or "nil"), nil, environment))
  end

  it("names the proxy, by the names that libcurl knows", function()
    local asked = { ["https://gemini.example"] = "^CONNECT gemini.example:443 ", ["http://gemini.example"] = "^GET http://gem" }
    for name, url in pairs {
      https_proxy = "https://gemini.example", HTTPS_PROXY = "https://gemini.example", http_proxy = "http://gemini.example",
      all_proxy = "https://gemini.example", ALL_PROXY = "http://gemini.example",
    } do
      serve { { "recv" }, { "send", talk.http("403 No", "") }, { "close" } }
      local output = get_in({ [name] = withUser(proxy.url) }, url)
      assert.truthy((proxy:requests()[1] or ""):find(asked[url]), name .. ": " .. output)
      assert.truthy(proxy:requests()[1]:find(BASIC, 1, true))
      assert.falsy(output:find(PASSWORD, 1, true) or output:find(KEY, 1, true), output)
      proxy:stop()
    end
  end)

  it("names none by HTTP_PROXY, which a request's header can set in a CGI program", function()
    serve { { "recv" }, { "send", OK }, { "close" } }
    get_in({ HTTP_PROXY = proxy.url }, "http://gemini.invalid")
    assert.equal(0, proxy:connections())
  end)

  it("names hosts without one", function()
    serve { { "recv" }, { "send", OK }, { "close" } }
    get_in({ http_proxy = proxy.url, no_proxy = "gemini.invalid" }, "http://gemini.invalid")
    get_in({ http_proxy = proxy.url, NO_PROXY = "invalid" }, "http://gemini.invalid")
    assert.equal(0, proxy:connections())
  end)

  it("is overruled by the option", function()
    serve { { "recv" }, { "send", OK }, { "close" } }
    get_in({ http_proxy = proxy.url }, "http://gemini.invalid", "")
    assert.equal(0, proxy:connections())
    assert.truthy(get_in({ http_proxy = "http://127.0.0.1:1" }, "http://gemini.invalid", proxy.url):find("models/a", 1, true))
  end)

  it("shows no other machine what is for this one", function()
    serve { { "recv" }, { "send", talk.ok '{"name":"wrong"}' }, { "close" } }
    local server = loopback.start { { { "recv" }, { "send", OK }, { "close" } } }
    for _, name in ipairs { "http_proxy", "all_proxy" } do
      local output = get_in({ [name] = proxy.url, no_proxy = "" }, server.url)
      assert.truthy(output:find("models/a", 1, true), output)
    end
    assert.equal(0, proxy:connections())
    server:stop()
  end)

  it("that names what is no proxy is an error that shows no password", function()
    for _, url in ipairs {
      "http://user:%s@h:99999999", "ftp://user:%s@h:1", "http://user:%s@[bad", "user:%s@h:port", "http://us er:%s@h",
      "http://user:%s@a'b:x", "http://user:a@%s@h:1x",
    } do
      local output = get_in({ https_proxy = url:format(PASSWORD) }, "https://gemini.example")
      assert.truthy(output:find("models.get: ", 1, true), output)
      assert.falsy(output:find(PASSWORD, 1, true) or output:find(KEY, 1, true), output)
    end
  end)
end)
