---The same script, blocking, as a task, under luv and in Neovim.

local emulator = require "spec.support.emulator"
local nvim = require "spec.support.nvim"
local run = require "spec.support.run"

local SAY = [[
  local function say(...)
    local words = {}
    for i = 1, select("#", ...) do words[i] = tostring((select(i, ...))) end
    print(table.concat(words, "\t"))
  end
  local script = assert(loadfile "spec/support/same.lua")
]]

local ways = {
  blocking = "script(say)",
  ["in gemini.run"] = [[require("gemini").run(script, say)]],
  ["under luv"] = [[
    local uv = require "luv"
    require("gemini.loop.uv").attach(uv)
    local task = require("gemini").spawn(script, say)
    uv.run()
    task:await()
  ]],
  ["stepped"] = [[
    require("gemini").spawn(script, say)
    while require("gemini").step(0.1) do end
  ]],
}

describe("the same script #checkout", function()
  -- What the emulator says counts its requests.
  local function with(server, fn)
    local output = fn { GOOGLE_GEMINI_BASE_URL = server.url, GEMINI_API_KEY = "k" }
    server.stop()
    return (output:gsub("\r\n", "\n"))
  end

  local function start() return emulator.start { delay = 0.01, work = 0.1 } end

  local expected

  setup(function()
    expected = with(start(), function(environment) return (run.lua(SAY .. ways.blocking, nil, environment)) end)
  end)

  it("says all that there is to say", function()
    for _, line in ipairs {
      "chunk\t", "end\tnil\n", "api\t404\tNOT_FOUND\n", "600000\tACTIVE\n", "1\t1\tnil\n", "3\tnil\t404\n",
      "task: cancelled: enough\n", "task: timeout: not done within 0.01 s\n", "first\n",
    } do
      assert.truthy(expected:find(line, 1, true), expected)
    end
  end)

  for name, code in pairs(ways) do
    it("gives the same output " .. name, function()
      local output, status
      output = with(start(), function(environment)
        output, status = run.lua(SAY .. code, nil, environment)
        return output
      end)
      assert.equal(expected, output)
      assert.equal(0, status)
    end)
  end

  it("gives the same output in Neovim", function()
    assert.equal(expected, with(start(), function(environment)
      return nvim.run("spec/support/neovim/same.lua", environment)
    end))
  end)
end)
