local codec = require "gemini.codec"

describe("strings read", function()
  local bad = "\239\191\189" -- U+FFFD
  local strings = { -- between the quotes, value
    { "", "" },
    { "plain", "plain" },
    { [[\" \\ \/ \b\f\n\r\t]], "\" \\ / \b\f\n\r\t" },
    { [[\u0000\u0041\u00e9\u20AC]], "\0A\195\169\226\130\172" },
    { [[\ud83d\ude00]], "\240\159\152\128" },
    { [[\uD800\uDC00\udbff\udfff]], "\240\144\128\128\244\143\191\191" },
    { [[a\ud83d]], "a" .. bad },
    { [[\ud83dz]], bad .. "z" },
    { [[\ud83d\n]], bad .. "\n" },
    { [[\ud83d\u0041]], bad .. "A" },
    { [[\ude00\ud83d]], bad .. bad },
    { [[\ud83d\ud83d\ude00]], bad .. "\240\159\152\128" },
    { "\195\169\226\130\172\240\159\152\128", "\195\169\226\130\172\240\159\152\128" },
    { "\127\226\128\168", "\127\226\128\168" },
    { "long enough for two words \195\169 and more \\n", "long enough for two words \195\169 and more \n" },
    -- Unicode's table 3-8 and its neighbours: one U+FFFD for each maximal part
    { "\128", bad },
    { "\192\175", bad .. bad },
    { "\193\191", bad .. bad },
    { "\224\159\128", bad .. bad .. bad },
    { "\237\160\128", bad .. bad .. bad },
    { "\244\144\128\128", bad .. bad .. bad .. bad },
    { "\245\255", bad .. bad },
    { "\225\128\226\240\145\146\241\191A", bad .. bad .. bad .. bad .. "A" },
    { "\226\130", bad },
    { "\240\159\152", bad },
    { "a\195(", "a" .. bad .. "(" },
  }

  for i, row in ipairs(strings) do
    it(("number %d"):format(i), function()
      assert.are.equal(row[2], codec.decode('"' .. row[1] .. '"'))
      assert.are.same({ [row[2]] = "x" }, codec.decode('{"' .. row[1] .. '":"x"}'))
    end)
  end

  it("stop at a quote, an escape or a bad byte wherever it lies in a word", function()
    for n = 0, 40 do
      local text = ("x"):rep(n)
      local function around(middle)
        return codec.decode('"' .. text .. middle .. text .. '"')
      end
      assert.are.equal(text .. text, around "")
      assert.are.equal(text .. '"' .. text, around '\\"')
      assert.are.equal(text .. bad .. text, around "\255")
      assert.are.equal(text .. "\195\169" .. text, around "\195\169")
      assert.are.equal(("control character in a string at byte %d"):format(n + 2),
        select(2, codec.decode('"' .. text .. "\31" .. text .. '"')))
    end
  end)
end)

describe("strings written", function()
  local strings = { -- value, text
    { "", [[""]] },
    { "a/b\127", '"a/b\127"' },
    { "\"\\\b\f\n\r\t", [["\"\\\b\f\n\r\t"]] },
    { "\0\1\31", [["\u0000\u0001\u001f"]] },
    { "\226\128\168\226\128\169\195\169\240\159\152\128",
      '"\226\128\168\226\128\169\195\169\240\159\152\128"' },
  }
  for _, row in ipairs(strings) do
    it(row[2], function()
      assert.are.equal(row[2], codec.encode(row[1]))
      assert.are.equal(row[1], codec.decode(row[2]))
    end)
  end

  it("must be UTF-8", function()
    local cases = { ["abcd\255"] = 5, ["\237\160\128"] = 1, ["a\192\128"] = 2, ["0123456789\226\130"] = 11 }
    for value, byte in pairs(cases) do
      local message = ("is not valid UTF-8 (byte %d); binary data goes as base64"):format(byte)
      assert.are.equal("the string " .. message, select(2, codec.encode(value)))
      assert.are.equal("x.y: the string " .. message, select(2, codec.encode { x = { y = value } }))
      assert.are.equal("x: a key " .. message, select(2, codec.encode { x = { [value] = 1 } }))
    end
  end)
end)
