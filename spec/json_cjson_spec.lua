-- The codec against lua-cjson, an implementation that is not ours.
require("gemini.interpreted")()

local cjson = require("cjson").new()
local codec = require "gemini.codec"

cjson.decode_invalid_numbers(false)
cjson.encode_max_depth(200)
cjson.encode_number_precision(14)

local seed = tonumber(os.getenv "GEMINI_SPEC_SEED") or os.time() % 1000000
local state = seed * 2000 + 1

-- The same row of numbers in every Lua.
local function random(n)
  state = (state * 16807) % 2147483647
  return math.floor(state / 2147483647 * n) + 1
end

local function oneOf(list)
  return list[random(#list)]
end

local scalars = {
  function() return random(2) == 1 end,
  function() return codec.null end,
  function() return random(2000001) - 1000001 end,
  function() return (random(2 ^ 31) - 2 ^ 30) / 2 ^ random(12) end,
  function() return random(1000) * 10 ^ (random(400) - 200) end,
}

local pieces = {
  "a", "key", " ", "/", '"', "\\", "\n", "\0", "\31", "\127", "\195\169", "\226\130\172",
  "\240\159\152\128", "plain text of a length",
}
local function randomString()
  local parts = {}
  for i = 1, random(8) - 1 do parts[i] = oneOf(pieces) end
  return table.concat(parts)
end
scalars[#scalars + 1] = randomString

local randomValue
local function randomArray(depth)
  local list = {}
  for i = 1, random(6) do list[i] = randomValue(depth - 1) end
  return setmetatable(list, codec.arrayMt)
end

local function randomObject(depth)
  local object = {}
  for _ = 1, random(6) do object[randomString()] = randomValue(depth - 1) end
  return object
end

function randomValue(depth)
  local kind = depth > 0 and random(3) or 1
  if kind == 1 then return oneOf(scalars)() end
  return kind == 2 and randomArray(depth) or randomObject(depth)
end

-- Equal, but for what 14 digits lose.
local function equal(a, b)
  if type(a) == "number" and type(b) == "number" then
    return a == b or math.abs(a - b) <= 1e-13 * math.abs(a)
  end
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  for k, v in next, a do
    if not equal(v, b[k]) then return false end
  end
  for k in next, b do
    if a[k] == nil then return false end
  end
  return true
end

local function context(what, text)
  return ("%s (GEMINI_SPEC_SEED=%d): %q"):format(what, seed, text)
end

describe("random values", function()
  it("written by us are read the same by lua-cjson", function()
    for _ = 1, 3000 do
      local value = { randomValue(4) }
      local text = codec.encode(value)
      assert.is_true(equal(value, cjson.decode(text)), context("differs", text))
    end
  end)

  it("written by lua-cjson are read the same by us", function()
    for _ = 1, 3000 do
      local value = { randomValue(4) }
      local text = cjson.encode(value)
      local read = assert(codec.decode(text))
      assert.is_true(equal(value, read), context("differs", text))
    end
  end)

  it("of all doubles are read exactly by lua-cjson", function()
    for _ = 1, 3000 do
      local x = (random(2 ^ 31) + random(2 ^ 31) / 2 ^ 31) * 2 ^ (random(2000) - 1030)
      local text = codec.encode { x }
      assert.is_true(cjson.decode(text)[1] == x, context("differs", text))
    end
  end)
end)

local samples = {
  [=[{"candidates": [{"content": {"parts": [{"text": "Hi \"you\"\n\u00e9\ud83d\ude00"}], "role": "model"},
    "index": 0}], "usageMetadata": {"promptTokenCount": 9, "totalTokenCount": 31}, "empty": []}]=],
  '{"embeddings":[{"values":[0.0131,-1.5e-3,-0,1E+2,12345678901234567890]},{"values":[]}],"ok":true,"n":null}',
  '[[[{"a":{"b":[1,"\195\169\226\130\172",{"c":{}}]}}]],"\\/\\\\\\b\\f\\r\\t"]',
}

describe("a document cut short", function()
  it("is told as such at every byte", function()
    for _, text in ipairs(samples) do
      assert.is_table(codec.decode(text))
      for n = 0, #text - 1 do
        local value, message = codec.decode(text:sub(1, n))
        assert.is_nil(value)
        assert.are.equal(("unexpected end of text at byte %d"):format(n + 1), message)
      end
    end
  end)
end)

-- Where we are stricter than lua-cjson, as RFC 8259 wants: what we say, and whether it is so.
local stricter = {
  ["control character in a string"] = function(text, at) return text:byte(at) < 32 end,
  ["text after the value"] = function(text, at) return text:byte(at) == 0 end,
  ["invalid number"] = function(text, at) return not text:sub(at, at):match "%d" end,
  ["number out of range"] = function(text, at)
    local number = cjson.decode("[" .. text:match("^[-+%d.eE]+", at) .. "]")[1]
    return math.abs(number) == math.huge
  end,
}

local function mayRefuse(text, message)
  local what, at = message:match "^(.*) at byte (%d+)$"
  local rule = stricter[what]
  return rule and rule(text, tonumber(at))
end

-- lua-cjson refuses lone surrogates.
local function mayAccept(text)
  return text:find "\\u[dD][89a-fA-F]"
end

local bytes = {
  "[", "]", "{", "}", '"', ",", ":", "\\", "-", "+", ".", "e", "E", "0", "9", "u", "d", "n", "t", " ", "\n", "\t",
  "\0", "\31", "\127", "\128", "\195", "\226", "\240", "\255", "null", "true", '"a":', "1e999", "\\ud800", "\\u0000",
}

local edits = {
  function(text, at) return text:sub(1, at - 1) .. oneOf(bytes) .. text:sub(at + 1) end,
  function(text, at) return text:sub(1, at - 1) .. oneOf(bytes) .. text:sub(at) end,
  function(text, at) return text:sub(1, at - 1) .. text:sub(at + random(4)) end,
  function(text, at) return text:sub(1, at + random(20)) .. text:sub(at) end,
}

local function mutate(text)
  for _ = 1, random(2) do text = oneOf(edits)(text, random(#text)) end
  return text
end

describe("a document with mistakes", function()
  it("is accepted or refused as lua-cjson does, save where the RFC is stricter", function()
    local accepted, refused = 0, 0
    for _ = 1, 6000 do
      local text = mutate(oneOf(samples))
      local value, message = codec.decode(text)
      local theirs, theirValue = pcall(cjson.decode, text)
      if value ~= nil then
        accepted = accepted + 1
        assert.is_true(theirs or mayAccept(text) ~= nil, context("we alone accept", text))
        -- lua-cjson leaves ill-formed UTF-8 as it is.
        local same = not theirs or text:find "[\128-\255]" ~= nil or equal(value, theirValue)
        assert.is_true(same, context("read differently", text))
      else
        refused = refused + 1
        assert.is_true(not theirs or mayRefuse(text, message), context("we alone refuse, " .. message, text))
      end
    end
    assert.is_true(accepted > 300 and refused > 300, ("%d accepted, %d refused"):format(accepted, refused))
  end)
end)
