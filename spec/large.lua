---4 GiB up and down: places that 32 bits do not hold, and memory that does not grow. A step of its own in tools/test.

local emu = require "spec.support.emulator"
local run = require "spec.support.run"

local FOLDER = "build/large"
local SIZE = 4 * 2 ^ 30 + 12345
local MARKS = 64 * 2 ^ 20 -- bytes from one mark to the next in a file of holes
local GROWTH = 12 * 1024 -- kB

local function command(text)
  local pipe = io.popen(text)
  local output = pipe:read "*a"
  pipe:close()
  return output
end

-- Holes, with marks that tell one place from another.
local function write(path)
  local file = assert(io.open(path, "wb"))
  for at = 0, SIZE, MARKS do
    file:seek("set", math.max(at - 5, 0))
    file:write(("mark %d"):format(at))
  end
  file:seek("set", SIZE - 3)
  file:write "end"
  file:close()
end

local function freeBytes()
  return tonumber(command(("df -Pk '%s' | awk 'NR == 2 { print $4 }'"):format(FOLDER))) * 1024
end

-- What the client's process prints: its memory in kB when idle and at its peak, the hash that the server names, and
-- what the download gave.
local CLIENT = [[
  local gemini = require "gemini"
  local function memory(name) return io.open("/proc/self/status"):read("*a"):match(name .. ":%%s*(%%d+) kB") end
  local tag
  local client = gemini.new {
    apiKey = "k", baseUrl = %q, onResponse = function(response) tag = response.headers.etag or tag end,
  }
  local environment = assert(client.environments:create {}).id
  collectgarbage()
  print("idle", memory "VmRSS")
  assert(client.environments.files:upload { environment = environment, path = "large", localPath = %q })
  local place = { environment = environment, path = "large" }
  local hash = require("gemini.codec").sha256()
  if %s then place.localPath = %q else place.sink = function(bytes) hash:add(bytes) end end
  local result = assert(client.environments.files:download(place))
  print("peak", memory "VmHWM")
  print("tag", tag)
  print("result", result, hash:hex())
]]

describe("4 GiB", function()
  local server

  setup(function()
    os.execute("mkdir -p " .. FOLDER)
    server = emu.start()
  end)
  teardown(function()
    server.stop()
    os.execute("rm -rf " .. FOLDER)
  end)

  it("go up and come down whole, in less than 12 MB more than an idle client has", function()
    local up, down = FOLDER .. "/up.bin", FOLDER .. "/down.bin"
    write(up)
    -- Where the disk can't hold them they go to a function.
    local room = freeBytes() > SIZE + 2 ^ 30
    local output, status = run.lua(CLIENT:format(server.url, up, tostring(room), down))
    assert.equal(0, status, output)
    local idle, peak = tonumber(output:match "idle\t(%d+)"), tonumber(output:match "peak\t(%d+)")
    print(("\n%s idle %d kB, peak %d kB, to a %s"):format(_VERSION, idle, peak, room and "file" or "function"))
    assert.is_true(peak - idle < GROWTH, output)
    local digest = command(("sha256sum '%s'"):format(up)):match "^%x+"
    assert.equal('"' .. digest:sub(1, 32) .. '"', output:match "tag\t([^\n]*)")
    if room then
      assert.equal("", command(("cmp '%s' '%s' 2>&1"):format(up, down)))
    else
      assert.equal(("%d\t%s"):format(SIZE, digest), output:match "result\t([^\n]*)")
    end
  end)
end)
