---Uploads of all sizes that matter, by every protocol and from every source, whole on the emulator.

local codec = require "gemini.codec"
local emu = require "spec.support.emulator"
local gemini = require "gemini"
local live = require "spec.support.live"
local read = require "spec.support.read"
local temporary = require "spec.support.temporary"

local GRANULARITY = 262144 -- the emulator's
local CHUNK = 2 * GRANULARITY

-- No part of it is like another.
local function bytes(size)
  local words, length = {}, 0
  while length < size do
    words[#words + 1] = ("%d,"):format(length * 7919)
    length = length + #words[#words]
  end
  return table.concat(words):sub(1, size)
end

-- Pieces that fit nothing.
local function reader(data)
  local at = 1
  return function()
    local piece = data:sub(at, at + 99990)
    at = at + #piece
    return piece ~= "" and piece or nil
  end
end

local SOURCES = {
  path = function(data) return { path = temporary.file(data) } end,
  data = function(data) return { data = data } end,
  read = function(data) return { read = reader(data), size = #data } end,
  ["read, of unknown size"] = function(data) return { read = reader(data) } end,
}

describe("an upload", function()
  local server, client

  setup(function()
    server = emu.start { work = 0 }
    client = gemini.new { apiKey = "k", baseUrl = server.url }
  end)
  teardown(function() server.stop() end)
  after_each(function()
    temporary.clean()
    live.none()
  end)

  local function arrives(size, source, protocol, chunkSize)
    local data = bytes(size)
    local args, last = SOURCES[source](data), nil
    args.mimeType, args.protocol, args.chunkSize = "application/x-test", protocol, chunkSize
    args.onProgress = function(sent, total) last = { sent, total } end
    local file = assert(client.media:upload(args))
    assert.equal(tostring(size), file.sizeBytes)
    assert.equal(gemini.base64.encode(codec.sha256():add(data):hex()), file.sha256Hash)
    assert.same({ size, size }, last)
    assert(client.files:delete { name = file.name })
  end

  for source in pairs(SOURCES) do
    for _, protocol in ipairs { "multipart", "raw", "resumable" } do
      it(("of %s by protocol %s arrives whole"):format(source, protocol), function()
        for _, size in ipairs { 0, 1, GRANULARITY - 1, GRANULARITY, CHUNK, CHUNK + 1 } do
          arrives(size, source, protocol, CHUNK)
        end
      end)
    end
  end

  it("in the chunks that nobody chose arrives whole", function()
    local chunk = 8 * 1024 * 1024
    for _, size in ipairs { chunk, chunk + 1 } do arrives(size, "path", nil, nil) end
    arrives(chunk + 1, "read, of unknown size", nil, nil)
  end)

  it("comes back from where it went", function()
    local environment = assert(client.environments:create {}).id
    for _, size in ipairs { 0, 1, GRANULARITY, CHUNK + 1 } do
      local data, target = bytes(size), temporary.file()
      assert(client.environments.files:upload {
        environment = environment, path = "a/b", overwrite = true, data = data, mimeType = "application/x-test",
      })
      local place = { environment = environment, path = "a/b" }
      assert.is_true(data == client.environments.files:download(place))
      place.localPath = target
      assert.equal(target, client.environments.files:download(place))
      assert.is_true(data == read(target))
    end
  end)
end)
