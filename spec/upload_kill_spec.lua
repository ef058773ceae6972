---Uploads that outlive processes: a server killed and started again, a client killed and another one that goes on.

local codec = require "gemini.codec"
local emu = require "spec.support.emulator"
local gemini = require "gemini"
local live = require "spec.support.live"
local read = require "spec.support.read"
local run = require "spec.support.run"
local temporary = require "spec.support.temporary"

local CHUNK = 1024 * 1024
local SIZE = 24 * CHUNK + 12345

describe("an upload", function()
  local server, state, path, digest

  setup(function() state = temporary.file() end)

  before_each(function()
    local line = ("01234567"):rep(16)
    path = temporary.file()
    local file, hash, size = assert(io.open(path, "wb")), codec.sha256(), 0
    while size < SIZE do
      local piece = (("%08d"):format(size) .. line:rep(500)):sub(1, math.min(SIZE - size, 64000))
      file:write(piece)
      hash:add(piece)
      size = size + #piece
    end
    file:close()
    digest = gemini.base64.encode(hash:hex())
    server = emu.start { state = state, work = 0 }
  end)

  after_each(function()
    server.stop()
    os.execute(("rm -f '%s'*"):format(state))
    temporary.clean()
    live.none()
  end)

  -- How many bytes the requests at these offsets were for, beyond those of the file.
  local function twice(offsets)
    local sum = 0
    for _, offset in ipairs(offsets) do sum = sum + math.min(CHUNK, SIZE - offset) end
    return sum - SIZE
  end

  local function observed(offsets)
    return gemini.new {
      apiKey = "k", baseUrl = server.url,
      onRequest = function(request)
        local offset = request.headers["x-goog-upload-offset"]
        if offset then offsets[#offsets + 1] = tonumber(offset) end
      end,
    }
  end

  it("survives the end of its server by kill -9, and sends no more than a chunk twice", function()
    local port, killed = tonumber(server.url:match ":(%d+)$"), 0
    local offsets = {}
    local client = observed(offsets)
    local file = assert(client.media:upload {
      path = path, mimeType = "application/x-test", chunkSize = CHUNK,
      onProgress = function(sent)
        if sent < (killed + 1) * SIZE / 3 or killed == 2 then return end
        killed = killed + 1
        os.execute("kill -9 " .. server.pid)
        server.stop()
        server = emu.start { state = state, work = 0, port = port }
      end,
    })
    assert.is_true(killed >= 1)
    assert.same({ tostring(SIZE), digest }, { file.sizeBytes, file.sha256Hash })
    local again = twice(offsets)
    assert.is_true(again >= 0 and again <= killed * CHUNK, ("%d bytes were sent again"):format(again))
    assert.same(file, assert(client.files:get { name = file.name }))
  end)

  it("goes on in another process when its own was killed, and sends no more than a chunk twice", function()
    local saved, log = temporary.file(), temporary.file()
    local _, status = run.lua(([[
      local gemini = require "gemini"
      local log = assert(io.open(%q, "w"))
      local client = gemini.new {
        apiKey = "k", baseUrl = %q,
        onRequest = function(request)
          log:write(request.headers["x-goog-upload-offset"] or "", "\n")
          log:flush()
        end,
      }
      client.media:upload {
        path = %q, mimeType = "application/x-test", chunkSize = %d,
        onProgress = function(sent, total, upload)
          local file = assert(io.open(%q, "w"))
          file:write(gemini.json.encode(upload.session))
          file:close()
          if sent >= total / 2 then os.execute "kill -9 $PPID" end
        end,
      }
    ]]):format(log, server.url, path, CHUNK, saved))
    assert.equal(137, status)
    local offsets = {}
    for offset in read(log):gmatch "%d+" do offsets[#offsets + 1] = tonumber(offset) end
    local before = #offsets
    assert.is_true(before > 2)
    local first
    local file = assert(observed(offsets).media:upload {
      path = path, mimeType = "application/x-test", chunkSize = CHUNK, session = gemini.json.decode(read(saved)),
      onProgress = function(sent) first = first or sent end,
    })
    assert.is_true(first > SIZE / 4)
    assert.is_true(#offsets > before)
    assert.same({ tostring(SIZE), digest }, { file.sizeBytes, file.sha256Hash })
    local again = twice(offsets)
    assert.is_true(again >= 0 and again <= CHUNK, ("%d bytes were sent again"):format(again))
  end)
end)
