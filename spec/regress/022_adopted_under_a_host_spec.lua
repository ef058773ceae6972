---An adopted coroutine that its own scheduler lets go on, later than it was woken, told no host what it waits for then.

local gemini = require "gemini"
local talk = require "spec.support.talk"
local uv = require "luv"

-- Runs a function as a coroutine of libuv's, which is resumed by a timer; whether it came to its end in time.
local function runs(fn)
  local co, limit, late = coroutine.create(fn), uv.new_timer(), false
  gemini.adopt(co, function()
    local timer = uv.new_timer()
    timer:start(1, 0, function()
      timer:close()
      assert(coroutine.resume(co))
    end)
  end)
  assert(coroutine.resume(co))
  uv.update_time()
  limit:start(5000, 0, function() late = true end)
  while coroutine.status(co) ~= "dead" and not late do uv.run "once" end
  limit:close()
  return not late
end

describe("an adopted coroutine that is resumed later", function()
  local detach

  before_each(function() detach = require("gemini.loop.uv").attach(uv) end)
  after_each(function()
    detach()
    talk.stop()
  end)

  it("gets all of a stream that comes fast", function()
    local count, events = 0, 3000
    local client = talk.scripted { {
      { "recv" }, { "send", talk.sse(talk.chunk("x"):rep(events) .. talk.chunk("x", "STOP")) },
    } }
    local whole = runs(function()
      local stream = client.models:streamGenerateContent { model = "m", contents = "x" }
      while stream:next() do count = count + 1 end
    end)
    assert.same({ true, events + 1 }, { whole, count })
  end)
end)
