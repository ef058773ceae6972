local codec = require "gemini.codec"
local json = require "gemini.json"

local newproxy = rawget(_G, "newproxy")

describe("arrays and objects", function()
  local texts = {
    "[]", "{}", "[[]]", "[{}]", '{"a":[]}', '{"a":{}}', "[null]", "[null,null,1]", "null", "true", "false",
    "[false,[true]]", '{"a b":{"":[1,2,[3]]}}', '["1",{"1":"x"}]',
  }
  for _, text in ipairs(texts) do
    it("keep " .. text, function()
      assert.are.equal(text, codec.encode((codec.decode(text))))
    end)
  end

  it("are read with white space and a byte order mark", function()
    assert.are.same({ a = { 1, { b = 2 } } }, codec.decode '\239\187\191 \n{\t"a" : [ 1 ,\r\n{ "b" :2 } ] } ')
  end)

  it("take the last of two members with one key", function()
    assert.are.same({ a = 2 }, codec.decode '{"a":1,"a":2}')
  end)

  it("mark arrays, and objects not", function()
    local value = codec.decode '{"a":[1]}'
    assert.is_nil(getmetatable(value))
    assert.are.equal(codec.arrayMt, getmetatable(value.a))
  end)

  it("hold null as the value that lua-cjson has", function()
    assert.are.equal(require "cjson".null, codec.null)
    assert.are.equal(codec.null, codec.decode("[null]")[1])
  end)

  it("are read raw", function()
    local function notRaw() error "a metamethod was called" end
    local helpers = { __index = notRaw, __pairs = notRaw, __ipairs = notRaw, __len = notRaw }
    assert.are.equal('{"a":1}', codec.encode(setmetatable({ a = 1 }, helpers)))
    assert.are.equal("[1,2]", codec.encode(setmetatable({ 1, 2 }, helpers)))
    assert.are.equal("{}", codec.encode(setmetatable({}, helpers)))
  end)

  it("follow the marks of an OpenResty lua-cjson", function()
    local arrayMt, emptyMt = {}, {}
    local cjson = package.loaded.cjson
    package.loaded.cjson = { array_mt = arrayMt, empty_array_mt = emptyMt }
    local value = { setmetatable({}, arrayMt), setmetatable({}, emptyMt), setmetatable({}, {}) }
    local text = codec.encode(value)
    package.loaded.cjson = nil
    local without = codec.encode(value)
    package.loaded.cjson = cjson
    assert.are.equal("[[],[],{}]", text)
    assert.are.equal("[{},{},{}]", without)
  end)

  it("follow its empty_array, and refuse other light userdata", function()
    local upvalueId = rawget(debug, "upvalueid") -- light userdata that plain Lua can have; 5.1 has none
    if not upvalueId then return end
    local up = 1
    local light = upvalueId(function() return up end, 1)
    local cjson = package.loaded.cjson
    package.loaded.cjson = { empty_array = light }
    local text = codec.encode { a = light }
    package.loaded.cjson = cjson
    local nothing, message = codec.encode { a = light }
    assert.are.equal('{"a":[]}', text)
    assert.is_nil(nothing)
    assert.are.equal("a: a userdata can't be sent as JSON", message)
  end)

  it("of many elements keep their order", function()
    local list = {}
    for i = 1, 70000 do list[i] = i end
    local text = codec.encode(list)
    assert.are.equal("[" .. table.concat(list, ",") .. "]", text)
    local read = codec.decode(text)
    assert.are.equal(70000, #read)
    for i = 1, 70000 do assert.is_true(read[i] == i) end
  end)
end)

describe("a value that JSON can't hold", function()
  local function cycle()
    local t = {}
    t.parts = { t }
    return t
  end
  local userdata = io.stdout
  local cases = { -- message, value
    { "contents[1].parts[2].text: a function can't be sent as JSON",
      { contents = { { parts = { { text = "a" }, { text = print } } } } } },
    { "a function can't be sent as JSON", print },
    { "[2]: a userdata can't be sent as JSON", { 1, userdata } },
    { "a: a thread can't be sent as JSON", { a = coroutine.create(function() end) } },
    { 'a["b c"].d: a function can\'t be sent as JSON', { a = { ["b c"] = { d = print } } } },
    { '["2a"]["\\"\\n"]["\195\169"][""]: a function can\'t be sent as JSON',
      { ["2a"] = { ['"\n'] = { ["\195\169"] = { [""] = print } } } } },
    { "[1][2]: a sparse array (3 values, the last at 4) can't be sent as JSON", { { 0, { 1, 2, nil, 4 } } } },
    { "a sparse array (1 values, the last at 2) can't be sent as JSON", { [2] = 1 } },
    { "a: a table with both string and number keys can't be sent as JSON", { a = { 1, 2, b = 3 } } },
    { "a table with the number key 0 can't be sent as JSON", { [0] = 1 } },
    { "a table with the number key 1.5 can't be sent as JSON", { [1.5] = 1 } },
    { "a table with the number key -1 can't be sent as JSON", { [-1] = 1 } },
    { "a: a table with a boolean as a key can't be sent as JSON", { a = { [true] = 1 } } },
    { "a table with a table as a key can't be sent as JSON", { [{}] = 1 } },
    { "an array with a string key can't be sent as JSON", json.array { n = 1 } },
    { "a: a sparse array (1 values, the last at 3) can't be sent as JSON", { a = json.array { [3] = 1 } } },
    { ("parts[1]."):rep(8):sub(1, -2) .. "…: nested more than 1000 deep (a cycle?)", cycle() },
  }
  for _, row in ipairs(cases) do
    it("is told: " .. row[1], function()
      local text, message = codec.encode(row[2])
      assert.is_nil(text)
      assert.are.equal(row[1], message)
    end)
  end

  it("is found whichever key comes first", function()
    for n = 1, 20 do
      local t = { ["k" .. n] = n, [n] = n }
      assert.are.equal("a table with both string and number keys can't be sent as JSON", select(2, codec.encode(t)))
    end
  end)

  it("may be LuaJIT's cdata", function()
    local ok, ffi = pcall(require, "ffi")
    if not ok then return end
    assert.are.equal("n: a cdata can't be sent as JSON", select(2, codec.encode { n = ffi.new("int64_t", 1) }))
  end)
end)

describe("a text that is not JSON", function()
  local cases = { -- text, message
    { "", "unexpected end of text at byte 1" },
    { " \n", "unexpected end of text at byte 3" },
    { "[1,]", "expected a value at byte 4" },
    { "[,1]", "expected a value at byte 2" },
    { "[1 2]", "expected ',' or ']' at byte 4" },
    { '{"a":1,}', "expected a string as the key at byte 8" },
    { "{a:1}", "expected a string as the key at byte 2" },
    { '{"a" 1}', "expected ':' at byte 6" },
    { '{"a":1]', "expected ',' or '}' at byte 7" },
    { "[1}", "expected ',' or ']' at byte 3" },
    { "[1] 2", "text after the value at byte 5" },
    { "1 //", "text after the value at byte 3" },
    { "/**/1", "expected a value at byte 1" },
    { "01", "text after the value at byte 2" },
    { "-", "unexpected end of text at byte 2" },
    { "-a", "invalid number at byte 2" },
    { "[1.]", "invalid number at byte 4" },
    { "[1.e5]", "invalid number at byte 4" },
    { "[1e+]", "invalid number at byte 5" },
    { ".5", "expected a value at byte 1" },
    { "+1", "expected a value at byte 1" },
    { "0x10", "text after the value at byte 2" },
    { "NaN", "expected a value at byte 1" },
    { "nan", "expected a value at byte 2" },
    { "Infinity", "expected a value at byte 1" },
    { "-Infinity", "invalid number at byte 2" },
    { "truE", "expected a value at byte 4" },
    { "'a'", "expected a value at byte 1" },
    { '"\t"', "control character in a string at byte 2" },
    { '"\\x41"', "invalid escape in a string at byte 3" },
    { '"\\u12g4"', "invalid escape in a string at byte 6" },
    { '"\\', "unexpected end of text at byte 3" },
    { '"\\u00', "unexpected end of text at byte 6" },
    { '"\\\0"', "invalid escape in a string at byte 3" },
    { '"abc', "unexpected end of text at byte 5" },
    { "[1]\0", "text after the value at byte 4" },
    { "\239\187\191", "unexpected end of text at byte 4" },
    { "[1]\239\187\191", "text after the value at byte 4" },
    { "]", "expected a value at byte 1" },
    { ("["):rep(100000), "nested more than 1000 deep at byte 1001" },
    { ('{"a":'):rep(100000), "nested more than 1000 deep at byte 5001" },
  }
  for _, row in ipairs(cases) do
    it(("is told: %q"):format(row[1]:sub(1, 12)), function()
      local value, message = codec.decode(row[1])
      assert.is_nil(value)
      assert.are.equal(row[2], message)
    end)
  end
end)

describe("nesting", function()
  local function nested(depth, open, inner, close)
    return open:rep(depth) .. inner .. close:rep(depth)
  end

  it("of 1,000 is read and written", function()
    local texts = {
      nested(1000, "[", "", "]"), nested(1000, '{"a":', "1", "}"), nested(500, '{"a":[', "null", "]}"),
    }
    for _, text in ipairs(texts) do
      assert.are.equal(text, codec.encode(assert(codec.decode(text))))
    end
  end)

  it("of 1,001 is refused both ways", function()
    local arrays, objects = nested(1001, "[", "", "]"), nested(1000, '{"a":', "{}", "}")
    assert.are.equal("nested more than 1000 deep at byte 1001", select(2, codec.decode(arrays)))
    assert.are.equal("nested more than 1000 deep at byte 5001", select(2, codec.decode(objects)))
    local value = {}
    for _ = 1, 1000 do value = { value } end
    local text, message = codec.encode(value)
    assert.is_nil(text)
    assert.are.equal(("[1]"):rep(16) .. "…: nested more than 1000 deep (a cycle?)", message)
    assert.is_string(codec.encode(value[1]))
  end)
end)

describe("a finaliser", function()
  local function whenCollected(fn)
    if newproxy then
      getmetatable(newproxy(true)).__gc = fn
    else
      setmetatable({}, { __gc = fn })
    end
  end

  it("that uses the codec amid a call does it no harm", function()
    local runs, wrong = 0, 0
    local text = '["' .. ("a\\n"):rep(200) .. '","' .. ("b\\t"):rep(300) .. '"]'
    local function finaliser()
      runs = runs + 1
      if codec.encode(codec.decode(text)) ~= text then wrong = wrong + 1 end
      if codec.base64Decode(codec.base64Encode(text)) ~= text then wrong = wrong + 1 end
    end
    collectgarbage("setpause", 50)
    for i = 1, 3000 do
      whenCollected(finaliser)
      local own = '{"k' .. i .. '":["' .. ("c\\r"):rep(100 + i % 50) .. '","\\n' .. i .. '"]}'
      assert.are.equal(own, codec.encode(codec.decode(own)))
    end
    collectgarbage("setpause", 200)
    collectgarbage()
    assert.are.equal(0, wrong)
    assert.is_true(runs > 0)
  end)
end)

describe("the codec's functions", function()
  it("raise for an argument of a wrong type", function()
    for _, name in ipairs { "decode", "base64Encode", "base64Decode" } do
      assert.has_error(function() codec[name]() end)
      assert.has_error(function() codec[name](12) end)
      assert.has_error(function() codec[name] {} end)
    end
    assert.has_error(function() codec.encode() end)
    assert.are.equal("a nil can't be sent as JSON", select(2, codec.encode(nil)))
  end)
end)

describe("gemini.json", function()
  it("writes and reads", function()
    assert.are.equal('{"a":[1,null]}', json.encode { a = { 1, json.null } })
    assert.are.same({ a = { 1, json.null } }, json.decode '{"a":[1,null]}')
  end)

  it("raises where the mistake is", function()
    local ok, message = pcall(function() json.encode { a = print } end)
    assert.is_false(ok)
    assert.matches("json_spec%.lua:%d+: gemini%.json%.encode: a: a function can't be sent as JSON$", message)
  end)

  it("returns nil and a message for a text that is not JSON", function()
    local value, message = json.decode "[1"
    assert.is_nil(value)
    assert.are.equal("unexpected end of text at byte 3", message)
  end)

  it("marks arrays", function()
    local list = {}
    assert.are.equal(list, json.array(list))
    assert.are.equal("[[],{}]", json.encode { list, {} })
    assert.are.equal("[]", json.encode(json.array()))
    assert.are.equal("[1]", json.encode(json.array { 1 }))
    local ok, message = pcall(function() json.array "x" end)
    assert.is_false(ok)
    assert.matches("json_spec%.lua:%d+: gemini%.json%.array: expected a table, got string$", message)
  end)
end)
