---What SECURITY.md promises of the key, of what callers pass in, and of servers that send us elsewhere.

local cjson = require "cjson"
local gemini = require "gemini"
local loopback = require "loopback"
local read = require "spec.support.read"
local run = require "spec.support.run"
local talk = require "spec.support.talk"
local temporary = require "spec.support.temporary"

local KEY = "AIza-k-secret-1234567890"
local OK = talk.ok '{"name":"models/a"}'

after_each(function()
  talk.stop()
  temporary.clean()
end)

-- All texts that a user can get at: fields and their names, metatables, and how things show themselves.
local function dumped(...)
  local seen, out = {}, {}
  local function walk(value)
    if type(value) == "string" then out[#out + 1] = value end
    if seen[value] or type(value) == "string" or value == nil then return end
    seen[value] = true
    out[#out + 1] = tostring(value)
    walk(getmetatable(value))
    if type(value) ~= "table" then return end
    for name, inner in next, value do
      walk(name)
      walk(inner)
    end
    for name, inner in pairs(value) do
      walk(name)
      walk(inner)
    end
  end
  for i = 1, select("#", ...) do walk((select(i, ...))) end
  return table.concat(out, "\n")
end

local function hides(...)
  local text = dumped(...)
  assert.falsy(text:find(KEY, 1, true), "the key is shown")
  assert.falsy(text:find("p-secret-of-proxies", 1, true), "the proxy's password is shown")
end

local function modules()
  local out = {}
  for name, module in pairs(package.loaded) do
    if name:find("^gemini") then out[name] = module end
  end
  return out
end

describe("the key", function()
  local function with(scripts, options)
    options = options or {}
    options.apiKey = KEY
    return talk.scripted(scripts, options)
  end

  local function answering(...)
    local scripts = {}
    for i, answer in ipairs { ... } do scripts[i] = talk.last(answer) end
    return scripts
  end

  local object = cjson.encode { error = {
    code = 400, status = "INVALID " .. KEY, message = "bad key " .. KEY,
    details = { { ["@type"] = "x/google.rpc.ErrorInfo", reason = KEY, metadata = { [KEY] = "is it", key = KEY } } },
  } }

  for name, answer in pairs {
    ["an error object"] = talk.http("400 Bad", object),
    ["an error in a list"] = talk.http("400 Bad", "[" .. object .. "]"),
    ["an error in an error's message"] = talk.http("502 Bad", cjson.encode { error = { message = object } }),
    ["a text"] = talk.http("500 Bad", "the key " .. KEY .. " is bad"),
    ["a page"] = talk.http("502 Bad", "<html><title>" .. KEY .. "</title></html>", "Content-Type: text/html\r\n"),
    ["headers"] = talk.http("401 No", "", ("WWW-Authenticate: k=%s\r\nLocation: /?key=%s\r\n"):format(KEY, KEY)),
    ["a status line"] = talk.http("400 " .. KEY, ""),
    ["what is no JSON"] = talk.ok("{" .. KEY),
    ["what is no HTTP"] = KEY .. "\r\n\r\n",
    ["a redirect"] = talk.http("302 Found", KEY, ("Location: /v1beta/models/a?key=%s\r\n"):format(KEY)),
    ["a cut answer"] = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" .. KEY,
  } do
    it("is hidden where a server repeats it in " .. name, function()
      local seen = {}
      local function see(event) seen[#seen + 1] = event end
      local client, server = with(answering(answer, answer, answer, answer), { onRequest = see, onResponse = see })
      local list = client.models:list()
      local _, first = client.models:get { name = "a" }
      local stream = client.models:streamGenerateContent { model = "m", contents = "x" }
      local _, second = stream:collect()
      local _, third = list:page()
      -- A download goes on behind faults, for as long as it may.
      local _, fourth = client.files:download({ name = "files/a" }, { timeout = 0.5 })
      for _, err in ipairs { first, second, third, fourth } do
        hides(err)
        assert.is_string(err.kind)
      end
      assert.is_true(#seen >= 4)
      hides(seen, stream, list, client, modules())
      for _, request in ipairs(server:requests()) do
        assert.falsy(request:match("^[^\r]*"):find(KEY, 1, true), "the key is in a URL")
        assert.equal(1, select(2, request:gsub("AIza%-k%-secret%-1234567890", "")))
      end
    end)
  end

  it("is hidden as URLs and JSON write it, where it is a token that has more than letters", function()
    local token = "ya29.secret/of+tokens="
    for name, shown in pairs {
      plain = token, slashed = token:gsub("/", "\\/"), json = "ya29.secret\\u002fof\\u002btokens\\u003d",
      upper = "ya29.secret\\u002Fof\\u002Btokens\\u003D", url = "ya29.secret%2Fof%2Btokens%3D", lower = "ya29.secret%2fof%2btokens%3d",
    } do
      local client = talk.scripted({
        talk.last(talk.http("400 Bad", '{"why":"' .. shown .. '"}')), talk.last(talk.ok('["' .. shown .. '"')),
        talk.last(talk.http("302 Found", "", "Location: /x?key=" .. shown .. "\r\n")),
      }, { token = token, retry = false })
      for i = 1, 3 do
        local reply, err = client.models:get { name = "a" }
        assert.is_nil(reply)
        assert.falsy(dumped(err):find("secret", 1, true), ("%s %d: %s"):format(name, i, dumped(err)))
      end
      talk.stop()
    end
  end)

  it("is sent in no URL, though a server puts it there", function()
    local client, server = with(answering(talk.http("302 Found", "", ("Location: /x?key=%s\r\n"):format(KEY))))
    local bytes, err = client.files:download { name = "files/a" }
    assert.is_nil(bytes)
    assert.same({ "protocol", "the key is a part of the URL, and is not sent there" }, { err.kind, err.message })
    assert.equal(1, #server:requests())
    client, server = with(answering(talk.http("200 OK", "", ("X-Goog-Upload-URL: /x?key=%s\r\n"):format(KEY))))
    local told
    local file
    file, err = client.files:upload {
      data = "x", mimeType = "a/b", protocol = "resumable", onProgress = function(_, _, upload) told = upload end,
    }
    assert.is_nil(file)
    assert.same({ "protocol", "the upload's session has the key in its URL" }, { err.kind, err.message })
    hides(err, told)
    assert.equal(1, #server:requests())
  end)

  for name, mode in pairs { ["its state"] = false, ["its state, and while it is recorded"] = "record" } do
    it("is in nothing that a caller holds, whatever " .. name, function()
      local session = talk.http("200 OK", "", "X-Goog-Upload-URL: /session\r\nX-Goog-Upload-Status: active\r\n")
      local client = with({
        { { "recv" }, { "send", talk.sse(talk.chunk "a") }, { "hold" } },
        talk.last(talk.sse(talk.chunk("a", "STOP"))),
        talk.last(talk.ok '{"name":"operations/x","metadata":{}}'),
        talk.last(talk.ok '{"models":[{"name":"models/a"}],"nextPageToken":"t"}'),
        talk.last(session),
        talk.last(talk.http("400 No", "")),
      }, {
        headers = { ["X-Mine"] = "1" }, limit = { concurrency = 5 }, mode = mode or nil, replay = mode and temporary.file() or nil,
      })
      local open = client.models:streamGenerateContent { model = "m", contents = "x" }
      assert.equal("a", open:next().text)
      local ended = client.models:streamGenerateContent { model = "m", contents = "x" }
      assert(ended:collect())
      local operation = assert(client.tunedModels:create { displayName = "x", tuningTask = {} })
      local pager = client.models:list()
      local page = assert(pager:page())
      local upload
      local _, err = client.files:upload {
        data = "x", mimeType = "a/b", protocol = "resumable", onProgress = function(_, _, up) upload = up end,
      }
      assert.is_string(upload.session.url)
      local task = gemini.spawn(function() return client.models:get { name = "a" } end)
      hides(client, client.models, open, ended, operation, pager, page, upload, err, err.session, task, modules())
      task:cancel()
      open:close()
      hides(open, task)
    end)
  end

  it("is in no chat, no stream of one, no run of interactions or batches, though it is in a call's headers", function()
    local client = with {
      { { "recv" }, { "send", talk.sse(talk.chunk "a") }, { "hold" } },
      { { "recv" }, { "send", talk.sse 'data: {"event_type":"interaction.created"}\n\n' }, { "hold" } },
      talk.last(talk.ok '{"name":"batches/b","metadata":{"state":"BATCH_STATE_SUCCEEDED"}}'),
    }
    local call = { headers = { Authorization = "Bearer " .. KEY } }
    local declaration = { name = "f", call = function() return 1 end }
    local chat = client:chat { model = "m", tools = { { functionDeclarations = { declaration } } } }
    local stream = chat:stream("x", call)
    assert.equal("a", stream:next().text)
    local events = client.interactions:run({ model = "m", input = "x", stream = true }, call)
    assert.is_table(events:next())
    local batches = client.batches:run({ model = "m", requests = { { contents = "x" } } }, call)
    hides(chat, stream, events, batches)
    local _, err = batches:next()
    assert.equal("the batch is done and has no results", err.message)
    stream:close()
    events:close()
    hides(chat, stream, events, batches, err, batches.operation, select(2, stream:next()))
  end)

  it("and a proxy's password are not in a stream that fails, nor is a token", function()
    local path = temporary.file()
    local client = gemini.new {
      retry = false, replay = path, mode = "record",
      token = function() return KEY end, proxy = "http://u:p-secret-of-proxies@127.0.0.1:1",
      baseUrl = "https://gemini.example", headers = { Authorization = "Bearer " .. KEY },
    }
    local stream = client.models:streamGenerateContent { model = "m", contents = "x" }
    local reply, err = stream:collect()
    assert.is_nil(reply)
    assert.equal("network", err.kind)
    hides(client, stream, err, read(path))
  end)

  it("is not repeated by an error about options", function()
    for _, options in ipairs {
      { apiKey = KEY .. "\n" }, { apikey = KEY }, { apiKey = { KEY } }, { token = KEY .. " " }, { apiKey = KEY, proxy = KEY .. ":x" },
      { apiKey = KEY, baseUrl = "https://" .. KEY .. "@h" }, { apiKey = KEY, baseUrl = "https://h/?key=" .. KEY },
      { apiKey = KEY, headers = { ["X-Goog-Api-Key"] = KEY .. "\r\n" } }, { apiKey = KEY, version = KEY .. "/" },
      { apiKey = KEY, json = KEY }, { apiKey = KEY, timeout = KEY },
    } do
      local ok, err = pcall(gemini.new, options)
      assert.is_false(ok)
      hides(err)
    end
  end)

  it("is in the arguments of no process", function()
    local output = run.lua(([[
      local emulator = require "gemini.emulator"
      local server = assert(emulator.spawn { key = %q, delay = 0 })
      local client = require("gemini").new { baseUrl = server.url }
      assert(client.models:get { name = "gemini-2.5-flash" })
      local pipe = io.popen "ls /proc"
      for pid in pipe:read("*a"):gmatch("%%d+") do
        local file = io.open("/proc/" .. pid .. "/cmdline")
        local words = file and file:read("*a") or ""
        if file then file:close() end
        io.write(pid, pid == tostring(server.pid) and " is the emulator" or "", " ", (words:gsub("%%z", " ")), "\n")
      end
      server.stop()
    ]]):format(KEY), nil, { GEMINI_API_KEY = KEY })
    local words = {}
    for line in output:gmatch("[^\n]+") do
      -- What sets this process's environment holds it, and is the spec's own.
      if not line:find("GEMINI_API_KEY=", 1, true) then words[#words + 1] = line end
    end
    assert.truthy(output:find(" is the emulator .*lua"), output)
    hides(table.concat(words, "\n"))
  end)
end)

-- What could end a line, a segment, a path or a query, or be taken for another character by somebody.
local HOSTILE = {
  "a\r\nInjected: yes", "a\nInjected: yes", "a\rInjected: yes", "a\r\n\r\nGET /injected HTTP/1.1\r\n\r\n", "a\0b", "..", "a/../../b",
  "%2e%2e", "%2e%2e/%2e%2e", "a?injected=yes", "a#b", "a\\..\\b", "a\226\128\168Injected: yes", "a\194\133Injected: yes",
  "a;b", "a b", "a\tb", "@elsewhere.example", "//elsewhere.example/", "http://elsewhere.example/", "a\127b", "\255\254",
  "a%0d%0aInjected: yes",
  ("x"):rep(100000),
}

local WAYS = {
  ["a name in the path"] = function(client, text) return client.models:get { name = text } end,
  ["a model"] = function(client, text) return client.models:countTokens { model = text, contents = "x" } end,
  ["several names"] = function(client, text) return client.corpora:get { name = "corpora/" .. text } end,
  ["a parameter of the query"] = function(client, text) return client.models:list({ pageToken = text }):page() end,
  ["a mask"] = function(client, text) return client.corpora:patch { name = "corpora/a", displayName = "x", updateMask = { text } } end,
  ["a header"] = function(client, text) return client.models:get({ name = "a" }, { headers = { ["X-Mine"] = text } }) end,
  ["a header's name"] = function(client, text) return client.models:get({ name = "a" }, { headers = { [text] = "x" } }) end,
  ["a version"] = function(client, text) return client.models:get({ name = "a" }, { version = text }) end,
  ["a file's display name"] = function(client, text)
    return client.files:upload { data = "x", mimeType = "a/b", displayName = text }
  end,
  ["a file's type"] = function(client, text) return client.files:upload { data = "x", mimeType = text } end,
  ["a session's type"] = function(client, text)
    return client.files:upload { data = "x", mimeType = "text/plain; a=" .. text, protocol = "resumable" }
  end,
  ["raw bytes' type"] = function(client, text)
    return client.files:upload { data = "x", mimeType = "text/plain; a=" .. text, protocol = "raw" }
  end,
}

describe("what a caller passes in can't change the request around it:", function()
  -- No line that is not ours, and no way out of the path.
  local function assertWhole(request, text)
    local line, head = request:match("^([^\r\n]*)\r\n(.-\r\n)\r\n")
    line = line:gsub("x+", "x")
    assert.truthy(line:find("^%u+ /[%w%-%._~%%/:?=&,]+ HTTP/1%.1$"), line)
    assert.falsy(line:find("/%.%./") or line:find("/%.%.[ ?]") or line:find("//", 1, true), line)
    assert.is_true(select(2, line:gsub("?", "")) <= 1)
    for each in head:gmatch("(.-)\r\n") do
      assert.truthy(each:find("^[!-9;-~]+:[^\r\n%z]*$"), each)
      assert.falsy(each:lower():find("^injected"), text)
    end
  end

  for name, pass in pairs(WAYS) do
    it(name, function()
      local client, server = talk.scripted { { { "recv" }, { "send", OK }, { "loop" } } }
      for _, text in ipairs(HOSTILE) do
        local ok, result, err = pcall(pass, client, text)
        -- Refused as wrong use, or carried out; an error of the world would be a broken request.
        assert.truthy(not ok and type(result) == "string" or result ~= nil or err.kind == "protocol", text:sub(1, 40))
      end
      for i, request in ipairs(server:requests()) do assertWhole(request, HOSTILE[i]) end
    end)
  end

  it("the name of a file that is uploaded by a session", function()
    for _, ending in ipairs { "\r\nInjected: yes", "\n", "%0d%0a", "\226\128\168", "\255", " ", "?#" } do
      local client = talk.answering(talk.http("200 OK", "", "X-Goog-Upload-URL: /s\r\nX-Goog-Upload-Status: active\r\n"),
        talk.http("200 OK", '{"file":{"name":"files/a"}}', "X-Goog-Upload-Status: final\r\n"))
      assert(client.files:upload { path = temporary.file("x", ending), mimeType = "a/b", protocol = "resumable" })
      assertWhole(talk.media(1).raw, ending)
      assert.truthy(talk.media(1).headers["x-goog-upload-file-name"]:find("^[\32-\126]+$"))
    end
  end)

  it("a base URL, a key and a token", function()
    for _, text in ipairs(HOSTILE) do
      local ok = pcall(gemini.new, { apiKey = "k", baseUrl = text })
      assert.is_false(ok and not text:find("^http://"), text)
      local harmless = not text:find("[%c ]")
      assert.equal(harmless, (pcall(gemini.new, { apiKey = text })))
      assert.equal(harmless, (pcall(gemini.new, { token = text })))
    end
    for _, url in ipairs {
      "https://h/\r\nX: y", "https://h/ ", "https://h\\@i", "https://h\\i", "https:h", "https://h?a", "https://h#a",
    } do
      assert.is_false((pcall(gemini.new, { apiKey = "k", baseUrl = url })), url)
    end
  end)

  it("the bytes of a file, which can't know the boundary around them", function()
    local seen, media = {}, "\r\n--lua-gemini-\r\nContent-Type: a/b\r\n\r\n--lua-gemini---\r\n"
    for _ = 1, 3 do
      local client = talk.answering(talk.ok '{"file":{"name":"files/a"}}')
      assert(client.files:upload { data = media, mimeType = "a/b" })
      local sent = talk.media(1)
      local boundary = sent.headers["content-type"]:match("boundary=(.+)$")
      assert.truthy(boundary:find("^lua%-gemini%-" .. ("%x"):rep(32) .. "$"), boundary)
      assert.falsy(seen[boundary])
      seen[boundary] = true
      assert.equal(3, select(2, sent.bytes:gsub("%-%-" .. boundary:gsub("%-", "%%-"), "")))
    end
  end)
end)

describe("plain http", function()
  local function try(baseUrl, more)
    local options = { apiKey = "k", baseUrl = baseUrl }
    for name, value in pairs(more or {}) do options[name] = value end
    return pcall(gemini.new, options)
  end

  it("goes to this machine", function()
    for _, host in ipairs { "localhost", "LocalHost:80", "127.0.0.1", "127.1.2.3:8080", "127.255.255.255/a", "[::1]", "[::1]:80" } do
      assert.is_true(try("http://" .. host), host)
    end
  end)

  it("goes nowhere else, and a name that only looks like this machine is elsewhere", function()
    for _, host in ipairs {
      "generativelanguage.googleapis.com", "10.0.0.1", "127.0.0.1.example", "localhost.example", "127.0.0.256", "127.1",
      "2130706433", "0.0.0.0", "[::]", "[::2]", "[::ffff:127.0.0.1]", "0177.0.0.1", "notlocalhost", "128.0.0.1",
    } do
      local ok, err = try("http://" .. host)
      assert.is_false(ok, host)
      assert.truthy(err:find("gemini.new: baseUrl is http, which shows the key to all on the way: give an https URL, or "
        .. "allowHttp = true", 1, true), err)
      assert.is_true(try("http://" .. host, { allowHttp = true }), host)
      assert.is_true(try("https://" .. host), host)
    end
    assert.is_false(try("ftp://localhost", { allowHttp = true }))
  end)

  it("is refused of the environment's URL too", function()
    local output = run.lua('print(pcall(require("gemini").new))', nil,
      { GEMINI_API_KEY = "k", GOOGLE_GEMINI_BASE_URL = "http://gemini.example" })
    assert.truthy(output:find("GOOGLE_GEMINI_BASE_URL is http, which shows the key", 1, true), output)
  end)
end)

describe("a server that sends us elsewhere", function()
  local other, base, there

  -- Where it might want to have us: each names another place for somebody.
  local function places()
    return {
      other.url .. "/x", "//127.0.0.1:" .. there .. "/x", "http://localhost:" .. base .. "/x",
      "https://127.0.0.1:" .. base .. "/x",
      "http://user@127.0.0.1:" .. base .. "/x", "http://127.0.0.1:" .. base .. "@127.0.0.1:" .. there .. "/x",
      "http://127.0.0.1:" .. there .. "#@127.0.0.1:" .. base .. "/x",
      "http://127.0.0.1:" .. there .. "\\@127.0.0.1:" .. base .. "/x",
      "/\\127.0.0.1:" .. there .. "/x", "\\\\127.0.0.1:" .. there .. "/x", "http:127.0.0.1:" .. there .. "/x",
      "http:///127.0.0.1:" .. there .. "/x", "http://127.0.0.1:0" .. base .. "/x", "http://127.0.0.1%3a" .. there .. "/x",
      "ftp://127.0.0.1:" .. base .. "/x", "file:///etc/passwd", "x", "http://[::ffff:127.0.0.1]:" .. base .. "/x",
    }
  end

  before_each(function()
    other = loopback.start { { { "recv" }, { "send", OK }, { "loop" } } }
    there = other.port
  end)

  after_each(function()
    local connections = other:connections()
    other:stop()
    assert.equal(0, connections)
  end)

  -- The scripts have to be there before the server has a port: places are of the one that it will not have.
  local function each(header, status, call)
    base = there + 1
    for _, location in ipairs(places()) do
      local client, server = talk.answering(talk.http(status, "", ("%s: %s\r\n"):format(header, location)))
      local result, err = call(client)
      assert.is_nil(result, location)
      assert.equal("protocol", err.kind, location)
      assert.equal(1, server:connections(), location)
    end
  end

  it("by a download's redirect is not followed", function()
    each("Location", "302 X", function(client) return client.files:download { name = "files/a" } end)
  end)

  it("by a redirect of anything but a download is not followed, not even to itself", function()
    local answer = talk.http("307 X", "", "Location: /x\r\n")
    local client, server = talk.answering(answer, answer, answer)
    for _, call in ipairs {
      function() return client.models:countTokens { model = "m", contents = "x" } end,
      function() return client.models:streamGenerateContent({ model = "m", contents = "x" }):collect() end,
      function() return client.files:upload { data = "x", mimeType = "a/b" } end,
    } do
      local result, err = call()
      assert.is_nil(result)
      assert.same({ "protocol", 307 }, { err.kind, err.code })
    end
    assert.equal(3, server:connections())
  end)

  it("by an upload's session gets no byte of it", function()
    each("X-Goog-Upload-URL", "200 OK", function(client)
      return client.files:upload { data = "x", mimeType = "a/b", protocol = "resumable" }
    end)
  end)

  it("by a session that was saved, or by the URL of a file, is refused before anything is sent", function()
    local client, server = talk.scripted { {} }
    base = server.port
    for _, place in ipairs(places()) do
      local session = { url = place, method = "media.upload" }
      local ok, err = pcall(client.files.upload, client.files, { data = "x", mimeType = "a/b", session = session })
      assert.is_false(ok, place)
      assert.truthy(err:find("session.url is on another host", 1, true), err)
      -- That is a name, and no place.
      if place ~= "x" then assert.is_false((pcall(client.files.download, client.files, { name = place })), place) end
    end
    assert.equal(0, server:connections())
  end)
end)
