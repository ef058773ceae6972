---Uploads that outlive processes: a server killed and started again, a client killed and another one that goes on.

local codec = require "gemini.codec"
local emu = require "spec.support.emulator"
local gemini = require "gemini"
local interpreter = require "gemini.emulator.interpreter"
local live = require "spec.support.live"
local read = require "spec.support.read"
local run = require "spec.support.run"
local temporary = require "spec.support.temporary"

local CHUNK = 1024 * 1024
local SIZE = 48 * CHUNK + 12345

-- Kills a server once its state has so many bytes beside it, and starts another one in its place.
local KILLER = [[
while [ "$(cat %s.media-* 2>/dev/null | wc -c)" -lt %d ]; do sleep 0.01; done
kill -9 %d
echo killed
sleep 0.3
LUA_PATH='%s' LUA_CPATH='%s' LUA_INIT= exec %s -l gemini.emulator -- --port %s --state %s --work 0 2>/dev/null
]]

describe("an upload", function()
  local server, state, path, digest, killer

  before_each(function()
    path, state = temporary.file(), temporary.file()
    local file, hash, size = assert(io.open(path, "wb")), codec.sha256(), 0
    local filling = ("01234567"):rep(8000)
    while size < SIZE do
      local piece = (("%08d"):format(size) .. filling):sub(1, SIZE - size)
      file:write(piece)
      hash:add(piece)
      size = size + #piece
    end
    file:close()
    digest = gemini.base64.encode(hash:hex())
    server = emu.start { state = state, work = 0 }
  end)

  after_each(function()
    if killer then killer.stop() end
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
        if request.headers["x-goog-upload-command"] == "query" then offsets.asked = true end
      end,
    }
  end

  -- Its process becomes the new server's.
  local function startKiller()
    local command = KILLER:format(state, CHUNK * 12, server.pid, package.path, package.cpath, interpreter.name(),
      server.url:match ":(%d+)$", state)
    local pipe = assert(io.popen(("echo $$; exec sh '%s'"):format(temporary.file(command))))
    local pid = pipe:read "*l"
    return {
      stop = function()
        os.execute("kill " .. pid)
        local said = pipe:read "*l"
        pipe:close()
        killer = nil
        return said
      end,
    }
  end

  it("survives the end of its server by kill -9, and sends no more than a chunk twice", function()
    local offsets = {}
    killer = startKiller()
    local client = observed(offsets)
    local file = assert(client.media:upload { path = path, mimeType = "application/x-test", chunkSize = CHUNK })
    local same = client.files:get { name = file.name }
    assert.equal("killed", killer.stop())
    assert.is_true(offsets.asked, "the server was not killed in the middle")
    assert.same({ tostring(SIZE), digest }, { file.sizeBytes, file.sha256Hash })
    local again = twice(offsets)
    assert.is_true(again >= 0 and again <= CHUNK, ("%d bytes were sent again"):format(again))
    assert.same(file, same)
  end)

  it("goes on in another process when its own was killed, and sends no more than a chunk twice", function()
    local saved, log = temporary.file(), temporary.file()
    local _, status = run.lua(([[
      local gemini = require "gemini"
      local log = assert(io.open(%q, "w"))
      local client = gemini.new {
        apiKey = "k", baseUrl = %q,
        onRequest = function(request)
          local offset = tonumber(request.headers["x-goog-upload-offset"])
          log:write(offset and ("%%d\n"):format(offset) or "")
          log:flush()
          if offset and offset > %d then os.execute "kill -9 $PPID" end
        end,
      }
      client.media:upload {
        path = %q, mimeType = "application/x-test", chunkSize = %d,
        onProgress = function(_, _, upload)
          local file = assert(io.open(%q, "w"))
          file:write(gemini.json.encode(upload.session))
          file:close()
        end,
      }
    ]]):format(log, server.url, math.floor(SIZE / 2), path, CHUNK, saved))
    assert.equal(137, status)
    local offsets = {}
    for offset in read(log):gmatch "%d+" do offsets[#offsets + 1] = tonumber(offset) end
    local before = #offsets
    local first
    local file = assert(observed(offsets).media:upload {
      path = path, mimeType = "application/x-test", chunkSize = CHUNK, session = gemini.json.decode(read(saved)),
      onProgress = function(sent) first = first or sent end,
    })
    assert.is_true(first > SIZE / 2 - CHUNK)
    assert.is_true(#offsets > before)
    assert.same({ tostring(SIZE), digest }, { file.sizeBytes, file.sha256Hash })
    local again = twice(offsets)
    assert.is_true(again >= 0 and again <= CHUNK, ("%d bytes were sent again"):format(again))
  end)
end)
