---What can be seen of a whole process: what it loads, what it holds, how it ends.

local run = require "spec.support.run"

local function lines(text)
  local out = {}
  for line in text:gmatch("[^\n]+") do out[#out + 1] = line end
  return out
end

describe("a process", function()
  it("loads libcurl and the codec at its first call, not before", function()
    local output = run.lua [[
      local function loaded()
        local names = {}
        for name in pairs(package.loaded) do
          if name:find("^gemini") or name:find("^cjson") or name:find("^socket") then names[#names + 1] = name end
        end
        table.sort(names)
        local maps = io.open("/proc/self/maps"):read("*a")
        print(table.concat(names, " ") .. (maps:find("libcurl", 1, true) and " +libcurl" or ""))
      end
      local gemini = require "gemini"
      loaded()
      local client = gemini.new { apiKey = "k", baseUrl = "http://127.0.0.1:1", retry = false }
      local method = client.models.generateContent
      loaded()
      client.models:generateContent { model = "m", contents = "x" }
      loaded()
    ]]
    local seen = lines(output)
    assert.equal("gemini gemini.version", seen[1])
    for _, late in ipairs { "codec", "transport", "libcurl", "json", "emulator", "messages", "cjson", "socket", "stream" } do
      assert.falsy(seen[2]:find(late, 1, true), late .. " is loaded before a call needs it: " .. seen[2])
    end
    assert.truthy(seen[3]:find("gemini.codec", 1, true))
    assert.truthy(seen[3]:find("+libcurl", 1, true))
    for _, never in ipairs { "gemini.stream", "gemini.emulator", "gemini.operation", "gemini.check", "cjson", "socket" } do
      assert.falsy(seen[3]:find(never, 1, true), never .. " is loaded for nothing")
    end
  end)

  it("reads a stream of 100,000 events in less than 30 MB #memory", function()
    local output, status = run.lua [[
      local loopback = require "loopback"
      local event = 'data: {"candidates":[{"content":{"parts":[{"text":"%s"}],"role":"model"},"index":0%s}],'
        .. '"usageMetadata":{"promptTokenCount":18,"candidatesTokenCount":17,"totalTokenCount":35,'
        .. '"promptTokensDetails":[{"modality":"TEXT","tokenCount":18}]},"modelVersion":"gemini-2.5-flash",'
        .. '"responseId":"9KzvaPeUCPqV_uMPq-7nwQI"}\r\n\r\n'
      local text = ("and words enough for an event of 370 bytes "):rep(2)
      local server = loopback.start { {
        { "recv" },
        { "send", "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n" },
        { "fill", event:format(text, ""), 99999 },
        { "send", event:format("end", ',"finishReason":"STOP"') },
        { "close" },
      } }
      local client = require("gemini").new { apiKey = "k", baseUrl = server.url }
      local n, bytes = 0, 0
      for chunk in client.models:streamGenerateContent { model = "m", contents = "x" } do
        n, bytes = n + 1, bytes + #chunk.text
      end
      assert(bytes == 99999 * #text + 3)
      print(n, io.open("/proc/self/status"):read("*a"):match("VmHWM:%s*(%d+) kB"))
      server:stop()
    ]]
    assert.equal(0, status, output)
    local n, peak = output:match("(%d+)%s+(%d+)")
    assert.equal("100000", n)
    assert.is_true(tonumber(peak) < 30 * 1000, "the process took " .. peak .. " kB")
  end)

  -- In the foreground `timeout` sends one signal; else it may send two, of which the second ends any Lua in silence.
  it("ends by Ctrl-C while a call waits", function()
    local output, status = run.lua([[
      local server = require("loopback").start { { { "recv" }, { "hold" } } }
      local client = require("gemini").new { apiKey = "k", baseUrl = server.url }
      print "waiting"
      io.stdout:flush()
      client.models:generateContent { model = "m", contents = "x" }
      print "went on"
    ]], "timeout --foreground -s INT -k 20 1")
    assert.truthy(output:find("waiting\n", 1, true), output)
    assert.truthy(output:find("interrupted!", 1, true), output)
    assert.falsy(output:find("went on", 1, true), output)
    assert.equal(124, status)
  end)

  it("ends cleanly with calls under way, in any order of collection", function()
    local output, status = run.lua [[
      local server = require("loopback").start { { { "recv" }, { "hold" } } }
      local client = require("gemini").new { apiKey = "k", baseUrl = server.url }
      streams = {}
      for i = 1, 10 do streams[i] = client.models:streamGenerateContent { model = "m", contents = "x" } end
      print "done"
    ]]
    assert.equal("done\n", output)
    assert.equal(0, status)
  end)
end)
