-- What a stream brought is merged when somebody asks: all of it in its order, and no chunk that was not given.
local talk = require "spec.support.talk"

local chunk, sse = talk.chunk, talk.sse
local BUSY = '{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}'

local function json(event)
  return (event:gsub("^data: ", ""):gsub("%s+$", ""))
end

local function stream(client, call)
  return client.models:streamGenerateContent({ model = "m", contents = "x" }, call)
end

describe("chunks in one array", function()
  after_each(talk.stop)

  it("of an attempt that was given up are not those of the next", function()
    local client = talk.repeating(sse("[" .. BUSY .. "," .. json(chunk "old") .. "]"), sse(chunk "a" .. chunk("b", "STOP")))
    local reply = assert(stream(client, { retry = { delay = 0.01, attempts = 3 } }):collect())
    assert.equal("ab", reply.text)
  end)

  it("behind an error among them are none of its partial", function()
    local client = talk.answering(sse("[" .. json(chunk "a") .. "," .. BUSY .. "," .. json(chunk("b", "STOP")) .. "]"))
    local _, err = stream(client):collect()
    assert.equal("a", err.partial.text)
    assert.is_nil(err.partial.finishReason)
  end)

  it("that were not read are none of what a closed stream has", function()
    local client = talk.answering(sse("[" .. json(chunk "a") .. "," .. json(chunk "b") .. "," .. json(chunk("c", "STOP")) .. "]"))
    local s = stream(client)
    s:next()
    s:close()
    local _, err = s:next()
    assert.equal("a", err.partial.text)
  end)

  it("keep their order with those of other events", function()
    local client = talk.answering(sse(chunk "a" .. "data: [" .. json(chunk "b") .. "," .. json(chunk "c") .. "]\r\n\r\n"
      .. chunk("d", "STOP")))
    assert.equal("abcd", assert(stream(client):collect()).text)
  end)
end)

describe("merging what has come", function()
  after_each(talk.stop)

  local function read(count)
    local events, words = {}, {}
    for i = 1, count do
      words[i] = ("w%d "):format(i)
      events[i] = chunk(words[i])
    end
    events[count + 1] = chunk("end", "STOP")
    local client = talk.answering(sse(table.concat(events)))
    local s = stream(client)
    for _ in s do end -- luacheck: ignore
    return s, table.concat(words) .. "end"
  end

  it("that an error ended never gives less in silence", function()
    local s, whole = read(200)
    debug.sethook(function()
      debug.sethook()
      error("interrupted!", 0)
    end, "", 3000)
    local ok = pcall(s.collect, s)
    debug.sethook()
    local again, reply = pcall(s.collect, s)
    assert.is_false(ok)
    assert.is_true(not again or reply.text == whole)
  end)

  it("that an error ended leaves a stream that can be closed", function()
    local events = {}
    for i = 1, 200 do events[i] = chunk(("w%d "):format(i)) end
    local client = talk.answering(sse(table.concat(events)))
    local s = stream(client)
    for _ = 1, 150 do s:next() end
    debug.sethook(function()
      debug.sethook()
      error("interrupted!", 0)
    end, "", 3000)
    local ok = pcall(s.close, s)
    debug.sethook()
    assert.is_false(ok)
    s:close()
    local _, err = s:next()
    assert.same({ "cancelled" }, { err.kind, err.partial })
  end)

  it("is left alone by a finaliser that asks for it meanwhile", function()
    local s, whole = read(500)
    local live = true
    local function arm()
      local function ask()
        if not live then return end
        s:collect()
        arm()
      end
      local proxy = rawget(_G, "newproxy") and newproxy(true) or setmetatable({}, { __gc = ask }) -- luacheck: globals newproxy
      if type(proxy) == "userdata" then getmetatable(proxy).__gc = ask end
    end
    for _ = 1, 20 do arm() end
    local pause = collectgarbage("setpause", 50)
    local reply = s:collect()
    collectgarbage("setpause", pause)
    live = false
    assert.equal(whole, reply.text)
  end)
end)
