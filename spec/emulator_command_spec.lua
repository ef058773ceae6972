local emulator = require "gemini.emulator"
local emu = require "spec.support.emulator"
local interpreter = require "gemini.emulator.interpreter"
local socket = require "socket"

local LUA = interpreter.name()
local MODEL = "/v1beta/models/gemini-2.5-flash"

-- Runs a shell command with the module's path and returns its output and its exit status.
local function run(command)
  local paths = ("LUA_PATH='%s' LUA_CPATH='%s' "):format(package.path, package.cpath)
  local pipe = io.popen(("{ %s%s; } 2>&1; echo \"status $?\""):format(paths, command))
  local output = pipe:read("*a")
  pipe:close()
  local text, status = output:match("^(.*)status (%d+)\n$")
  return text, tonumber(status)
end

-- Starts the command; the first line it prints is its process id.
local function start(command)
  local paths = ("LUA_PATH='%s' LUA_CPATH='%s' "):format(package.path, package.cpath)
  local pipe = io.popen(("echo $$; %sexec %s"):format(paths, command))
  return pipe, tonumber(pipe:read("*l"))
end

local function reachable(url)
  local host, port = url:match("^http://([^:]+):(%d+)$")
  local client = socket.connect(host, tonumber(port))
  if client then client:close() end
  return client ~= nil
end

local function eventually(test)
  local deadline = socket.gettime() + 3
  repeat
    if test() then return true end
    socket.sleep(0.01)
  until socket.gettime() > deadline
  return false
end

local function withFile(text, fn)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  local ok, err = pcall(fn, path)
  os.remove(path)
  if not ok then error(err, 0) end
end

describe("the emulator's command", function()
  it("prints its URL, serves, and ends at SIGTERM", function()
    local pipe, pid = start(LUA .. " -l gemini.emulator 2>/dev/null")
    local url = pipe:read("*l")
    assert.truthy(url:find("^http://127%.0%.0%.1:%d+$"))
    assert.equal(200, emu.call(url, "GET", MODEL).status)
    os.execute("kill " .. pid)
    assert.equal("", pipe:read("*a"))
    pipe:close()
    assert.is_false(reachable(url))
  end)

  it("says on stderr that it is no model, and ends at Ctrl-C", function()
    local pipe, pid = start(LUA .. " -l gemini.emulator 2>&1")
    local url = pipe:read("*l")
    assert.truthy(pipe:read("*l"):find("is no model", 1, true))
    os.execute("kill -INT " .. pid)
    assert.equal("", pipe:read("*a"))
    pipe:close()
    assert.is_false(reachable(url))
  end)

  it("takes options after --", function()
    withFile([[local emulator = require "gemini.emulator"
      return function(request) return { promptFeedback = { safetyRatings = emulator.array() } } end]], function(path)
      local options = (" -- --host localhost --key k1 --delay 0 --reply '%s'"):format(path)
      local pipe, pid = start(LUA .. " -lgemini.emulator" .. options .. " 2>/dev/null")
      local url = pipe:read("*l")
      local response = emu.call(url, "POST", MODEL .. ":generateContent", '{"contents":[{"parts":[{"text":"x"}]}]}',
        { ["x-goog-api-key"] = "k1" })
      assert.equal('{"promptFeedback":{"safetyRatings":[]}}', response.body)
      assert.equal(400, emu.call(url, "GET", MODEL).status)
      os.execute("kill " .. pid)
      pipe:close()
    end)
  end)

  it("explains itself for wrong options and exits with 2", function()
    for _, wrong in ipairs { "--prot 1", "--port x", "--port", "extra" } do
      local output, status = run(LUA .. " -l gemini.emulator -- " .. wrong)
      assert.equal(2, status)
      assert.truthy(output:find("gemini.emulator: .-\nusage: "))
    end
  end)

  it("exits with 1 where the port is taken or the reply file is no use", function()
    local server = emu.start {}
    local output, status = run(LUA .. " -l gemini.emulator -- --port " .. server.url:match("%d+$"))
    server.stop()
    assert.equal(1, status)
    assert.truthy(output:find("^gemini.emulator: cannot listen on 127.0.0.1 port %d+: address already in use\n$"))
    output, status = run(LUA .. " -l gemini.emulator -- --reply /nonexistent.lua")
    assert.equal(1, status)
    assert.truthy(output:find("nonexistent.lua", 1, true))
  end)

  it("leaves a script alone that is run with the module loaded", function()
    withFile("print(type(require('gemini.emulator').new))", function(path)
      assert.same({ "function\n", 0 }, { run(LUA .. " -l gemini.emulator " .. path) })
      assert.same({ "function\n", 0 }, { run(LUA .. " " .. path) })
    end)
  end)
end)

describe("the emulator's child process", function()
  it("stops once for all when it is told", function()
    local server = assert(emulator.spawn {})
    assert.is_true(reachable(server.url))
    server.stop()
    server.stop()
    assert.is_false(reachable(server.url))
    local _, status = run("kill -0 " .. server.pid)
    assert.is_true(status ~= 0)
  end)

  it("ends with its parent, however that ends", function()
    local boot = "s = require([[gemini.emulator]]).spawn {} print(s.url) io.stdout:flush() while true do end"
    local pipe, pid = start(("%s -e '%s'"):format(LUA, boot))
    local url = pipe:read("*l")
    assert.is_true(reachable(url))
    os.execute("kill -9 " .. pid)
    pipe:close()
    assert.is_true(eventually(function() return not reachable(url) end))
  end)

  it("says why it does not start", function()
    withFile("return 1", function(path)
      local none, problem = emulator.spawn { reply = path }
      assert.is_nil(none)
      assert.equal(path .. ": must return the reply function", problem)
    end)
    local none, problem = emulator.spawn { lua = "false" }
    assert.is_nil(none)
    assert.equal("false ended before the emulator was ready", problem)
  end)

  it("survives hostile texts in its options", function()
    local key = "k'\"$(exit)\\\n%s"
    local server = assert(emulator.spawn { key = key })
    local target = MODEL .. "?key=" .. key:gsub("[^%w]", function(c) return ("%%%02X"):format(c:byte()) end)
    assert.equal(200, emu.call(server.url, "GET", target, nil, { ["x-goog-api-key"] = false }).status)
    server.stop()
  end)
end)
