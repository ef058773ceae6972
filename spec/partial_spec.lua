---Values of JSON texts that are still coming, against the codec's of whole ones, for every cut.

require("gemini.interpreted")()

local calling = require "spec.support.calling"
local cjson = require "cjson"
local codec = require "gemini.codec"
local gemini = require "gemini"
local partial = require "gemini.partial"
local run = require "spec.support.run"
local talk = require "spec.support.talk"
local tables = require "gemini.tables"

-- Whether two trees are the same, marks of arrays and kinds of numbers included.
local function isSame(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then
    return a == b and type(a) == type(b) and tostring(a) == tostring(b)
  end
  if getmetatable(a) ~= getmetatable(b) then return false end
  for name, inner in next, a do
    if not isSame(inner, b[name]) then return false end
  end
  for name in next, b do
    if a[name] == nil then return false end
  end
  return true
end

-- Whether a value may become another one as more comes: strings, and containers, grow at their ends.
local function begins(early, late)
  if early == nil then return true end
  if type(early) == "string" then return type(late) == "string" and late:sub(1, #early) == early end
  if type(early) ~= "table" then return isSame(early, late) end
  if type(late) ~= "table" or getmetatable(early) ~= getmetatable(late) then return false end
  for name, inner in next, early do
    if late[name] == nil or not begins(inner, late[name]) then return false end
  end
  return true
end

local function of(...)
  local p = partial.new()
  for i = 1, select("#", ...) do p:add((select(i, ...))) end
  return p:value()
end

-- The values of all beginnings, each in tables of its own, where the text comes byte by byte.
local function states(text)
  local p, out = partial.new(), {}
  for i = 1, #text do
    p:add(text:sub(i, i))
    out[i] = tables.deepCopy(p:value())
  end
  return out
end

local function show(text, at) return ("of %q, cut at %d"):format(text, at) end

-- The same at every cut into two, as in one piece; and where it is asked for at the cut, or only at the end.
local function assertSameForAllCuts(text, each)
  for at = 0, #text do
    local p = partial.new()
    p:add(text:sub(1, at))
    assert.is_true(isSame(each[at], p:value()), show(text, at))
    p:add(text:sub(at + 1))
    assert.is_true(isSame(each[#text], p:value()), show(text, at))
    assert.is_true(isSame(each[#text], of(text:sub(1, at), "", text:sub(at + 1))), show(text, at))
  end
end

-- A whole text's values, at all its ends.
local function check(text)
  local final, problem = codec.decode(text)
  assert.is_nil(problem, text)
  local each = states(text .. " ")
  assert.is_true(isSame(final, each[#text + 1]), text)
  assertSameForAllCuts(text .. " ", each)
  return each, final
end

local function checkGrowth(text)
  local each, final = check(text)
  for i = 1, #text do assert.is_true(begins(each[i], final), show(text, i)) end
end

local TEXTS = {
  "{}", "[]", "[[]]", "[{}]", '{"a":{}}', '{"a":[]}', "null", "true", "false", '""', '"a"', "0", "-0", "-1.5e+3",
  "12345678901234567890",
  "9007199254740993", "[9223372036854775807, -9223372036854775808]", "1e308",
  ' \t\r\n{ "a" : [ 1 , 2.50 ,\r\n{ "b" : null } ] , "c" : "d" } \n', "\239\187\191 [1]",
  '{"a":1,"b":"","c":[true,false,null],"":{"":[]}}', '["\\"\\\\\\/\\b\\f\\n\\r\\t"]', '"\\u0000\\u00e9\\u20AC"',
  '"\\ud83d\\ude42"', '{"\\ud83d\\ude42":"\\ud83d\\ude42"}', '"\\ud800"', '"\\ud800\\ud83d\\ude42"', '"\\udc00x"', '"\\ud800\\n"',
  '"\\ud800\\u0041"', '"\\ud800 u"', '"é€🙂"', '{"é€🙂":"é€🙂"}', '"\127"', '[[[[1],2],3],[4,[5]]]',
}

-- What is no UTF-8, which the codec makes U+FFFD.
local BYTES = {
  '"\128"', '"\195"', '"\195x"', '"\226\130"', '"\226\130x"', '"\226"', '"\240\159\152"', '"\240\159\152x\240"', '"\192\128"',
  '"\224\128\128"', '"\237\160\128"', '"\244\144\128\128"', '"\245\128\128\128"', '"\255\254"', '"\195\195\169"', '"\240\159\\n"',
  '{"\240\159":"\226\130"}',
}

local seed = tonumber(os.getenv "GEMINI_SPEC_SEED") or os.time() % 1000000
local state = seed * 2000 + 1

-- The same row of numbers in every Lua.
local function random(n)
  state = (state * 16807) % 2147483647
  return math.floor(state / 2147483647 * n) + 1
end

local function oneOf(list) return list[random(#list)] end

local function some(most, make, between)
  local pieces = {}
  for i = 1, random(most + 1) - 1 do pieces[i] = make() end
  return table.concat(pieces, between)
end

local CHARACTERS = {
  "a", "b c", "\\n", '\\"', "\\\\", "\\/", "\\u0041", "\\u00E9", "é", "€", "🙂", "\\ud83d\\ude42", "\\ud83d", "\\ude42", "\195",
  "\240\159", "/",
}
local WORDS = { "0", "-1", "2.50", "1e5", "-3.25E-2", "12345678901234567890", "true", "false", "null" }
local OTHERS = { "", " ", '"', "\\", "{", "}", "[", "]", ",", ":", "0", "-", "e", "t", "u", "\0", "\n", "\195", "\\ud83d", "\\u12" }

local function randomSpace() return oneOf { "", "", " ", "\n ", "\t" } end

local function randomString()
  return '"' .. some(6, function() return oneOf(CHARACTERS) end) .. '"'
end

-- Names differ, else a value might be another one later.
local function randomName(count)
  return function()
    count = count + 1
    return ('"%d%s'):format(count, randomString():sub(2))
  end
end

local function randomText(depth)
  local function inner() return randomSpace() .. randomText(depth - 1) .. randomSpace() end
  local kind = random(depth > 0 and 5 or 2)
  if kind == 1 then return randomString() end
  if kind == 2 then return oneOf(WORDS) end
  if kind == 3 then return "[" .. some(4, inner, ",") .. "]" end
  local name = randomName(0)
  return "{" .. some(4, function() return randomSpace() .. name() .. randomSpace() .. ":" .. inner() end, ",") .. "}"
end

-- Calls fn where hooks count all instructions: compiled code does not heed them, nor does what was compiled before.
local function interpreted(fn)
  local jit = package.loaded.jit
  if jit then
    jit.off()
    jit.flush()
  end
  local ok, err = pcall(fn)
  if jit then jit.on() end
  if not ok then error(err, 0) end
end

-- All in Lua but for the codec, which has specs of its own.
describe("a value that comes in pieces #lua", function()
  it("is the codec's in the end, and grows towards it, for every cut", function()
    for _, text in ipairs(TEXTS) do checkGrowth(text) end
  end)

  it("has U+FFFD where the codec has it", function()
    for _, text in ipairs(BYTES) do checkGrowth(text) end
  end)

  it("is so for texts at random, and depends on the bytes alone where one of them is another", function()
    local wrong = 0
    for _ = 1, 60 do
      local text = randomText(4)
      checkGrowth(text)
      local at = random(#text)
      local changed = text:sub(1, at - 1) .. oneOf(OTHERS) .. text:sub(at + random(2) - 1)
      if codec.decode(changed) ~= nil then
        check(changed)
      else
        wrong = wrong + 1
        assertSameForAllCuts(changed, states(changed))
      end
    end
    assert.is_true(wrong > 5)
  end)

  it("has open containers, and not a name without its value", function()
    assert.is_nil(of "")
    assert.is_nil(of " \n")
    assert.same({}, of '{"a')
    assert.same({}, of '{"a":')
    assert.same({ a = {} }, of '{"a":[')
    assert.same({ a = { 1 } }, of '{"a":[1,')
    assert.equal(codec.arrayMt, getmetatable(of "["))
    assert.is_nil(getmetatable(of "{"))
  end)

  it("has what has come of a string, but no half characters", function()
    for _, case in ipairs {
      { '"', "" }, { '"ab', "ab" }, { '"a\\', "a" }, { '"a\\n', "a\n" }, { '"a\\u', "a" }, { '"a\\u00e', "a" },
      { '"a\\u00e9', "aé" },
      { '"a\\ud83d', "a" }, { '"a\\ud83d\\', "a" }, { '"a\\ud83d\\ude4', "a" }, { '"a\\ud83d\\ude42', "a🙂" },
      { '"a\\ud83dx', "a\239\191\189x" }, { '"a\\ud83d\\n', "a\239\191\189\n" }, { '"a\240\159\153', "a" }, { '"a\240\159\153\130', "a🙂" },
    } do
      assert.equal(case[2], of(case[1]), case[1])
      assert.same({ x = { case[2] } }, of('{"x":[' .. case[1]), case[1])
    end
  end)

  it("has numbers and words once it is sure where they end", function()
    for _, word in ipairs { "1", "-2.5e3", "true", "false", "null" } do
      assert.is_nil(of(word))
      assert.same({}, of("[" .. word))
      for _, stop in ipairs { " ", ",", "]" } do
        assert.is_true(isSame(codec.decode("[" .. word .. "]"), of("[" .. word .. stop)), word .. stop)
      end
      assert.equal(codec.decode(word), of(word .. "\n"))
    end
  end)

  it("has of two members with one name the last", function()
    assert.same({ a = 1 }, of '{"a":1,"a":')
    assert.same({ a = "x" }, of '{"a":1,"a":"x')
    assert.same({ a = 2 }, of '{"a":1,"a":2}')
  end)

  it("is one table, which grows", function()
    local p = partial.new()
    p:add '{"list":['
    local value = p:value()
    local list = value.list
    p:add '{"a":"x'
    assert.equal(value, p:value())
    assert.same({ { a = "x" } }, list)
    p:add 'y"}],"b":1}'
    assert.equal(value, p:value())
    assert.same({ list = { { a = "xy" } }, b = 1 }, value)
  end)

  it("stays what it is where a mistake comes", function()
    for _, case in ipairs {
      { "Here is", nil }, { "```json\n{}", nil }, { "nul ", nil }, { "truth ", nil }, { "1.e5 ", nil }, { "01 ", nil },
      { "1e999 ", nil }, { "\239\187[1]", nil }, { " \239\187\191[1]", nil },
      { "{} {", {} }, { "[1]]", { 1 } }, { "[1,]", { 1 } }, { "[,1]", {} }, { "[1 2]", { 1 } }, { "[1}", { 1 } },
      { "[-]", {} }, { "[1:2]", { 1 } },
      { '{"a":1,}', { a = 1 } }, { "{,}", {} }, { '{"a" 1}', {} }, { "{1:2}", {} }, { '{"a":}', {} }, { '{"a":1]', { a = 1 } },
      { '{"a\n":1}', {} }, { '{"a\\x":1}', {} }, { '["ab\\x"]', { "ab" } }, { '["ab\\u00g0"]', { "ab" } }, { '["ab\1c"]', { "ab" } },
      { '["ab\0c"]', { "ab" } }, { '"a" "b"', "a" }, { "[\0]", {} }, { "[\255]", {} },
    } do
      local text, known = case[1], case[2]
      local decoded, problem = codec.decode(text)
      assert.is_nil(decoded)
      assert.truthy(problem)
      local each = states(text .. '"]}')
      assert.same(known, each[#text], text)
      assert.same(known, each[#text + 3], text)
      assertSameForAllCuts(text, each)
    end
  end)

  it("is as deep as the codec's", function()
    for _, pair in ipairs { { "[", "]" }, { '{"a":', "}" } } do
      local deepest = pair[1]:rep(1000) .. (pair[1] == "[" and "" or "1") .. pair[2]:rep(1000)
      assert.is_true(isSame(assert(codec.decode(deepest)), of(deepest)))
      assert.is_nil((codec.decode(pair[1] .. deepest .. pair[2])))
      local value, depth = of(pair[1] .. deepest .. pair[2]), 0
      while type(value) == "table" do value, depth = value[1] or value.a, depth + 1 end
      assert.equal(1000, depth)
    end
  end)

  it("takes work in proportion to the text", function()
    local item = ('{"name":"a name \\u00e9\\n of some length","list":[1,2.5,true],"text":"%s"},'):format(("x"):rep(70))
    -- Instructions of Lua's for n bytes in pieces of this size, the value asked for at each.
    local function work(text, size)
      local count, p, pieces = 0, partial.new(), {}
      for at = 1, #text, size do pieces[#pieces + 1] = text:sub(at, at + size - 1) end
      debug.sethook(function() count = count + 1 end, "", 100)
      for _, piece in ipairs(pieces) do
        p:add(piece)
        p:value()
      end
      debug.sethook()
      return count, p
    end
    interpreted(function()
      local half = work("[" .. item:rep(3500), 100)
      local whole, p = work("[" .. item:rep(7000), 100)
      assert.equal(7000, #p:value())
      assert.is_true(whole < 2.2 * half, ("%d and %d"):format(half, whole))
      -- All in one string.
      half, whole = work('["' .. ("ab\\n🙂"):rep(15000), 100), work('["' .. ("ab\\n🙂"):rep(30000), 100)
      assert.is_true(whole < 2.2 * half, ("%d and %d"):format(half, whole))
    end)
  end)
end)

local JSON = { responseMimeType = "application/json" }

local function begin(config, ...)
  local events = {}
  for i = 1, select("#", ...) do events[i] = talk.chunk((select(i, ...)), i == select("#", ...) and "STOP" or nil) end
  local client = talk.answering(talk.sse(table.concat(events)))
  return client.models:streamGenerateContent { model = "m", contents = "x", generationConfig = config }
end

describe("a stream's partial", function()
  after_each(talk.stop)

  it("is the value so far: cuts in a string, an escape, a number", function()
    local stream, seen = begin(JSON, ' {"name":"A', 'da \\u00', 'e9\\', 'n","age":3', '6,"tags":["a",', '"b"]}'), {}
    for chunk in stream do seen[#seen + 1] = gemini.json.decode(gemini.json.encode(chunk.partial)) end
    assert.same({
      { name = "A" }, { name = "Ada " }, { name = "Ada é" }, { name = "Ada é\n" }, { name = "Ada é\n", age = 36, tags = { "a" } },
      { name = "Ada é\n", age = 36, tags = { "a", "b" } },
    }, seen)
    assert.same(seen[6], stream:collect().parsed)
    assert.is_nil(stream:collect().partial)
  end)

  it("is one table for all chunks, however seldom somebody looks at it", function()
    local stream = begin(JSON, '{"a":', '[1', ',2', ',3]', "}")
    local first = stream:next()
    assert(stream:next())
    local third = stream:next()
    assert.same({ a = { 1 } }, third.partial)
    assert.equal(third.partial, first.partial)
    local value = third.partial
    stream:collect()
    assert.same({ a = { 1, 2, 3 } }, first.partial)
    assert.equal(value, first.partial)
  end)

  it("is there where the request asks for JSON, and else nowhere", function()
    for _, config in ipairs {
      JSON, { responseJsonSchema = { type = "object" } }, { responseSchema = { type = "OBJECT" } },
      { _responseJsonSchema = true },
      { responseFormat = { { image = {} }, { text = { mimeType = "application/json" } } } },
      { responseFormat = { { text = { schema = {} } } } },
    } do
      assert.same({ 1 }, begin(config, "[1,"):next().partial)
    end
    for _, config in ipairs {
      {}, { temperature = 1 }, { responseMimeType = "text/plain" },
      { responseFormat = { { text = { mimeType = "text/plain" } }, { audio = {} } } },
      { responseFormat = "json" }, { responseFormat = 1 }, { responseFormat = { "json" } },
    } do
      local chunk = begin(config, "[1,"):next()
      assert.is_nil(chunk.partial)
      assert.equal("[1,", chunk.text)
    end
    assert.is_nil(begin(nil, "[1,"):next().partial)
    local client = talk.answering(talk.ok '{"candidates":[{"content":{"parts":[{"text":"[1]"}]}}]}')
    local reply = assert(client.models:generateContent { model = "m", contents = "x", generationConfig = JSON })
    assert.is_nil(reply.partial)
    assert.same({ 1 }, reply.parsed)
  end)

  it("is made of the first candidate's text alone, without its thoughts", function()
    local function event(candidates) return "data: " .. cjson.encode { candidates = candidates } .. "\r\n\r\n" end
    local client = talk.answering(talk.sse(event {
      { index = 1, content = { parts = { { text = '{"b"' } } } },
      { index = 0, content = { parts = { { text = "[9", thought = true }, { text = '{"a":' }, { text = '"x' } } } },
    } .. event { { index = 1, content = { parts = { { text = ":1}" } } } } } .. event {
      { content = { parts = { { text = 'y"}' } } }, finishReason = "STOP" },
    }))
    local seen = {}
    for chunk in client.models:streamGenerateContent { model = "m", contents = "x", generationConfig = JSON } do
      seen[#seen + 1] = chunk.partial.a
    end
    assert.same({ "x", "x", "xy" }, seen)
  end)

  for name, json in pairs { ["the codec of our own"] = false, ["lua-cjson"] = cjson } do
    it("is one for each answer where a chat calls functions, by " .. name, function()
      local client = talk.scripted({
        talk.last(calling.stream('{"draft":[1,', calling.part "f")), talk.last(calling.stream('{"n":nu', 'll,"e":[],"list"', ":[{}")),
        talk.last(calling.stream "7 "),
      }, { json = json or nil })
      local chat = client:chat {
        model = "m", generationConfig = { responseSchema = gemini.schema.object { n = "null" } },
        tools = calling.tools { f = function() return 1 end },
      }
      local stream, seen = chat:stream "x", {}
      local chunk = stream:next()
      while chunk do
        seen[#seen + 1] = cjson.decode(gemini.json.encode(chunk.partial))
        chunk = stream:next()
      end
      local draft, null = { draft = { 1 } }, cjson.null
      assert.same({ draft, draft, {}, { n = null, e = {} }, { n = null, e = {}, list = { {} } } }, seen)
      assert.equal(7, chat:stream("y"):next().partial)
    end)
  end

  it("comes with the chunks of a server that sends an array", function()
    local body = "[" .. talk.chunk('{"a"'):sub(7, -5) .. "," .. talk.chunk(":[1,", "STOP"):sub(7, -5) .. "]"
    local client = talk.answering(talk.sse("data: " .. body .. "\r\n\r\n"))
    local stream = client.models:streamGenerateContent { model = "m", contents = "x", generationConfig = JSON }
    assert.same({}, stream:next().partial)
    assert.same({ a = { 1 } }, stream:next().partial)
  end)

  it("is a plain value where the text is one", function()
    local stream, seen = begin({ responseSchema = { type = "STRING" } }, '"a', 'b', 'c"'), {}
    for chunk in stream do seen[#seen + 1] = chunk.partial end
    assert.same({ "a", "ab", "abc" }, seen)
    assert.is_nil(begin(JSON, "42"):next().partial)
    assert.is_false(begin(JSON, "false "):next().partial)
  end)

  it("stays what it was where the text is no JSON", function()
    local stream, seen = begin(JSON, '{"a":1,', "oops", ',"b":2}'), {}
    for chunk in stream do seen[#seen + 1] = gemini.json.encode(chunk.partial) end
    assert.same({ '{"a":1}', '{"a":1}', '{"a":1}' }, seen)
    assert.is_nil(stream:collect().parsed)
  end)

  it("may be asked for by a finaliser while it is being read", function()
    local items = {}
    for i = 1, 5000 do items[i] = ('{"key%d":"a \\n %d"}'):format(i, i) end
    local stream = begin(JSON, "[" .. table.concat(items, ",") .. "]")
    local chunk, sizes = assert(stream:next()), {}
    -- A hook interrupts as a finaliser does, and comes when it is wanted.
    interpreted(function()
      debug.sethook(function() sizes[#sizes + 1] = #chunk.partial end, "", 5001)
      local value = chunk.partial
      debug.sethook()
      assert.equal(5000, #value)
      assert.equal("a \n 5000", value[5000].key5000)
    end)
    assert.is_true(#sizes > 10)
    assert.is_true(sizes[1] < sizes[#sizes])
    for i = 2, #sizes do assert.is_true(sizes[i - 1] <= sizes[i]) end
  end)

  it("is no field of a chunk, whose helpers are as ever", function()
    local stream = begin(JSON, '{"a":1,', "}")
    local chunk = stream:next()
    assert.same({ a = 1 }, chunk.partial)
    local names = {}
    for name in pairs(chunk) do names[#names + 1] = name end
    assert.same({ "candidates" }, names)
    assert.falsy(gemini.json.encode(chunk):find("partial", 1, true))
    assert.equal('{"a":1,', chunk.text)
    assert.is_nil(chunk.finishReason)
    assert.has_error(function() chunk.partial = 1 end, "partial is derived from the reply's parts and can't be set")
    assert.has_error(function() chunk.text = "" end, "text is derived from the reply's parts and can't be set")
    chunk.mine = 1
    assert.equal(1, chunk.mine)
    -- What somebody does to a chunk changes nothing.
    chunk = stream:next()
    chunk.candidates = nil
    assert.same({ a = 1 }, chunk.partial)
    assert.equal("STOP", stream:collect().finishReason)
  end)

  it("is read when somebody asks, and not before", function()
    local client, server = talk.answering(talk.sse(talk.chunk '{"a":' .. talk.chunk("1}", "STOP")))
    assert.truthy(client)
    local output, status = run.lua(([[
      local stream = require("gemini").new { apiKey = "k", baseUrl = %q }.models:streamGenerateContent {
        model = "m", contents = "x", generationConfig = { responseMimeType = "application/json" },
      }
      local chunk = stream:next()
      assert(stream:collect().parsed.a == 1)
      assert(not package.loaded["gemini.partial"])
      assert(chunk.partial.a == 1)
      assert(package.loaded["gemini.partial"])
    ]]):format(server.url))
    assert.equal(0, status, output)
    assert.equal("", output)
  end)
end)
