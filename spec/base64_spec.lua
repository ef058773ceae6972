local codec = require "gemini.codec"

describe("base64", function()
  local pairsOf = { -- bytes, text
    { "", "" },
    { "f", "Zg==" },
    { "fo", "Zm8=" },
    { "foo", "Zm9v" },
    { "foob", "Zm9vYg==" },
    { "fooba", "Zm9vYmE=" },
    { "foobar", "Zm9vYmFy" },
    { "\0", "AA==" },
    { "\0\0\0", "AAAA" },
    { "\251\239\255", "++//" },
    { "\255\255", "//8=" },
  }

  for _, row in ipairs(pairsOf) do
    it("writes and reads " .. row[2], function()
      assert.are.equal(row[2], codec.base64Encode(row[1]))
      assert.are.equal(row[1], codec.base64Decode(row[2]))
    end)

    it("reads " .. row[2] .. " without padding and in the URL-safe alphabet", function()
      local bare = row[2]:gsub("=", "")
      assert.are.equal(row[1], codec.base64Decode(bare))
      assert.are.equal(row[1], codec.base64Decode((bare:gsub("[+/]", { ["+"] = "-", ["/"] = "_" }))))
    end)
  end

  it("agrees with luasocket's at every length", function()
    local mime = require "mime"
    local bytes = {}
    for i = 1, 300 do
      bytes[i] = string.char((i * 167 + 13) % 256)
      local text = table.concat(bytes)
      local theirs = mime.b64(text)
      assert.are.equal(theirs, codec.base64Encode(text))
      assert.are.equal(text, codec.base64Decode(theirs))
    end
  end)

  it("holds megabytes", function()
    local bytes = ("\0\127\128\255binary"):rep(300000)
    local text = codec.base64Encode(bytes)
    assert.are.equal(4000000, #text)
    assert.is_true(codec.base64Decode(text) == bytes)
  end)

  local refused = { -- text, byte
    { "Zm9v Zm9v", 5 },
    { "Zm9v\n", 5 },
    { "Zm9\0", 4 },
    { "Zm9vYm\200y", 7 },
    { "*m9v", 1 },
    { "Zm9vY", 5 },
    { "Z", 1 },
    { "=", 1 },
    { "====", 1 },
    { "Z===", 2 },
    { "Zg=", 3 },
    { "Zg=a", 3 },
    { "Zg==Zg==", 3 },
    { "Zm9v=", 5 },
    { "Zm9v====", 5 },
    { "Zh==", 2 },
    { "Zm9=", 3 },
    { "Zm9vYmF", 7 },
  }
  for _, row in ipairs(refused) do
    it(("refuses %q"):format(row[1]), function()
      local bytes, message = codec.base64Decode(row[1])
      assert.is_nil(bytes)
      assert.are.equal("not base64 at byte " .. row[2], message)
    end)
  end

  it("decodes a long text as it does its groups, whatever its bytes are", function()
    local text = ("ABCDabcd0123+/-_"):rep(8)
    for place = 1, 100 do
      for code = 0, 255 do
        local changed = text:sub(1, place - 1) .. string.char(code) .. text:sub(place + 1)
        local bytes, message = codec.base64Decode(changed)
        local groups, illegal = {}, nil
        for group in changed:gmatch("....") do groups[#groups + 1] = codec.base64Decode(group) end
        -- Padding is legal in a group by itself.
        if #groups < 32 or code == 61 then illegal = "not base64 at byte " .. place end
        assert.are.equal(not illegal and table.concat(groups) or nil, bytes)
        assert.are.equal(illegal, message)
      end
    end
  end)

  it("finds a byte of neither alphabet wherever it is", function()
    local legal = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"
    for code = 0, 255 do
      local c = string.char(code)
      local isLegal = legal:find(c, 1, true) ~= nil
      for place = 1, 8 do
        local text = ("A"):rep(place - 1) .. c .. ("A"):rep(8 - place)
        if isLegal then
          assert.are.equal(6, #codec.base64Decode(text))
        elseif not (c == "=" and place == 8) then
          assert.are.equal("not base64 at byte " .. place, select(2, codec.base64Decode(text)))
        end
      end
    end
  end)
end)
