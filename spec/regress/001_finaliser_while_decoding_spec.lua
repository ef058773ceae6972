---A finaliser that ran while an event or a body was decoded, and closed the transfer or stepped the multi, took the
---bytes away under the decoder.

local loopback = require "loopback"
local transport = require "gemini.transport"

local HEAD = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"

local function value(n)
  local out = {}
  for i = 1, n do out[i] = ('{"key%d":"value %d","list":[%d]}'):format(i, i, i) end
  return "[" .. table.concat(out, ",") .. "]"
end

-- Something whose end, at some allocation, calls fn.
local function finaliser(fn)
  if _VERSION == "Lua 5.1" then
    local proxy = newproxy(true) -- luacheck: ignore 113
    getmetatable(proxy).__gc = fn
  else
    setmetatable({}, { __gc = fn })
  end
end

describe("a body", function()
  it("that is still arriving can't be read, and nothing of it is lost", function()
    local server = loopback.start { { { "recv" }, { "send", HEAD .. "half" }, { "sleep", 0.1 }, { "send", "whole" } } }
    local multi = transport.multi()
    local transfer = multi:submit { url = server.url, headers = {} }
    while not transfer:status() do multi:step(0.01) end
    assert.has_error(function() transfer:bodyText() end, "the answer is not complete yet")
    while not transfer:ready() do multi:step(1) end
    assert.equal("halfwhole", transfer:bodyText())
    multi:close()
    server:stop()
  end)
end)

describe("a finaliser that runs while", function()
  local multi, server, transfer

  local function serve(bytes, reading)
    server = loopback.start { { { "recv" }, { "send", HEAD .. bytes }, { "close" } } }
    multi = transport.multi()
    transfer = multi:submit { url = server.url, headers = {}, reading = reading }
    while not transfer:ready() do multi:step(1) end
  end

  after_each(function()
    collectgarbage "restart"
    multi:close()
    server:stop()
  end)

  local acts = {
    ["closes the transfer"] = function() transfer:close() end,
    ["steps the multi"] = function() pcall(multi.step, multi, 0) end,
  }

  for name, act in pairs(acts) do
    it("an event is decoded and " .. name .. " leaves it whole", function()
      serve(("data: %s\n\n"):format(value(2000)):rep(3), "events")
      finaliser(act)
      local list = transfer:event()
      assert.equal(2000, #list)
      assert.equal("value 2000", list[2000].key2000)
    end)

    it("a body's text is taken and " .. name .. " leaves it whole", function()
      local sent = value(5000)
      serve(sent)
      finaliser(act)
      local text = transfer:bodyText()
      assert.is_true(text == sent, "the text is not what was sent")
    end)

    it("a piece is taken and " .. name .. " leaves it whole", function()
      local sent = value(2000)
      serve(sent, "pieces")
      while transfer:status() and not transfer:failure() and multi:live() > 0 do multi:step(0.01) end
      finaliser(act)
      local text = transfer:piece()
      assert.is_true(text == sent:sub(1, #text) and #text > 0, "the piece is not what was sent")
    end)

    it("a body is decoded and " .. name .. " leaves it whole", function()
      serve(value(5000))
      finaliser(act)
      local list = transfer:body()
      assert.equal("value 5000", list[5000].key5000)
    end)
  end
end)
