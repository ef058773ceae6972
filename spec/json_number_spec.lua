local codec = require "gemini.codec"

local mathType = rawget(math, "type")
local hasIntegers = mathType ~= nil
local huge = math.huge

local function isNegativeZero(v)
  return v == 0 and 1 / v == -huge
end

-- What 5.1 and LuaJIT can't tell apart is a float there, and not asked for.
local function assertNumber(expected, kind, got, text)
  assert.are.equal("number", type(got), text)
  assert.is_true(got == expected, ("%s gives %.17g"):format(text, got))
  if hasIntegers then assert.are.equal(kind, mathType(got), text) end
end

describe("numbers read", function()
  local minInteger = -9223372036854775807 - 1
  local numbers = { -- text, value, its type where there are two
    { "0", 0, "integer" },
    { "-1", -1, "integer" },
    { "9007199254740993", 9007199254740993, "integer" },
    { "9223372036854775807", 9223372036854775807, "integer" },
    { "-9223372036854775808", minInteger, "integer" },
    { "9223372036854775808", 2 ^ 63, "float" },
    { "-9223372036854775809", -2 ^ 63, "float" },
    { "18446744073709551616", 2 ^ 64, "float" },
    { "1.0", 1, "float" },
    { "1e2", 100, "float" },
    { "1E+2", 100, "float" },
    { "25e-2", 0.25, "float" },
    { "0.1", 0.1, "float" },
    { "1e23", 1e23, "float" },
    { "5e-324", 5e-324, "float" },
    { "2.4703282292062327e-324", 0, "float" },
    { "2.4703282292062328e-324", 5e-324, "float" },
    { "2.2250738585072011e-308", 2.2250738585072011e-308, "float" },
    { "1.7976931348623157e308", 1.7976931348623157e308, "float" },
    { "0.30000000000000004", 0.1 + 0.2, "float" },
    { "9007199254740992.99999", 9007199254740992, "float" },
    { "9007199254740993.0", 9007199254740992, "float" },
    { "9007199254740993." .. ("0"):rep(1000) .. "1", 9007199254740994, "float" },
    { "0." .. ("0"):rep(1000) .. "1e1001", 1, "float" },
    { ("1"):rep(1000) .. "e-999", 1.1111111111111112, "float" },
    { ("9"):rep(308), 1e308, "float" },
    { "1e-999999999999999999999", 0, "float" },
    { "0e999999999999999999999", 0, "float" },
  }

  for _, row in ipairs(numbers) do
    it(row[1]:sub(1, 30), function()
      assertNumber(row[2], row[3], codec.decode(row[1]), row[1])
    end)
  end

  it("keep the sign of zero", function()
    for _, text in ipairs { "-0", "-0.0", "-0e5", "-1e-400" } do
      local zero = codec.decode(text)
      assert.is_true(isNegativeZero(zero), text)
      if hasIntegers then assert.are.equal("float", mathType(zero)) end
    end
    assert.is_false(isNegativeZero(codec.decode "0"))
  end)

  it("that are beyond a double are refused", function()
    local tooLarge = { "1e309", "-1e309", "1.7976931348623159e308", ("9"):rep(310), "1e99999999999999999999" }
    for _, text in ipairs(tooLarge) do
      local value, message = codec.decode("[" .. text .. "]")
      assert.is_nil(value)
      assert.are.equal("number out of range at byte 2", message)
    end
  end)
end)

describe("numbers written", function()
  local numbers = { -- value, text, text where all numbers are doubles
    { 0, "0" },
    { -7, "-7" },
    { 9007199254740992, "9007199254740992" },
    { 9223372036854775807, "9223372036854775807", "9.223372036854776e18" },
    { -9223372036854775807 - 1, "-9223372036854775808", "-9.223372036854776e18" },
    { 2 ^ 10, "1024" },
    { -2 ^ 53, "-9007199254740992" },
    { 2 ^ 53 + 2.0, "9.007199254740994e15" },
    { 2 ^ 63, "9.223372036854776e18" },
    { 0.5, "0.5" },
    { -0.1, "-0.1" },
    { 0.1 + 0.2, "0.30000000000000004" },
    { 1 / 3, "0.3333333333333333" },
    { 123456.789, "123456.789" },
    { 99999999999999.97, "99999999999999.97" },
    { 0.00001, "0.00001" },
    { 0.000001, "1e-6" },
    { 1e23, "1e23" },
    { 5e-324, "5e-324" },
    { 2.2250738585072011e-308, "2.225073858507201e-308" },
    { 1.7976931348623157e308, "1.7976931348623157e308" },
    { -1 / huge, "-0.0" },
  }

  for _, row in ipairs(numbers) do
    local text = not hasIntegers and row[3] or row[2]
    it(text, function()
      assert.are.equal(text, codec.encode(row[1]))
    end)
  end

  it("read back as the same doubles", function()
    local state = 20250101
    local function random()
      state = (state * 16807) % 2147483647
      return state
    end
    for i = 1, 20000 do
      local x = (random() + random() / 2147483647) * 2 ^ (random() % 2000 - 1030)
      local text = codec.encode(x)
      assert.is_true(codec.decode(text) == x, ("number %d: %.17g as %s"):format(i, x, text))
    end
  end)

  it("and read the same under a locale with a decimal comma", function()
    local before = os.setlocale()
    local found
    for _, name in ipairs { "de_DE.UTF-8", "fr_FR.UTF-8", "nl_NL.UTF-8", "pl_PL.UTF-8", "de_DE", "German" } do
      found = found or os.setlocale(name)
    end
    if not found then return pending "no locale with a decimal comma is installed" end
    local comma = ("%.1f"):format(0.5)
    local written = codec.encode { 0.1, 1 / 3, 1e-300 }
    local read = codec.decode "[0.1,0.3333333333333333,1e-300,1234567890123456789.5]"
    os.setlocale(before)
    if not rawget(_G, "jit") then assert.are.equal("0,5", comma) end -- LuaJIT's own is the same everywhere
    assert.are.equal("[0.1,0.3333333333333333,1e-300]", written)
    assert.are.same({ 0.1, 1 / 3, 1e-300, 1234567890123456789.5 }, read)
  end)

  it("refuse what JSON has not", function()
    for value, name in pairs { [huge] = "inf", [-huge] = "-inf" } do
      local text, message = codec.encode(value)
      assert.is_nil(text)
      assert.are.equal(name .. " can't be sent as JSON", message)
    end
    assert.are.equal("a[1]: nan can't be sent as JSON", select(2, codec.encode { a = { 0 / 0 } }))
  end)
end)
