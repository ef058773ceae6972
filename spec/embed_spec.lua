---The C program of examples/embed, which has the module in it: it runs where no file of it can be found. #checkout

local emulator = require "spec.support.emulator"
local temporary = require "spec.support.temporary"

local HOST = ("%s/%s/host"):format(os.getenv("BUILD") or "build", _VERSION:match("%S+$"))
local NOTHING = "LUA_PATH=/nowhere/?.lua LUA_CPATH=/nowhere/?.so"

local function quote(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

local function output(command)
  local pipe = io.popen(command)
  local all = pipe:read "*a"
  pipe:close()
  return all
end

describe("a C program with libgemini.a #checkout", function()
  local server

  setup(function()
    server = emulator.start {
      delay = 0, key = "the-key", script = "return function(request) return 'You said: ' .. request.text .. '.' end",
    }
  end)
  teardown(function() server.stop() end)
  after_each(temporary.clean)

  ---Runs the host, under the command in HOST_UNDER where there is one.
  ---@return string stdout
  ---@return string stderr
  ---@return integer status
  local function host(words, key)
    local errors = temporary.file ""
    local all = output(("env %s GEMINI_API_KEY=%s GOOGLE_GEMINI_BASE_URL=%s %s %s %s 2>%s; echo $?"):format(
      NOTHING, key or "the-key", server.url, os.getenv("HOST_UNDER") or "", HOST, words, errors))
    local out, status = all:match("^(.-)(%d+)\n$")
    return out, output("cat " .. errors), tonumber(status)
  end

  local function run(code, ...) return host(quote(temporary.file(code, ".lua")), ...) end

  it("streams an answer", function()
    local out, errors, status = host "examples/embed/script.lua 'Is this on?'"
    assert.equal("", errors)
    assert.equal("You said: Is this on?.\n", out)
    assert.equal(0, status)
  end)

  it("leaves no core dump, which would hold the key", function()
    local out = run 'print(io.open("/proc/self/limits"):read("*a"):match("Max core file size%s+(%S+)%s+(%S+)"))'
    assert.equal("0\t0\n", out)
  end)

  it("lets the script's tasks go on, a step a frame", function()
    local code = [[
      local gemini = require "gemini"
      local client = gemini.new()
      local tasks = {}
      for i = 1, 3 do
        tasks[i] = gemini.spawn(function()
          print(client.models:generateContent({ model = "gemini-2.5-flash", contents = "task " .. i }).text)
        end)
      end
      gemini.spawn(function()
        gemini.all(tasks)
        error "the last one fails"
      end)
      print "begun"
    ]]
    local out, errors, status = run(code)
    local lines = {}
    for line in out:gmatch("[^\n]+") do lines[#lines + 1] = line end
    assert.equal("begun", table.remove(lines, 1))
    table.sort(lines)
    assert.same({ "You said: task 1.", "You said: task 2.", "You said: task 3." }, lines)
    assert.truthy(errors:find "^host: [^\n]*%.lua:11: the last one fails\nstack traceback:\n", errors)
    assert.equal(1, status)
  end)

  it("has every module but the emulator and the types, and each of them loads", function()
    local files = output "cd lua && find gemini -name '*.lua' ! -path 'gemini/emulator/*' ! -path 'gemini/meta/*'"
    local expected = { "gemini.codec", "gemini.transport" }
    for path in files:gmatch("[^\n]+") do
      expected[#expected + 1] = path:gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", ".")
    end
    table.sort(expected)
    local out, errors = run [[
      local names = {}
      for name in pairs(package.preload) do
        if name:find "^gemini" then names[#names + 1] = name end
      end
      table.sort(names)
      for _, name in ipairs(names) do
        assert(require(name) ~= nil)
        print(name)
      end
      assert(not pcall(require, "gemini.emulator"))
    ]]
    assert.equal("", errors)
    assert.equal(table.concat(expected, "\n") .. "\n", out)
  end)

  it("gives scripts one module, of which no part is loaded before its use", function()
    local out, errors = run [[
      for name in pairs(package.loaded) do
        if name:find "^gemini%." then io.write(name, " ") end
      end
      print(package.loaded.gemini == require "gemini")
    ]]
    assert.equal("", errors)
    assert.equal("gemini.version true\n", out)
  end)

  it("ends with status 1 and the line of an error in the script", function()
    local out, errors, status = run "print 'begun'\n\nerror 'this is wrong'"
    assert.equal("begun\n", out)
    assert.truthy(errors:find "^host: [^\n]*%.lua:3: this is wrong\nstack traceback:\n", errors)
    assert.equal(1, status)
  end)

  it("names the module's files and the script's line in a traceback, and never the key", function()
    local out, errors, status = host("examples/embed/script.lua", "a-wrong-secret")
    assert.truthy(errors:find("^host: models%.streamGenerateContent: 400 INVALID_ARGUMENT: API key not valid%."), errors)
    assert.truthy(errors:find("\n\tgemini/stream%.lua:%d+: in "), errors)
    assert.truthy(errors:find("examples/embed/script%.lua:7: in main chunk"), errors)
    assert.falsy((out .. errors):find("a-wrong-secret", 1, true), "the key is shown")
    assert.equal(1, status)
  end)

  it("says what it can't run", function()
    local _, errors, status = host "/no/such/script.lua"
    assert.truthy(errors:find("^host: cannot open /no/such/script%.lua"), errors)
    assert.equal(1, status)
    _, errors, status = host ""
    assert.equal("usage: host script.lua [arguments]\n", errors)
    assert.equal(1, status)
  end)
end)
