local core = require "core"

local EVENT = '{"candidates": [{"content": {"parts": [{"text": %q}],"role": "model"},"index": 0}],"usageMetadata": '
  .. '{"promptTokenCount": 18,"candidatesTokenCount": %d,"totalTokenCount": %d,"promptTokensDetails": [{"modality": '
  .. '"TEXT","tokenCount": 18}]},"modelVersion": "gemini-2.5-flash","responseId": "9KzvaPeUCPqV_uMPq-7nwQI"}'

describe("a backlog", function()
  -- Deterministic on every Lua.
  local state = 42
  local function random(n)
    state = (state * 69069 + 1) % 2 ^ 32
    return math.floor(state / 65536) % n
  end

  local function odd()
    local bytes = {}
    for i = 1, random(40) do bytes[i] = (',"\\0129a%s'):sub(random(9) + 1):sub(1, 1) end
    return table.concat(bytes)
  end

  -- The text with some bytes of it taken out and others put in.
  local function changed(text)
    local from = random(#text + 1)
    return text:sub(1, from) .. odd() .. text:sub(from + random(30) + 1)
  end

  local function events(count, words)
    local list = {}
    for i = 1, count do list[i] = EVENT:format(words(i), i, 18 + i) end
    return list
  end

  for _, ahead in ipairs { 0, 1, 7, 1000 } do
    it(("gives what was put in, in its order, %d behind"):format(ahead), function()
      local list, text = { "", "", "a", "" }, ""
      for i = 1, 1500 do
        text = random(50) == 0 and odd() or changed(text)
        list[#list + 1] = i % 3 == 0 and text .. "\0" or text
      end
      list[#list + 1] = ("long "):rep(40000)
      list[#list + 1] = ("long "):rep(40000) .. "."
      assert.same(list, (core.throughBacklog(list, ahead)))
    end)
  end

  it("keeps of each event little more than its text", function()
    local list = events(1000, function(i) return ("word number %d, and, as I said, \"quoted\" too"):format(i * 7919) end)
    local taken, bytes = core.throughBacklog(list, 1000)
    assert.same(list, taken)
    assert.is_true(bytes < 1000 * 90, bytes .. " bytes for events of " .. #list[1])
  end)

  it("keeps nothing of one that is the same again", function()
    local _, bytes = core.throughBacklog(events(1000, function() return "again" end), 1000)
    assert.is_true(bytes < 1000 * 20, bytes .. " bytes")
  end)
end)
