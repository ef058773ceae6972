local core = require "core"

local function events(...)
  local sse, out = core.sse(), {}
  local function drain()
    for data in sse.next, sse do out[#out + 1] = data end
  end
  for i = 1, select("#", ...) do
    assert.is_true(sse:feed((select(i, ...))))
    drain()
  end
  sse:finish()
  drain()
  return out
end

-- What a stream's bytes mean, whatever the cuts between them.
local streams = {
  { "LF", "data: a\n\ndata: b\n\n", { "a", "b" } },
  { "CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", { "a", "b" } },
  { "CR", "data: a\r\rdata: b\r\r", { "a", "b" } },
  { "mixed line ends", "data: a\r\n\ndata: b\n\r\ndata: c\r\n\rdata: d\n\n", { "a", "b", "c", "d" } },
  { "no space behind the colon", "data:a\n\ndata:  b\n\n", { "a", " b" } },
  { "several data lines", "data: a\r\ndata:b\r\ndata\r\ndata: c\r\n\r\ndata: d\n\n", { "a\nb\n\nc", "d" } },
  { "comments and other fields", ": hi\nevent: x\nid: 7\nretry: 10\ndata: a\nfoo: bar\ndatum: 1\n\n: end\n\n", { "a" } },
  { "a byte order mark", "\239\187\191data: a\n\n", { "a" } },
  { "half a byte order mark", "\239\187data: x\n\ndata: a\n\n", { "a" } },
  { "no blank line at the end", "data: a\n\ndata: b\n", { "a", "b" } },
  { "no line end at the end", "data: a\n\ndata: b", { "a", "b" } },
  { "empty events", "data\n\ndata:\n\ndata: \n\n\n\ndata: a\n\n", { "a" } },
  { "UTF-8", "data: \195\164\240\159\153\130\n\n", { "\195\164\240\159\153\130" } },
  { "a bare object", 'data: a\n\n{\n  "error": 1\n}\n', { "a", '{\n  "error": 1\n}' } },
  { "a bare object right behind data", 'data: a\r\n{"error":1}\r\n\r\n', { "a", '{"error":1}' } },
  { "a bare object right behind empty data", 'data:\n{"error":\n1}\n\n', { '{"error":\n1}' } },
  { "a bare array and then events", '[1,\n2]\n\ndata: a\n\n', { "[1,\n2]", "a" } },
  { "HTML", "<html>\n<body>\ndata: x\n</html>", { "<html>\n<body>\ndata: x\n</html>" } },
  { "[DONE]", "data: a\n\ndata: [DONE]\n\n", { "a", "[DONE]" } },
  { "nothing", "", {} },
  { "line ends only", "\r\n\n\r\r\n", {} },
}

describe("the event splitter", function()
  for _, case in ipairs(streams) do
    local name, bytes, expected = case[1], case[2], case[3]

    it("reads " .. name, function()
      assert.same(expected, events(bytes))
    end)

    it("reads " .. name .. " the same with every one and every two cuts", function()
      for i = 0, #bytes do
        for j = i, #bytes do
          assert.same(expected, events(bytes:sub(1, i), bytes:sub(i + 1, j), bytes:sub(j + 1)), i .. "," .. j)
        end
      end
    end)

    it("reads " .. name .. " the same byte by byte", function()
      local list = {}
      for i = 1, #bytes do list[i] = bytes:sub(i, i) end
      assert.same(expected, events((unpack or table.unpack)(list)))
    end)
  end

  it("gives an event as soon as its blank line has begun", function()
    local sse = core.sse()
    sse:feed("data: a\r\n")
    assert.is_nil(sse:next())
    sse:feed("\r")
    assert.equal("a", sse:next())
    sse:feed("\ndata: b\n\n")
    assert.equal("b", sse:next())
  end)

  it("reads an event of 10 MB in small pieces", function()
    local sse = core.sse(20e6)
    local piece = ("x"):rep(10000)
    sse:feed("data: ")
    for _ = 1, 1000 do
      sse:feed(piece)
      assert.is_nil(sse:next())
    end
    sse:feed("\n\n")
    assert.equal(piece:rep(1000), sse:next())
  end)

  it("keeps nothing of heartbeats", function()
    local sse = core.sse(100)
    for _ = 1, 1000 do
      assert.is_true(sse:feed(": ping\n\ndata:\n\n"))
      assert.is_nil(sse:next())
    end
    assert.equal(0, sse:held())
  end)

  it("keeps nothing of comments in the middle of an event, and loses nothing", function()
    for _, finish in ipairs { "\n", "\r", "\r\n" } do
      local sse = core.sse(100000)
      sse:feed("data: a" .. finish)
      for i = 1, 2000 do
        assert.is_true(sse:feed((": ping " .. ("x"):rep(i % 100) .. finish):rep(10)))
        assert.is_nil(sse:next())
        assert.is_true(sse:held() < 40000)
      end
      sse:feed("data: b" .. finish .. "data" .. finish .. ": c" .. finish .. finish)
      assert.equal("a\nb\n", sse:next())
    end
  end)

  it("joins many lines with their ends of two bytes, whatever lies between them", function()
    local sse, line = core.sse(4e6), ('"x",'):rep(10)
    local bytes = "[\r\n" .. (line .. "\r\n"):rep(40000) .. "1]\r\n\r\ndata: a\r\n\r\n"
    local seen = {}
    for at = 1, #bytes, 4093 do
      sse:feed(bytes:sub(at, at + 4092))
      seen[#seen + 1] = sse:next()
    end
    seen[#seen + 1] = sse:next()
    assert.is_true("[\n" .. (line .. "\n"):rep(40000) .. "1]" == seen[1])
    assert.same({ 2, "a" }, { #seen, seen[2] })
  end)

  it("refuses what its cap does not hold and goes on with what it has", function()
    local sse = core.sse(20)
    assert.is_true(sse:feed("data: a\n\n"))
    assert.is_false(sse:feed(("x"):rep(12)))
    assert.equal("a", sse:next())
    assert.is_true(sse:feed("data: b\n\n"))
    assert.equal("b", sse:next())
  end)
end)
