---The code of the README and the guides runs as it stands, against the emulator. `--> ` says what a line prints. #checkout

local emulator = require "spec.support.emulator"
local read = require "spec.support.read"
local run = require "spec.support.run"

local PREAMBLE = "local gemini = require 'gemini'\nlocal client = gemini.new()\n"

local function blocks(text)
  local out = {}
  for block in text:gmatch("```lua\n(.-)```") do out[#out + 1] = block end
  return out
end

local function expected(block)
  local lines = {}
  for line in block:gmatch("%-%-> ([^\n]*)") do lines[#lines + 1] = line end
  return lines
end

-- Runs a block, and holds what it prints against what it says it prints.
local function check(block, server)
  local code = block:find('require "gemini"', 1, true) and block or PREAMBLE .. block
  local output, status = run.lua(code, nil, { GOOGLE_GEMINI_BASE_URL = server.url, GEMINI_API_KEY = "k" })
  assert.equal(0, status, output)
  local at = 1
  for _, line in ipairs(expected(block)) do
    local from, to = output:find(line, at, true)
    assert.truthy(from, ("%q is not printed in:\n%s"):format(line, output))
    at = to
  end
end

it("README.md has code on its first screen #checkout", function()
  assert.truthy(read("README.md"):find("^# lua%-gemini\n\n```lua\n"))
end)

for _, path in ipairs { "README.md", "docs/structured.md", "docs/webhooks.md" } do
  describe(path .. " #checkout", function()
    local server

    setup(function() server = emulator.start { delay = 0, work = 0.2 } end)
    teardown(function() server.stop() end)

    local all = blocks(read(path))

    it("shows code", function() assert.is_true(#all > 1) end)

    for i, block in ipairs(all) do
      it("shows code that runs: block " .. i, function() check(block, server) end)
    end
  end)
end

describe("docs/hosts.md #checkout", function()
  it("shows code that runs", function()
    local server = emulator.start { delay = 0 }
    for _, block in ipairs(blocks(read "docs/hosts.md")) do
      -- copas is not there for every Lua.
      if not block:find("copas", 1, true) then
        local output, status = run.lua(block, nil, { GOOGLE_GEMINI_BASE_URL = server.url, GEMINI_API_KEY = "k" })
        assert.equal(0, status, output)
        assert.truthy(output:find("Gemini 2.5 Flash", 1, true), output)
      end
    end
    server.stop()
  end)
end)

describe("the demo #checkout", function()
  local function demo(environment)
    local paths = ("LUA_PATH='%s' LUA_CPATH='%s'"):format(package.path, package.cpath)
    local interpreter = require("gemini.emulator.interpreter").name()
    local command = "env -u GEMINI_API_KEY -u GOOGLE_API_KEY %s %s %s examples/demo.lua 'Is this on?' 2>&1; echo $?"
    local pipe = io.popen(command:format(paths, environment, interpreter))
    local all = pipe:read("*a")
    pipe:close()
    return all
  end

  it("streams an answer and says what it took", function()
    local output = demo ""
    for _, piece in ipairs {
      "It is no model", "Is this on?", "finish reason      STOP",
      "tokens             3 prompt, ", "to the first token 0.", "\n0\n",
    } do
      assert.truthy(output:find(piece, 1, true), piece .. " is not in:\n" .. output)
    end
  end)

  it("talks to the place that the environment names where a key is set, and shows an error as one line", function()
    local server = emulator.start {}
    local output = demo("GEMINI_API_KEY=k GOOGLE_GEMINI_BASE_URL=" .. server.url:gsub("^http:", "https:"))
    server.stop()
    assert.falsy(output:find("no model", 1, true))
    assert.truthy(output:find("models.streamGenerateContent: tls: ", 1, true), output)
    assert.truthy(output:find("\n1\n$"), output)
  end)
end)
