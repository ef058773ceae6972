---Downloads, seen on the wire and on the disk.

local gemini = require "gemini"
local talk = require "spec.support.talk"
local temporary = require "spec.support.temporary"

local BYTES = "a\0b\r\n--lua-gemini\r\n\255"

describe("a download", function()
  after_each(talk.stop)

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
      assert.same({ "protocol", "the server redirects the download to no place on this host" }, { err.kind, err.message })
      assert.equal(1, #server:requests())
    end)
  end

  it("ends a chase", function()
    local answer = talk.http("302 Found", "", "Location: /again\r\n")
    local client, server = talk.answering(answer, answer, answer, answer, answer, answer, answer)
    local bytes, err = client.files:download { name = "f" }
    assert.is_nil(bytes)
    assert.same({ "protocol", "the download was redirected too often" }, { err.kind, err.message })
    assert.equal(6, #server:requests())
  end)

  it("gives the server's error", function()
    local client = talk.answering(talk.http("404 Not Found", '{"error":{"code":404,"status":"NOT_FOUND","message":"no"}}'))
    local bytes, err = client.files:download { name = "f" }
    assert.is_nil(bytes)
    assert.same({ "api", "NOT_FOUND", "files.download" }, { err.kind, err.status, err.method })
  end)
end)
