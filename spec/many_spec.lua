---A thousand streams at once, in one thread; the server is a process of its own. #checkout

local run = require "spec.support.run"

-- The client of bench/streams, which fails unless each stream is whole and in order.
local CLIENT = 'arg = { [0] = "streams.lua", "%d" } dofile "bench/streams.lua"'
local BOTH = [[sh -c 'ulimit -n 4096 2>/dev/null; "$0" bench/streams_server.lua %d | "$0" "$1"']]

-- Starts so many streams: how many were open at once and how many were complete, and kB of memory for each while all
-- were open.
local function streams(count)
  local output, status = run.lua(CLIENT:format(count), BOTH:format(count))
  assert.equal(0, status, output)
  local open, complete, before, during = output:match "live\t(%d+)\ncomplete\t(%d+)\nmemory\t(%d+)\t(%d+)"
  return { tonumber(open), tonumber(complete) }, (during - before) / count
end

describe("streams beside each other #checkout", function()
  it("are all complete and in order", function()
    assert.same({ 100, 100 }, (streams(100)))
  end)

  it("take less than 32 kB each when they are 1,000 #memory", function()
    local counts, each = streams(1000)
    assert.same({ 1000, 1000 }, counts)
    assert.is_true(each < 32, ("%.1f kB each"):format(each))
  end)
end)
