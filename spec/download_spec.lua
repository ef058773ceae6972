---Downloads, seen on the wire and on the disk.

local holds = require "spec.support.read"
local run = require "spec.support.run"
local socket = require "socket"
local talk = require "spec.support.talk"
local temporary = require "spec.support.temporary"

local BYTES = "a\0b\r\n--lua-gemini\r\n\255"

local function clean()
  temporary.clean()
  talk.stop()
end

-- The names of the files that a download of this path has beside it.
local function beside(path)
  local pipe = io.popen(("ls -a '%s' | grep -F '%s'"):format(path:match "^(.*)/[^/]*$", path:match "[^/]+$"))
  local names = {}
  for name in pipe:lines() do names[#names + 1] = name end
  pipe:close()
  return names
end

describe("a download", function()
  after_each(clean)

  it("gives the bytes", function()
    local client = talk.answering(talk.http("200 OK", BYTES, "Content-Type: application/json\r\n"))
    assert.equal(BYTES, client.files:download { name = "f" })
    assert.same({ "GET", "/v1beta/files/f:download?alt=media" }, { talk.sent().verb, talk.sent().target })
  end)

  it("takes the URL that a reply has for a name, on this host", function()
    local client, server = talk.answering(talk.http("200 OK", "a"), talk.http("200 OK", "b"), talk.http("200 OK", "c"))
    for i, case in ipairs {
      { "/v1beta/files/x1:download?alt=media", "files", "/v1beta/files/x1:download?alt=media" },
      { "/download/v1beta/files/x1:download?alt=media", "files", "/v1beta/files/x1:download?alt=media" },
    } do
      assert(client[case[2]]:download { name = server.url .. case[1] })
      assert.equal(case[3], talk.sent(i).target)
    end
    assert(client.fileSearchStores.media:download { name = server.url .. "/v1beta/fileSearchStores/s/media/m?alt=media" })
    assert.equal("/v1beta/fileSearchStores/s/media/m?alt=media", talk.sent(3).target)
    for message, name in pairs {
      ["name is a URL of another host"] = "https://elsewhere.example/v1beta/files/x1",
      ["name must look like files/*"] = server.url .. "/v1beta/models/x1",
      ["name is not a legal resource name"] = server.url .. "/v1beta/files/../x1",
    } do
      local ok, err = pcall(client.files.download, client.files, { name = name })
      assert.is_false(ok)
      assert.truthy(err:find("files.download: " .. message, 1, true), err)
    end
  end)

  it("follows the server to where they are, with the key", function()
    local client = talk.answering(
      talk.http("302 Found", "moved", "Location: /download/v1beta/x?y=%20z\r\n"), talk.http("200 OK", BYTES)
    )
    assert.equal(BYTES, client.fileSearchStores.media:download { name = "fileSearchStores/s/media/m" })
    assert.equal("/v1beta/fileSearchStores/s/media/m?alt=media", talk.sent(1).target)
    assert.equal("/download/v1beta/x?y=%20z", talk.sent(2).target)
    assert.equal("k-secret-1", talk.sent(2).headers["x-goog-api-key"])
  end)

  for _, location in ipairs {
    "http://elsewhere.example/x", "//elsewhere.example/x", "https://127.0.0.1/x", "file:///etc/passwd",
    "http://127.0.0.1@elsewhere.example/", "/\\elsewhere.example/x", "http://127.0.0.1\\@elsewhere.example/x",
  } do
    it("does not follow it elsewhere: " .. location, function()
      local client, server = talk.answering(talk.http("302 Found", "", "Location: " .. location .. "\r\n"))
      local bytes, err = client.files:download { name = "f" }
      assert.is_nil(bytes)
      assert.same({ "protocol", "the server redirects to no place on this host" }, { err.kind, err.message })
      assert.equal(1, #server:requests())
    end)
  end

  it("ends a chase", function()
    local answer = talk.http("302 Found", "", "Location: /again\r\n")
    local client, server = talk.answering(answer, answer, answer, answer, answer, answer, answer)
    local bytes, err = client.files:download { name = "f" }
    assert.is_nil(bytes)
    assert.same({ "limit", "more than 5 redirects: maxRedirects sets how many are followed" }, { err.kind, err.message })
    assert.equal(6, #server:requests())
  end)

  it("gives the server's error", function()
    local client = talk.answering(talk.http("404 Not Found", '{"error":{"code":404,"status":"NOT_FOUND","message":"no"}}'))
    local bytes, err = client.files:download { name = "f" }
    assert.is_nil(bytes)
    assert.same({ "api", "NOT_FOUND", "files.download" }, { err.kind, err.status, err.method })
  end)
end)

describe("a download to a file", function()
  local path

  before_each(function() path = temporary.file() end)
  after_each(clean)

  it("gives its path, and has all bytes", function()
    local client = talk.answering(talk.http("200 OK", BYTES), talk.http("200 OK", ""))
    assert.equal(path, client.files:download { name = "f", path = path })
    assert.equal(BYTES, holds(path))
    assert.equal(path, client.files:download { name = "f", path = path })
    assert.equal("", holds(path))
    assert.same({ path:match "[^/]+$" }, beside(path))
  end)

  it("where the request has a path of its own is named localPath", function()
    local client = talk.answering(talk.http("200 OK", BYTES))
    assert.equal(path, client.environments.files:download { environment = "e", path = "a/b", localPath = path })
    assert.equal(BYTES, holds(path))
    assert.equal("/v1beta/environments/e/files/a/b?alt=media", talk.sent().target)
  end)

  it("is there when it is whole, and not before", function()
    local seen = {}
    local client = talk.scripted { { { "recv" }, { "send", "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf" },
      { "sleep", 0.3 }, { "send", "half" } } }
    local file = assert(io.open(path, "wb"))
    file:write "before"
    file:close()
    assert(client.files:download {
      name = "f", path = path,
      onProgress = function(received, total) seen[#seen + 1] = { received, total, holds(path), #beside(path) } end,
    })
    assert.same({ { 4, 8, "before", 2 }, { 8, 8, "before", 2 } }, seen)
    assert.equal("halfhalf", holds(path))
    assert.same({ path:match "[^/]+$" }, beside(path))
  end)

  for name, answer in pairs {
    ["an error"] = talk.http("404 Not Found", '{"error":{"code":404,"message":"no"}}'),
    ["a redirect elsewhere"] = talk.http("302 Found", "", "Location: http://elsewhere.example/\r\n"),
  } do
    it("that is " .. name .. " leaves nothing behind, and what was there untouched", function()
      local client = talk.answering(answer, answer)
      local result, err = client.files:download { name = "f", path = path }
      assert.is_nil(result)
      assert.is_true(err.kind == "api" or err.kind == "protocol")
      assert.same({}, beside(path))
      local file = assert(io.open(path, "wb"))
      file:write "before"
      file:close()
      assert.is_nil((client.files:download { name = "f", path = path }))
      assert.equal("before", holds(path))
      assert.same({ path:match "[^/]+$" }, beside(path))
    end)
  end

  it("that its caller ends leaves nothing behind, and no transfer", function()
    local client, server = talk.scripted { {
      { "recv" }, { "send", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf" }, { "hold" },
    } }
    local ok, raised = pcall(client.files.download, client.files, {
      name = "f", path = path, onProgress = function() error("enough", 0) end,
    })
    assert.same({ false, "enough" }, { ok, raised })
    assert.same({}, beside(path))
    assert.is_true(server:waitClosed(2))
  end)

  it("whose observer raises leaves nothing behind", function()
    local client = talk.scripted({ { { "recv" }, { "send", talk.http("200 OK", BYTES) } } },
      { onResponse = function() error("mine", 0) end })
    local ok, raised = pcall(client.files.download, client.files, { name = "f", path = path })
    assert.same({ false, "mine" }, { ok, raised })
    assert.same({}, beside(path))
  end)

  it("that can't be written is not asked for", function()
    local client, server = talk.answering(talk.http("200 OK", BYTES))
    for place, problem in pairs {
      ["/no/such/place"] = "/no/such/place: No such file or directory",
      ["/"] = "/: it is there, and is no regular file",
      ["/dev/null"] = "/dev/null: it is there, and is no regular file",
    } do
      local result, err = client.files:download { name = "f", path = place }
      assert.is_nil(result)
      assert.same({ "io", problem, 0 }, { err.kind, err.message, err.attempts })
    end
    assert.equal(0, #server:requests())
  end)

  it("leaves permissions and symbolic links as they are", function()
    local client = talk.answering(talk.http("200 OK", BYTES), talk.http("200 OK", "other"))
    local link = temporary.file()
    os.execute(("echo old > '%s'; chmod 600 '%s'; ln -s '%s' '%s'"):format(path, path, path, link))
    assert.equal(link, client.files:download { name = "f", path = link })
    assert.equal(BYTES, holds(path))
    assert.same({ path:match "[^/]+$" }, beside(path))
    local pipe = io.popen(("stat -c '%%a %%F' '%s' '%s'"):format(path, link))
    local told = pipe:read "*a"
    pipe:close()
    assert.truthy(told:find "^600 regular file\n%d+ symbolic link\n$", told)
  end)

  it("has a name as long as may be", function()
    local client = talk.answering(talk.http("200 OK", BYTES))
    local long = path .. ("x"):rep(255 - #path:match "[^/]+$")
    assert.equal(long, client.files:download { name = "f", path = long })
    assert.equal(BYTES, holds(long))
    os.remove(long)
  end)

  -- A limit of the process stands in for a full disk.
  it("on a disk that is full says so, and leaves nothing behind", function()
    local output, status = run.lua(([[
      local loopback = require "loopback"
      local body = ("x"):rep(100000)
      local server = loopback.start { { { "recv" },
        { "send", "HTTP/1.1 200 OK\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body } } }
      local client = require("gemini").new { apiKey = "k", baseUrl = server.url }
      local result, err = client.files:download { name = "f", path = %q }
      print(result, err.kind, err.message, io.open(%q))
      server:stop()
    ]]):format(path, path), "sh -c 'trap \"\" XFSZ; ulimit -f 40; exec \"$0\" \"$@\"'")
    assert.equal(0, status, output)
    assert.truthy(output:find(("nil\tio\t%s: File too large\tnil"):format(path), 1, true), output)
    assert.same({}, beside(path))
  end)
end)

describe("a download to a function", function()
  after_each(clean)

  it("hands over what comes and gives the number of bytes", function()
    local body = ("0123456789"):rep(100000)
    local client = talk.answering(talk.http("200 OK", body), talk.http("200 OK", ""))
    local parts, told = {}, {}
    assert.equal(#body, client.files:download {
      name = "f", sink = function(bytes) parts[#parts + 1] = bytes end,
      onProgress = function(received, total) told[#told + 1] = { received, total } end,
    })
    assert.is_true(body == table.concat(parts))
    assert.is_true(#parts > 1)
    assert.same({ #body, #body }, told[#told])
    assert.equal(0, client.files:download { name = "f", sink = function() error "there is nothing" end })
  end)

  it("that could not write says so", function()
    local client = talk.answering(talk.http("200 OK", BYTES))
    local result, err = client.files:download { name = "f", sink = function() return nil, "no space left" end }
    assert.is_nil(result)
    assert.same({ "io", "sink failed: no space left" }, { err.kind, err.message })
  end)

  it("that raises ends with it", function()
    local client, server = talk.scripted { {
      { "recv" }, { "send", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf" }, { "hold" },
    } }
    local ok, raised = pcall(client.files.download, client.files, { name = "f", sink = function() error("enough", 0) end })
    assert.same({ false, "enough" }, { ok, raised })
    assert.is_true(server:waitClosed(2))
  end)

  it("that is slow stops the sender", function()
    local client, server = talk.scripted({ {
      { "recv" }, { "send", "HTTP/1.1 200 OK\r\nContent-Length: 30000000\r\n\r\n" }, { "fill", ("x"):rep(100000), 300 },
    } }, nil, { buffer = 65536 })
    local size = 0
    assert.equal(30000000, client.files:download {
      name = "f",
      sink = function(bytes)
        if size == 0 then socket.sleep(1) end
        size = size + #bytes
      end,
    })
    assert.equal(30000000, size)
    assert.is_true(server:stats().stalled > 0.3)
  end)
end)

describe("a download is refused, and nothing is sent:", function()
  after_each(clean)

  for message, args in pairs {
    ["path must be the name of a file, got 5"] = { path = 5 },
    ["sink must be a function that takes bytes, got \"x\""] = { sink = "x" },
    ["onProgress must be a function, got boolean"] = { onProgress = true },
    ["path and sink exclude each other"] = { path = "x", sink = print },
    ["unknown argument 'target'"] = { target = "x" },
  } do
    it(message, function()
      local client, server = talk.answering(talk.http("200 OK", BYTES))
      args.name = "f"
      local ok, err = pcall(client.files.download, client.files, args)
      assert.is_false(ok)
      assert.truthy(err:find("files.download: " .. message, 1, true), err)
      assert.equal(0, #server:requests())
    end)
  end
end)

describe("a download whose connection breaks", function()
  local HEAD = "HTTP/1.1 200 OK\r\n%sContent-Length: 16\r\n\r\n"
  local WHOLE = "0123456789abcdef"

  after_each(clean)

  local function first(bytes, more)
    return { { "recv" }, { "send", HEAD:format(more or 'ETag: "v1"\r\n') .. bytes }, { "close" } }
  end

  local function part(from, more, to)
    local bytes = WHOLE:sub(from + 1, to)
    return { { "recv" }, { "send", talk.http("206 Partial Content", bytes,
      ("Content-Range: bytes %d-%d/16\r\n"):format(from, from + #bytes - 1) .. (more or 'ETag: "v1"\r\n')) }, { "close" } }
  end

  local function answer(...) return { { "recv" }, { "send", talk.http(...) }, { "close" } } end

  -- The ranges that were asked for.
  local function ranges(server)
    local out = {}
    for i = 1, #server:requests() do out[i] = talk.sent(i).headers.range or "all" end
    return out
  end

  -- Every kind of target gets the same bytes.
  local function whole(expected, ...)
    local path, parts = temporary.file(), {}
    for _, args in ipairs { {}, { path = path }, { sink = function(bytes) parts[#parts + 1] = bytes end } } do
      args.name = "f"
      local client, server = talk.scripted({ ... }, talk.REPEATING)
      local result, err = client.files:download(args)
      assert.is_nil(err)
      assert.equal(WHOLE, args.path and holds(path) or args.sink and table.concat(parts) or result)
      assert.same(expected, ranges(server))
      talk.stop()
    end
  end

  local function breaks(kind, message, ...)
    local path = temporary.file()
    for _, args in ipairs { {}, { path = path }, { sink = function() end } } do
      args.name = "f"
      local client = talk.scripted({ ... }, talk.REPEATING)
      local result, err = client.files:download(args, { timeout = 0.5 })
      assert.is_nil(result)
      assert.same({ kind, message }, { err.kind, message and err.message })
      assert.same({}, beside(path))
      talk.stop()
    end
  end

  it("goes on from its last byte", function()
    whole({ "all", "bytes=4-" }, first "0123", part(4))
    whole({ "all", "bytes=4-", "bytes=10-" }, first "0123", {
      { "recv" },
      { "send", 'HTTP/1.1 206 Partial\r\nETag: "v1"\r\nContent-Range: bytes 4-15/16\r\nContent-Length: 12\r\n\r\n456789' },
      { "close" },
    }, part(10))
  end)

  it("before its first byte begins again", function()
    whole({ "all", "all" }, { { "recv" }, { "reset" } }, answer("200 OK", WHOLE))
    whole({ "all", "all" }, answer("503 Busy", ""), answer("200 OK", WHOLE))
  end)

  it("goes the whole way again, redirect and all", function()
    local client, server = talk.scripted({
      answer("302 Found", "", "Location: /bytes\r\n"), first "0123", answer("302 Found", "", "Location: /bytes\r\n"), part(4),
    }, talk.REPEATING)
    assert.equal(WHOLE, client.files:download { name = "f" })
    assert.same({ "all", "all", "bytes=4-", "bytes=4-" }, ranges(server))
    assert.equal("/bytes", talk.sent(4).target)
  end)

  it("skips what it has where the server sends all", function()
    whole({ "all", "bytes=4-" }, first "0123", answer("200 OK", WHOLE, 'ETag: "v1"\r\n'))
    whole({ "all", "bytes=4-" }, first("0123", ""), answer("200 OK", WHOLE))
  end)

  it("is content where nothing but the end was missing", function()
    local chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n" .. WHOLE .. "\r\n"
    whole({ "all", "bytes=16-" }, { { "recv" }, { "send", chunked }, { "close" } },
      answer("416 Range Not Satisfiable", "", "Content-Range: bytes */16\r\n"))
  end)

  it("is whole where the server has sent all that it said, and goes on else", function()
    whole({ "all", "bytes=4-", "bytes=10-" }, first "0123", part(4, nil, 10), part(10))
    whole({ "all", "bytes=4-", "bytes=10-" }, first "0123", {
      { "recv" }, { "send", 'HTTP/1.1 206 Partial\r\nETag: "v1"\r\nContent-Range: bytes 4-15/16\r\nConnection: close\r\n\r\n456789' },
      { "close" },
    }, part(10))
    whole({ "all", "bytes=4-" }, part(0, nil, 4), part(4))
    breaks("api", nil, first "0123", answer("416 Range Not Satisfiable", "", "Content-Range: bytes */4\r\n"))
  end)

  it("holds like against like", function()
    local both = 'ETag: "v1"\r\nLast-Modified: yesterday\r\n'
    whole({ "all", "bytes=4-" }, first("0123", both), part(4, "Last-Modified: yesterday\r\n"))
  end)

  it("does not mix two files", function()
    local changed = "the file was changed on the server while it was downloaded"
    breaks("protocol", changed, first "0123", part(4, 'ETag: "v2"\r\n'))
    breaks("protocol", changed, first "0123", answer("200 OK", WHOLE, 'ETag: "v2"\r\n'))
    breaks("protocol", changed, first("0123", ""), answer("200 OK", WHOLE .. "!"))
    breaks("protocol", changed, first("0123", "Last-Modified: yesterday\r\n"), part(4, "Last-Modified: today\r\n"))
    breaks("protocol", "the server sends another part of the file than was asked for", first "0123", part(6))
    breaks("protocol", "the server sends another part of the file than was asked for", first "0123",
      answer("206 Partial Content", "456789abcdef"))
  end)

  it("and stays broken is no file", function()
    breaks("network", nil, first "0123", { { "recv" }, { "reset" } })
    breaks("api", nil, first "0123", answer("404 Not Found", ""))
    breaks("api", nil, first "0123", answer("416 Range Not Satisfiable", "", "Content-Range: bytes */3\r\n"))
  end)

  it("tells how far it has come, of how much", function()
    local told = {}
    local client = talk.scripted({ first "0123", part(4) }, talk.REPEATING)
    assert(client.files:download { name = "f", onProgress = function(...) told[#told + 1] = { ... } end })
    assert.same({ 4, 16 }, told[1])
    assert.same({ 16, 16 }, told[#told])
  end)

  it("is over at its timeout", function()
    local client = talk.scripted { { { "recv" }, { "send", HEAD:format "" .. "0123" }, { "hold" } } }
    local result, err = client.files:download({ name = "f" }, { timeout = 0.3 })
    assert.is_nil(result)
    assert.same({ "timeout", "no complete answer within 0.3 s" }, { err.kind, err.message })
    assert.equal(1, err.attempts)
  end)
end)
