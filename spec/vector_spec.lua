---Vectors of float32: what they hold, what they compute, and what they are in JSON.

require("gemini.interpreted")()

local codec = require "gemini.codec"
local gemini = require "gemini"

local vector = gemini.vector

local LARGEST, SMALLEST = 2 ^ 128 - 2 ^ 104, 2 ^ -149

-- The same row of numbers in every Lua, from -0.5 to 0.5.
local state = 42
local function random()
  state = (state * 16807) % 2147483647
  return state / 2147483647 - 0.5
end

local function randoms(n)
  local list = {}
  for i = 1, n do list[i] = random() end
  return list
end

local function raises(expected, fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  assert.truthy(tostring(err):find(expected, 1, true), tostring(err) .. "\nlacks: " .. expected)
end

local function near(expected, value, tolerance)
  assert.is_true(math.abs(expected - value) <= (tolerance or 1e-12), ("%.17g is not %.17g"):format(value, expected))
end

-- In doubles, of the numbers as a vector holds them.
local function plainDot(v, w)
  local sum = 0
  for i = 1, #v do sum = sum + v[i] * w[i] end
  return sum
end

local function plainCosine(v, w)
  local norms = math.sqrt(plainDot(v, v)) * math.sqrt(plainDot(w, w))
  return norms == 0 and 0 or plainDot(v, w) / norms
end

describe("a vector", function()
  it("is made of a list, whose numbers it rounds to float32", function()
    local v = vector.new { 1, -2.5, 0.1, 16777217, LARGEST, SMALLEST, 2 ^ -151 }
    assert.same({ 1, -2.5, 0.10000000149011612, 16777216, LARGEST, SMALLEST, 0 }, v:toTable())
    assert.equal(0, #vector.new {})
    assert.same({}, vector.new({}):toTable())
  end)

  it("shares nothing with the list", function()
    local list = { 1, 2 }
    local v = vector.new(list)
    list[1] = 5
    v:toTable()[2] = 5
    assert.same({ 1, 2 }, v:toTable())
  end)

  it("has a size, and numbers from 1 on", function()
    local v = vector.new { 10, 20, 30 }
    assert.equal(3, #v)
    assert.same({ 10, 30 }, { v[1], v[3] })
    for _, key in ipairs { 0, 4, -1, 1.5, 1e300, math.huge, 0 / 0, true, "1", "size" } do assert.is_nil(v[key]) end
  end)

  it("can't be set", function()
    local v = vector.new { 1 }
    for _, key in ipairs { 1, 2, "name" } do
      raises("a vector can't be changed", function() v[key] = 5 end)
    end
    assert.same({ 1 }, v:toTable())
  end)

  it("is walked by ipairs where Lua lets it be", function()
    local v, seen = vector.new { 5, 6 }, {}
    local walk = _VERSION == "Lua 5.1" and getmetatable(v).__ipairs or ipairs
    for i, x in walk(v) do seen[i] = x end
    assert.same({ 5, 6 }, seen)
  end)

  it("equals one with the same numbers", function()
    local v = vector.new { 1, 0, 3 }
    assert.is_true(v == vector.new { 1, -0.0, 3 })
    assert.is_true(vector.new {} == vector.new {})
    for _, other in ipairs { vector.new { 1, 0, 4 }, vector.new { 1, 0 }, vector.new { 1, 0, 3, 0 }, io.stdout, { 1, 0, 3 } } do
      assert.is_false(v == other)
      assert.is_false(other == v)
    end
  end)

  it("is shown in a few words", function()
    assert.equal("gemini.vector: 3072 numbers", tostring(vector.new(randoms(3072))))
  end)

  it("takes four bytes a number", function()
    local bytes = ("\0"):rep(4000000)
    collectgarbage()
    collectgarbage()
    local before = collectgarbage "count"
    local v = vector.fromBytes(bytes)
    assert.is_true(collectgarbage "count" - before < 4100000 / 1024)
    assert.equal(1000000, #v)
  end)

  for _, case in ipairs {
    { 5, "list must be a table of numbers, got number" },
    { vector.new { 1 }, "list must be a table of numbers, got userdata" },
    { { values = { 1 } }, "list must be a list of numbers, got a table without list[1]" },
    { { 1, "2" }, "list[2] must be a finite number in a float32's range, got string" },
    { { 1, 2, {} }, "list[3] must be a finite number in a float32's range, got table" },
    { { 1, codec.null }, "list[2] must be a finite number in a float32's range, got userdata" },
    { { math.huge }, "list[1] must be a finite number in a float32's range, got inf" },
    { { 0, -math.huge }, "list[2] must be a finite number in a float32's range, got -inf" },
    { { 0, 0 / 0 }, "list[2] must be a finite number in a float32's range, got " },
    { { 1e300 }, "list[1] must be a finite number in a float32's range, got 1e+300" },
    { { 2 ^ 128 - 2 ^ 103 }, "list[1] must be a finite number" },
  } do
    it("is refused: " .. case[2], function() raises("gemini.vector.new: " .. case[2], vector.new, case[1]) end)
  end

  it("is refused where it is used, which the error says", function()
    local _, err = pcall(function() vector.new "x" end)
    assert.truthy(err:find("vector_spec.lua:%d+: gemini.vector.new: "), err)
  end)

  it("is not made of a list that a finaliser cuts short meanwhile", function()
    local proxy = rawget(_G, "newproxy")
    local list = {}
    local function clear() for i = #list, 1, -1 do list[i] = nil end end
    for round = 1, 200 do
      for i = 1, 1000 do list[i] = round end
      local doomed = proxy and proxy(true) or setmetatable({}, { __gc = clear })
      if proxy then getmetatable(doomed).__gc = clear end
      doomed = nil -- luacheck: ignore 311
      local ok, made = pcall(vector.new, list)
      if ok then assert.equal(round, made[1000] or round) else assert.truthy(made:find "list%[%d+%] must be") end
    end
  end)
end)

describe("a vector's bytes", function()
  it("are little-endian float32", function()
    local bytes = "\0\0\128\63\0\0\32\192\0\0\0\128\205\204\204\61"
    assert.equal(bytes, vector.fromBytes(bytes):toBytes())
    assert.same({ 1, -2.5, 0, 0.10000000149011612 }, vector.fromBytes(bytes):toTable())
    assert.equal(-math.huge, 1 / vector.fromBytes(bytes)[3])
    assert.equal("", vector.fromBytes(""):toBytes())
  end)

  it("hold a large vector", function()
    local v = vector.new(randoms(100000))
    assert.equal(400000, #v:toBytes())
    assert.is_true(vector.fromBytes(v:toBytes()) == v)
  end)

  for _, case in ipairs {
    { {}, "bytes must be a string, got table" },
    { 12, "bytes must be a string, got number" },
    { "abcde", "bytes must be four for each number, got 5 in all" },
    { "\0\0\0\0\0\0\128\127", "number 2 must be finite" },
    { "\1\0\192\255", "number 1 must be finite" },
  } do
    it("are refused: " .. case[2], function() raises("gemini.vector.fromBytes: " .. case[2], vector.fromBytes, case[1]) end)
  end
end)

describe("two vectors", function()
  it("of any size have a dot product and a cosine", function()
    for n = 0, 100 do
      local v, w = vector.new(randoms(n)), vector.new(randoms(n))
      near(plainDot(v, w), v:dot(w))
      near(plainCosine(v, w), v:cosine(w))
    end
    local v, w = vector.new(randoms(3072)), vector.new(randoms(3072))
    near(plainDot(v, w), v:dot(w), 1e-10)
    near(plainCosine(v, w), v:cosine(w))
  end)

  it("use every number once", function()
    for n = 1, 70 do
      local ones, list = {}, {}
      for i = 1, n do ones[i], list[i] = 1, 0 end
      for i = 1, n do
        list[i] = i
        assert.equal(i, vector.new(ones):dot(vector.new(list)))
        list[i] = 0
      end
    end
  end)

  it("may be as large or small as a float32 can be", function()
    local large, small = vector.new { LARGEST, LARGEST }, vector.new { SMALLEST, SMALLEST }
    assert.equal(2 * LARGEST ^ 2, large:dot(large))
    assert.equal(2 * SMALLEST ^ 2, small:dot(small))
    near(1, large:cosine(small), 1e-15)
  end)

  it("have a cosine from -1 to 1", function()
    for _ = 1, 1000 do
      local v, list = vector.new(randoms(3)), {}
      for i = 1, 3 do list[i] = -v[i] end
      assert.is_true(v:cosine(v) <= 1 and v:cosine(vector.new(list)) >= -1)
    end
  end)

  it("have the cosine 0 where one has no direction", function()
    local zero, v = vector.new { 0, 0 }, vector.new { 1, 2 }
    assert.same({ 0, 0, 0 }, { zero:cosine(v), v:cosine(zero), zero:cosine(zero) })
    assert.equal(0, vector.new({}):cosine(vector.new {}))
  end)

  it("have to be of one size", function()
    local v, w = vector.new { 1, 2, 3 }, vector.new { 1 }
    raises("vector:dot: v has 3 numbers, w has 1", v.dot, v, w)
    raises("vector:cosine: v has 1 numbers, w has 3", w.cosine, w, v)
  end)

  it("have to be vectors", function()
    local v = vector.new { 1 }
    raises("vector:dot: w must be a vector, got table", v.dot, v, { 1 })
    raises("vector:cosine: w must be a vector, got no value", v.cosine, v)
    raises("vector:dot: w must be a vector, got userdata", v.dot, v, io.stdout)
    for _, name in ipairs { "dot", "cosine", "normalize", "toBytes", "toTable" } do
      raises(("vector:%s: v must be a vector, got string"):format(name), v[name], "x", v)
    end
    for _, event in ipairs { "__len", "__index", "__tostring" } do
      raises("v must be a vector, got table", getmetatable(v)[event], {}, 1)
    end
  end)
end)

describe("a normalized vector", function()
  it("is the same one, of length 1", function()
    local v = vector.new { 3, 4 }
    assert.is_true(rawequal(v, v:normalize()))
    near(0.6, v[1], 1e-7)
    near(0.8, v[2], 1e-7)
    near(1, v:dot(v), 1e-7)
  end)

  it("has the direction that it had, and its new length for what follows", function()
    local list = randoms(768)
    local v, w = vector.new(list), vector.new(list)
    near(1, v:cosine(w))
    v:normalize()
    near(1, v:cosine(w))
    near(math.sqrt(w:dot(w)), v:dot(w), 1e-6)
  end)

  it("may have been as large or small as a float32 can be", function()
    for _, x in ipairs { LARGEST, SMALLEST } do near(math.sqrt(0.5), vector.new({ x, -x }):normalize()[1], 1e-7) end
  end)

  it("is all zeros if it was", function()
    assert.same({ 0, 0 }, vector.new({ 0, 0 }):normalize():toTable())
    assert.equal(0, #vector.new({}):normalize())
  end)
end)

describe("gemini.vector.topK", function()
  -- By a full sort.
  local function plainTop(query, vectors, k)
    local all = {}
    for i, v in ipairs(vectors) do all[i] = { index = i, score = query:cosine(v) } end
    table.sort(all, function(a, b) return a.score > b.score or a.score == b.score and a.index < b.index end)
    for i = k + 1, #all do all[i] = nil end
    return all
  end

  it("finds the k best, the best first", function()
    local query, vectors = vector.new(randoms(20)), {}
    for i = 1, 500 do vectors[i] = vector.new(randoms(20)) end
    for _, k in ipairs { 1, 2, 3, 10, 100, 499, 500 } do
      assert.same(plainTop(query, vectors, k), vector.topK(query, vectors, k))
    end
  end)

  it("puts equals into the list's order", function()
    local query, vectors = vector.new { 1, 0 }, {}
    for i = 1, 300 do vectors[i] = vector.new { math.floor(random() * 4), math.floor(random() * 4) } end
    for k = 1, 300, 13 do assert.same(plainTop(query, vectors, k), vector.topK(query, vectors, k)) end
  end)

  it("gives all where k is larger", function()
    local v = vector.new { 1 }
    assert.same({ { index = 1, score = 1 }, { index = 2, score = 1 } }, vector.topK(v, { v, v }, 3))
    assert.equal(1, #vector.topK(v, { v }, math.huge))
    assert.equal(1, #vector.topK(v, { v }, 2 ^ 60))
    assert.same({}, vector.topK(v, {}, 3))
  end)

  it("scores what has no direction as 0", function()
    local zero, v = vector.new { 0, 0 }, vector.new { 1, 1 }
    local opposite = vector.new { -1, -1 }
    local found = vector.topK(v, { opposite, zero, v }, 3)
    assert.same({ 3, 2, 1 }, { found[1].index, found[2].index, found[3].index })
    assert.equal(0, found[2].score)
    assert.same({ { index = 1, score = 0 } }, vector.topK(zero, { v, v }, 1))
  end)

  it("leaves the list as it is, and reads it raw", function()
    local v = vector.new { 1 }
    local list = setmetatable({ v }, { __index = function() error "a metamethod was called" end, __len = function() return 5 end })
    assert.equal(1, #vector.topK(v, list, 9))
    assert.is_true(rawequal(v, list[1]))
  end)

  it("is not confused by a finaliser that changes the list", function()
    local proxy, query, list = rawget(_G, "newproxy"), vector.new { 1, 2 }, {}
    local function clear() for i = #list, 1, -1 do list[i] = nil end end
    for _ = 1, 200 do
      for i = 1, 100 do list[i] = vector.new { i, 1 } end
      local doomed = proxy and proxy(true) or setmetatable({}, { __gc = clear })
      if proxy then getmetatable(doomed).__gc = clear end
      doomed = nil -- luacheck: ignore 311
      local ok, found = pcall(vector.topK, query, list, 50)
      if not ok then assert.truthy(found:find "vectors%[%d+%] must be a vector, got nil") end
      for _, match in ipairs(ok and found or {}) do assert.is_true(match.index >= 1 and match.index <= 100) end
    end
  end)

  local v = vector.new { 1, 2 }
  for _, case in ipairs {
    { "query must be a vector, got table", { 1, 2 }, { v }, 1 },
    { "query must be a vector, got nil", nil, { v }, 1 },
    { "vectors must be a list of vectors, got userdata", v, v, 1 },
    { "vectors must be a list of vectors, got nil", v, nil, 1 },
    { "vectors[2] must be a vector, got table", v, { v, {} }, 1 },
    { "vectors[1] must be a vector, got number", v, { 5 }, 1 },
    { "query has 2 numbers, vectors[2] has 3", v, { v, vector.new { 1, 2, 3 } }, 1 },
    { "k must be a whole number from 1 on, got 0", v, { v }, 0 },
    { "k must be a whole number from 1 on, got -1", v, { v }, -1 },
    { "k must be a whole number from 1 on, got 1.5", v, { v }, 1.5 },
    { "k must be a whole number from 1 on, got ", v, { v }, 0 / 0 },
    { "k must be a whole number from 1 on, got string", v, { v }, "1" },
    { "k must be a whole number from 1 on, got nil", v, { v }, nil },
  } do
    it("is refused: " .. case[1], function()
      raises("gemini.vector.topK: " .. case[1], vector.topK, case[2], case[3], case[4])
    end)
  end
end)

describe("a vector in JSON", function()
  it("is an array of numbers", function()
    assert.equal('{"values":[1,-2.5,0.1]}', gemini.json.encode { values = vector.new { 1, -2.5, 0.1 } })
    assert.equal("[[],[0]]", gemini.json.encode { vector.new {}, vector.new { 0 } })
    assert.equal("[3]", gemini.json.encode(vector.new { 3 }))
  end)

  it("has the fewest digits that read back to it", function()
    local zero = "\0\0\0\128"
    assert.equal("[-0.0]", gemini.json.encode(vector.fromBytes(zero)))
    for _, text in ipairs {
      "[0.013168523]", "[-1.1754944e-38]", "[1e-45]", "[1.4e-44]", "[3.4028235e38]", "[16777216]", "[1e20]", "[0.3]",
      "[1e-10]", "[8589935000]", "[123456.79]", "[0.00012207031]", "[9.223372e18]",
    } do
      local v = codec.decode(('{"v":%s}'):format(text), nil, "v").v
      assert.equal(text, gemini.json.encode(v))
    end
  end)

  it("reads back to the same numbers, whatever they are", function()
    local bytes = {}
    for i = 1, 20000 do
      local high = math.floor((random() + 0.5) * 256)
      -- Not the exponents of what is not finite.
      if high % 128 == 127 then high = high - 1 end
      bytes[i] = string.char(math.floor((random() + 0.5) * 256), math.floor((random() + 0.5) * 256),
        math.floor((random() + 0.5) * 256), high)
    end
    local v = vector.fromBytes(table.concat(bytes))
    local text = gemini.json.encode { v = v }
    assert.is_true(v:toBytes() == codec.decode(text, nil, "v").v:toBytes())
    assert.is_true(v:toBytes() == vector.new(gemini.json.decode(text).v):toBytes())
  end)

  it("is no wider than it needs to be", function()
    local text = gemini.json.encode(vector.new(randoms(1000)))
    for number in text:gmatch "[^%[%],]+" do
      assert.is_true(#number:gsub("e.*", ""):gsub("^%-?0?%.?0*", ""):gsub("%.", "") <= 9, number)
    end
  end)

  it("is the same where the locale has a decimal comma", function()
    local before = os.setlocale()
    if not os.setlocale "de_DE.UTF-8" then return pending "no locale with a decimal comma is installed" end
    local text = gemini.json.encode(vector.new { 0.1, 1e-20, 1e-45 })
    local value = codec.decode('{"v":[0.25,1e-20]}', nil, "v").v
    os.setlocale(before)
    assert.equal("[0.1,1e-20,1e-45]", text)
    assert.is_true(value == vector.new { 0.25, 1e-20 })
  end)

  it("is read where a key says so", function()
    local text = '{"a":{"v":[1,2.5]},"b":[{"v":[3]},[4]],"v":[5],"w":[6]}'
    local value = codec.decode(text, nil, "v")
    for _, v in ipairs { value.a.v, value.b[1].v, value.v } do assert.equal("userdata", type(v)) end
    assert.same({ { 1, 2.5 }, { 3 }, { 5 } }, { value.a.v:toTable(), value.b[1].v:toTable(), value.v:toTable() })
    assert.same({ { 4 }, { 6 } }, { value.b[2], value.w })
    assert.equal("table", type(codec.decode(text).v))
    assert.equal("table", type(codec.decode("[1]", nil, "v")))
    assert.equal("table", type(codec.decode('["v",[1]]', nil, "v")[2]))
  end)

  it("is read from all that JSON writes numbers as", function()
    local text = '{"v": [ 1 ,\n\t-2.5e1,\r\n0,-0, -0.0,1E-2,1e+2,16777217,9007199254740993,1e-50,12345678901234567890 ] }'
    assert.same({ 1, -25, 0, 0, 0, 0.0099999997764825821, 100, 16777216, 2 ^ 53, 0, 12345679395506094080 },
      codec.decode(text, nil, "v").v:toTable())
    assert.equal(-math.huge, 1 / codec.decode(text, nil, "v").v[5])
    assert.equal(LARGEST, codec.decode('{"v":[3.4028235e38]}', nil, "v").v[1])
  end)

  it("is a list where it holds what no vector can", function()
    for _, text in ipairs {
      "[]", "[ ]", '["1"]', "[1,null]", "[1,[2]]", "[[1]]", "[true]", "[{}]", "[1,2,1e39]", "[3.5e38]", "[-1e39]", "[1e300]",
    } do
      local value = codec.decode(('{"v":%s}'):format(text), nil, "v").v
      assert.equal(codec.arrayMt, getmetatable(value), text)
      assert.same(codec.decode(text), value)
    end
    assert.equal("table", type(codec.decode('{"v":[[1]]}', nil, "v").v[1]))
    assert.equal("userdata", type(codec.decode('{"v":[0,{"v":[1]}]}', nil, "v").v[2].v))
  end)

  it("is as wrong as a list that is wrong", function()
    local text = '{"v":[1,-2.5e-1,30]}'
    for n = 0, #text - 1 do
      local cut = text:sub(1, n)
      assert.same({ codec.decode(cut) }, { codec.decode(cut, nil, "v") })
      for _, wrong in ipairs { "x", ",", "]", "-", "1e999", "\0" } do
        local changed = cut .. wrong .. text:sub(n + 1)
        local _, message = codec.decode(changed)
        local value, packedMessage = codec.decode(changed, nil, "v")
        assert.equal(message, packedMessage)
        assert.equal(message == nil, value ~= nil, changed)
      end
    end
    assert.same({ nil, "nested more than 2 deep at byte 11" }, { codec.decode('{"a":{"v":[1]}}', 2, "v") })
  end)

  it("may be large, and one of many", function()
    local list = {}
    for i = 1, 5000 do list[i] = i end
    local text = ('{"v":[%s]}'):format(table.concat(list, ", "))
    local value = codec.decode("[" .. text .. ',{"\\u0076":[1]},' .. text .. "]", nil, "v")
    assert.same({ 5000, 1, 5000 }, { #value[1].v, #value[2].v, #value[3].v })
    assert.is_true(value[3].v == vector.new(list))
  end)
end)
