---examples/assistant.lua: a chat with two tools, which one host saves and another goes on with. #checkout

local cjson = require "cjson"
local emulator = require "spec.support.emulator"
local nvim = require "spec.support.nvim"
local read = require "spec.support.read"
local run = require "spec.support.run"
local temporary = require "spec.support.temporary"

-- What the model was sent for its last answer shows in it.
local SCRIPT = [[
  local cjson = require "cjson"
  return function(request)
    if request.text ~= "Go on." then return nil end
    local names = {}
    for _, content in ipairs(request.body.contents) do
      for _, part in ipairs(content.parts) do
        if part.functionResponse then names[#names + 1] = part.functionResponse.name end
      end
    end
    return ("%d contents came, and what %s gave."):format(#request.body.contents, table.concat(names, ", "))
  end
]]

-- The example's own code, by these words; the host has no `arg`.
local BLOCKING = "arg = { [0] = 'assistant', %q }\ndofile 'examples/assistant.lua'\n"
local IN_A_TASK = "arg = { [0] = 'assistant', %q }\nrequire('gemini').run(dofile, 'examples/assistant.lua')\n"
local NEOVIM = "%slocal ok, problem = pcall(function()\n%s\nend)\nif not ok then print(problem) end\nvim.cmd 'qall!'\n"
local ATTACHED = "require('gemini.loop.uv').attach(vim.loop)\n"

local hosts = {
  { "a script, blocking", function(path, environment) return run.lua(BLOCKING:format(path), nil, environment) end },
  { "Neovim, blocking", function(path, environment)
    return nvim.run(temporary.file(NEOVIM:format("", BLOCKING:format(path)), ".lua"), environment)
  end },
  { "Neovim, in a task on its loop", function(path, environment)
    return nvim.run(temporary.file(NEOVIM:format(ATTACHED, IN_A_TASK:format(path)), ".lua"), environment)
  end },
}

-- PUC Lua 5.1 can't yield through the example's pcall.
if _VERSION ~= "Lua 5.1" or rawget(_G, "jit") then
  table.insert(hosts, { "a script, in a task", function(path, environment)
    return run.lua(IN_A_TASK:format(path), nil, environment)
  end })
end

describe("examples/assistant.lua #checkout", function()
  after_each(temporary.clean)

  local function begin()
    local server = emulator.start { delay = 0, script = SCRIPT }
    return server, { GOOGLE_GEMINI_BASE_URL = server.url, GEMINI_API_KEY = "k" }
  end

  local function shows(output, words)
    local at = 1
    for _, each in ipairs(words) do
      local from, to = output:find(each, at, true)
      assert.truthy(from, ("%q is not in:\n%s"):format(each, output))
      at = to
    end
  end

  local FIVE = {
    "> Hello! Who are you?", "This is the lua-gemini emulator", '(roll {"dice":3})', 'roll gave {"output":[',
    '(clock {"city":"Lisbon","twelveHours":true})', "clock gave {", '(roll {"dice":5})', 'roll gave {"output":[', "> Thank you.",
    "(16 contents were saved)",
  }

  for place, host in ipairs(hosts) do
    local name, go = host[1], host[2]
    local nextName, goOn = hosts[place % #hosts + 1][1], hosts[place % #hosts + 1][2]

    it(("speaks five turns in %s, and goes on in %s"):format(name, nextName), function()
      local server, environment = begin()
      local path = temporary.file()
      -- The order of an object's names is nobody's.
      shows((go(path, environment):gsub('{"twelveHours":true,"city":"Lisbon"}', '{"city":"Lisbon","twelveHours":true}')), FIVE)
      local saved = cjson.decode(read(path))
      assert.equal(16, #saved)
      assert.same({ dice = 3 }, saved[4].parts[1].functionCall.args)
      assert.equal(3, #saved[5].parts[1].functionResponse.response.output)
      local output = goOn(path, environment)
      server.stop()
      shows(output, {
        "(16 contents were loaded)", "> Go on.", "17 contents came, and what roll, clock, roll gave.", "(18 contents were saved)",
      })
      assert.equal(18, #cjson.decode(read(path)))
    end)
  end

  it("goes on with a conversation that anybody may have written, and tells what is wrong in a line", function()
    local server, environment = begin()
    local path = temporary.file '[{"role":"user","parts":[{"text":"Hi"}]},{"role":"model","parts":[{"text":"Hello."}]}]'
    shows((run.lua(BLOCKING:format(path), nil, environment)), { "(2 contents were loaded)", "3 contents came", "(4 contents were saved)" })
    for text, problem in pairs { ["{"] = "unexpected end of text", ['[{"text":"Hi"}]'] = "history[1] must be a content" } do
      local output, status = run.lua(BLOCKING:format(temporary.file(text)), nil, environment)
      assert.equal(1, status, output)
      shows(output, { problem })
    end
    server.stop()
  end)
end)
