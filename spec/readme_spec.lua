---The first thing that somebody sees, and the first that is run. #checkout

local emulator = require "spec.support.emulator"
local read = require "spec.support.read"

describe("the README #checkout", function()
  it("has code on its first screen", function()
    assert.truthy(read("README.md"):find "^# lua%-gemini\n\n```lua\n")
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
