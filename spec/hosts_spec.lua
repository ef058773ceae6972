---The same cases under every host: blocking, stepped, libuv, and loops of one's own.

local contract = require "spec.support.contract"
local gemini = require "gemini"
local loop = require "gemini.loop"
local uv = require "luv"

-- Each begins its host: what waits by it, and what ends it.
local hosts = {
  blocking = function()
    return { wait = function(done) while not done() do gemini.sleep(0.001) end end }, function() end
  end,
  stepped = function()
    return { wait = function(done) while not done() do gemini.step(0.01) end end }, function() end
  end,
  ["stepped without waiting"] = function()
    return { wait = function(done) while not done() do gemini.step(0, { budget = 0.001 }) end end }, function() end
  end,
  luv = function()
    local detach = require("gemini.loop.uv").attach(uv)
    return { wait = function(done) while not done() do uv.run "once" end end }, detach
  end,
  ["select #checkout"] = function()
    local host = require "examples.loops.select"()
    return { wait = function(done) while not done() do host.turn(0.1) end end }, host.detach
  end,
  ["cqueues #checkout"] = function()
    local queue = require("cqueues").new()
    local detach = require "examples.loops.cqueues"(queue)
    return { wait = function(done) while not done() do assert(queue:step(0.1)) end end }, function()
      detach()
      assert(queue:loop())
    end
  end,
}

for name, begin in pairs(hosts) do
  describe("under the host " .. name, function()
    local host, finish

    before_each(function() host, finish = begin() end)
    after_each(function()
      finish()
      contract.clean()
    end)

    for _, case in ipairs(contract.cases) do
      it(case.name, function() case.fn(host, uv) end)
    end
  end)
end

describe("under the host Neovim #checkout", function()
  local output

  setup(function() output = require("spec.support.nvim").run "spec/support/neovim/contract.lua" end)

  for _, case in ipairs(contract.cases) do
    it(case.name, function()
      local line = ("\n" .. output:gsub("\r", "")):match("\n([^\n]*" .. case.name .. ")\n")
      assert.equal("ok " .. case.name, line, output)
    end)
  end
end)

describe("a host", function()
  it("gives back what waits when it is detached", function()
    local talk = require "spec.support.talk"
    local client = talk.scripted { { { "recv" }, { "sleep", 0.1 }, { "send", talk.ok "{}" } } }
    local detach = require("gemini.loop.uv").attach(uv)
    local task = gemini.spawn(function() return client.models:get { name = "m" } end)
    uv.run "nowait"
    detach()
    detach()
    assert.same({}, (task:await()))
    assert.is_false(uv.run())
    talk.stop()
  end)

  it("is one at a time, and whole", function()
    assert.is_false(loop.isAttached())
    local detach = require("gemini.loop.uv").attach(uv)
    assert.is_true(loop.isAttached())
    local ok, raised = pcall(require("gemini.loop.uv").attach, uv)
    detach()
    assert.same({ false, false }, { ok, loop.isAttached() })
    assert.truthy(raised:find("another loop is attached", 1, true), raised)
    for problem, host in pairs {
      ["gemini.loop.attach: expected a table, got nil"] = false,
      ["gemini.loop.attach: watch: expected a function, got nil"] = { timer = print },
    } do
      ok, raised = pcall(loop.attach, host or nil)
      assert.is_false(ok)
      assert.truthy(raised:find(problem, 1, true), raised)
    end
    ok, raised = pcall(require("gemini.loop.uv").attach, {})
    assert.is_false(ok)
    assert.truthy(raised:find("expected libuv's functions", 1, true), raised)
  end)
end)
