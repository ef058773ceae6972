---The core's SHA-256, against the system's.

local codec = require "gemini.codec"
local temporary = require "spec.support.temporary"

local function known(bytes)
  local pipe = io.popen(("sha256sum '%s'"):format(temporary.file(bytes)))
  local digest = pipe:read("*a"):match "^%x+"
  pipe:close()
  return digest
end

describe("SHA-256", function()
  after_each(temporary.clean)

  it("is what the system says it is", function()
    for _, size in ipairs { 0, 1, 3, 55, 56, 57, 63, 64, 65, 119, 120, 121, 127, 128, 1000, 1000000 } do
      local bytes = ("a\0\255\128b"):rep(math.ceil(size / 5)):sub(1, size)
      assert.equal(known(bytes), codec.sha256():add(bytes):hex(), "of " .. size .. " bytes")
    end
  end)

  it("is the same for any cut of its input, and goes on behind a digest", function()
    local bytes = ("0123456789"):rep(20)
    local whole = codec.sha256():add(bytes):hex()
    for step = 1, 131 do
      local hash = codec.sha256()
      for at = 1, #bytes, step do
        hash:add(bytes:sub(at, at + step - 1))
        hash:hex()
      end
      assert.equal(whole, hash:hex())
    end
  end)

  it("takes strings alone", function()
    assert.has_error(function() codec.sha256():add {} end)
  end)
end)
