local check = require "gemini.check"
local gemini = require "gemini"
local messages = require "gemini.messages"

local null = gemini.null
local NAN, INF = 0 / 0, math.huge
local REQUEST = "GenerateContentRequest"

local function part(fields) return { model = "models/m", contents = { { parts = { fields } } } } end

local function blob(data) return part { inlineData = { mimeType = "image/png", data = data } } end

local function with(fields)
  local request = part { text = "x" }
  for name, value in pairs(fields) do request[name] = value end
  return request
end

local function config(fields) return with { generationConfig = fields } end

local function schema(fields) return config { responseSchema = fields } end

local function declare(fields) return with { tools = { { functionDeclarations = { fields } } } } end

local function called(args) return part { functionCall = { name = "f", args = args } } end

local function cached(fields)
  fields.model = "models/m"
  return fields
end

local function batch(request)
  return { batch = { model = "models/m", inputConfig = { requests = { requests = { { request = request } } } } } }
end

local function nested(depth)
  local value = "x"
  for _ = 1, depth do value = { value } end
  return value
end

local cycle = { type = "ARRAY" }
cycle.items = cycle
local ring = {}
ring[1] = ring

local NO_CONTENTS = { model = "models/m" }
local INT64 = " must be an integer of 64 bits (a number or decimal text), got "

-- What is refused: why, message, fields, problem, given, partial.
local REFUSED = {
  { "an unknown field", REQUEST, with { foo = 1 }, "unknown field 'foo'" },
  { "a misspelt field", REQUEST, config { temprature = 1 },
    "unknown field 'generationConfig.temprature', did you mean 'temperature'?" },
  { "the other spelling", REQUEST, with { generation_config = {} },
    "unknown field 'generation_config', did you mean 'generationConfig'?" },
  { "any field of a message without fields", REQUEST, with { tools = { { codeExecution = { on = true } } } },
    "unknown field 'tools[1].codeExecution.on'" },
  { "a name that is no identifier", REQUEST, config { ["a\n\"b"] = 1 },
    [[unknown field 'generationConfig["a\010\"b"]']] },
  { "a very long name", REQUEST, config { [("ä"):rep(5000)] = 1 },
    ("unknown field 'generationConfig[\"%s…\"]'"):format(("ä"):rep(29)) },
  { "a very long identifier", REQUEST, config { [("a"):rep(5000)] = 1 },
    ("unknown field 'generationConfig[\"%s…\"]'"):format(("a"):rep(60)) },
  { "the first problem in the order of names", REQUEST, config { topK = "x", seed = "x", zoo = 1 },
    "generationConfig.seed must be an integer of 32 bits, got string" },
  { "what is there before what is not", REQUEST, { content = "x" },
    "unknown field 'content', did you mean 'contents'?" },

  { "text for a number", REQUEST, config { temperature = "0.5" },
    "generationConfig.temperature must be a number (float), got string" },
  { "a number beyond a float", REQUEST, config { temperature = 1e39 },
    "generationConfig.temperature must be a number (float), got 1e+39" },
  { "NaN", REQUEST, config { temperature = NAN }, "generationConfig.temperature must be a number (float), got nan" },
  { "infinity", REQUEST, schema { minimum = -INF },
    "generationConfig.responseSchema.minimum must be a number (double), got -inf" },
  { "NaN by its name", REQUEST, config { topP = "NaN" },
    "generationConfig.topP must be a number (float), got string" },
  { "infinity for an integer", REQUEST, config { topK = INF },
    "generationConfig.topK must be an integer of 32 bits, got inf" },
  { "a fraction", REQUEST, config { topK = 1.5 }, "generationConfig.topK must be an integer of 32 bits, got 1.5" },
  { "33 bits", REQUEST, config { seed = 2147483648 },
    "generationConfig.seed must be an integer of 32 bits, got 2147483648" },
  { "33 bits below zero", REQUEST, config { seed = -2147483649 },
    "generationConfig.seed must be an integer of 32 bits, got -2147483649" },
  { "65 bits", REQUEST, schema { maxItems = 2 ^ 63 },
    "generationConfig.responseSchema.maxItems" .. INT64 .. "9.2233720368548e+18" },
  { "65 bits in text", REQUEST, schema { maxItems = "9223372036854775808" },
    "generationConfig.responseSchema.maxItems" .. INT64 .. '"9223372036854775808"' },
  { "65 bits in text below zero", REQUEST, schema { maxItems = "-9223372036854775809" },
    "generationConfig.responseSchema.maxItems" .. INT64 .. '"-9223372036854775809"' },
  { "text that is no number", REQUEST, schema { maxItems = "many" },
    "generationConfig.responseSchema.maxItems" .. INT64 .. '"many"' },
  { "a table for an integer of 64 bits", REQUEST, schema { maxItems = {} },
    "generationConfig.responseSchema.maxItems" .. INT64 .. "an empty table" },
  { "a number for a boolean", REQUEST, with { store = 1 }, "store must be true or false, got number" },
  { "a number for text", REQUEST, part { text = 5 }, "contents[1].parts[1].text must be a string, got number" },
  { "a list for text", REQUEST, part { text = { "x" } }, "contents[1].parts[1].text must be a string, got a list" },
  { "a function", REQUEST, with { store = print }, "store must be true or false, got function" },
  { "bytes as they are", REQUEST, blob "\137PNG\r\n",
    "contents[1].parts[1].inlineData.data must be base64 text (gemini.base64.encode makes it)" },
  { "base64 cut short", REQUEST, blob "AAAAA",
    "contents[1].parts[1].inlineData.data must be base64 text (gemini.base64.encode makes it)" },
  { "a number for base64", REQUEST, blob(5), "contents[1].parts[1].inlineData.data must be base64 text, got number" },
  { "a duration without its unit", "CachedContent", cached { ttl = "300" },
    'ttl must be a duration such as "3.5s", got "300"' },
  { "a duration as a number", "CachedContent", cached { ttl = 300 },
    'ttl must be a duration such as "3.5s", got number' },
  { "a field mask with spaces", "UpdateChunkRequest", { chunk = { data = {} }, updateMask = "a, b" },
    'updateMask must be field names such as "displayName,ttl", got "a, b"' },

  { "an enum's value in another case", REQUEST, schema { type = "string" },
    'generationConfig.responseSchema.type must be one of "TYPE_UNSPECIFIED", "STRING", "NUMBER", "INTEGER", "BOOLEAN", '
      .. '"ARRAY", "OBJECT", "NULL", got "string"' },
  { "an enum's value in upper case where the API has lower", REQUEST, with { serviceTier = "FLEX" },
    'serviceTier must be one of "unspecified", "standard", "flex", "priority", got "FLEX"' },
  { "an enum's number", REQUEST, config { responseModalities = { "TEXT", 2 } },
    'generationConfig.responseModalities[2] must be one of "MODALITY_UNSPECIFIED", "TEXT", "IMAGE", "AUDIO", "VIDEO", '
      .. "got number" },
  { "a value of an enum with many", REQUEST,
    with { safetySettings = { { category = "HARM_CATEGORY_HATE_SPEACH", threshold = "OFF" } } },
    'safetySettings[1].category must be a HarmCategory, got "HARM_CATEGORY_HATE_SPEACH", '
      .. "did you mean 'HARM_CATEGORY_HATE_SPEECH'? (require(\"gemini.messages\").enum(\"HarmCategory\") lists all 13)" },
  { "a list for an enum with many", REQUEST, with { safetySettings = { { category = {}, threshold = "OFF" } } },
    "safetySettings[1].category must be a HarmCategory, got an empty table "
      .. '(require("gemini.messages").enum("HarmCategory") lists all 13)' },

  { "text for a list", REQUEST, with { contents = "hi" }, "contents must be a list of Content, got string" },
  { "one for a list", REQUEST, with { contents = { parts = {} } },
    "contents must be a list of Content, got a table with names" },
  { "one text for a list of them", REQUEST, config { stopSequences = "END" },
    "generationConfig.stopSequences must be a list of strings, got string" },
  { "one value for a list of them", "PredictRequest", { model = "models/m", instances = { prompt = "x" } },
    "instances must be a list of Value, got a table with names" },
  { "a list with a hole", REQUEST, config { stopSequences = { "a", nil, "c" } },
    "generationConfig.stopSequences must be a list of strings, got a list with holes" },
  { "a list with a name", REQUEST, with { contents = { { parts = {} }, role = "user" } },
    "contents must be a list of Content, got a table with both names and numbers" },
  { "a list that counts from 0", REQUEST, config { stopSequences = { [0] = "a" } },
    "generationConfig.stopSequences must be a list of strings, "
      .. "got a table with keys that are neither names nor places in a list" },
  { "a wrong item", REQUEST, config { stopSequences = { "a", 5 } },
    "generationConfig.stopSequences[2] must be a string, got number" },
  { "null in a list", REQUEST, config { stopSequences = { null } },
    "generationConfig.stopSequences[1] must be a string, got null" },
  { "a list for one", REQUEST, with { systemInstruction = { { parts = {} } } },
    "systemInstruction must be one Content (a table with names), got a list" },
  { "an empty list for one", REQUEST, with { tools = { { googleSearch = gemini.array {} } } },
    "tools[1].googleSearch must be one Tool.GoogleSearch (a table with names), got a list" },
  { "text for a message", REQUEST, { model = "models/m", contents = { { parts = { "hi" } } } },
    "contents[1].parts[1] must be one Part (a table with names), got string" },
  { "a list for the whole", REQUEST, { "x" },
    "the request must be one GenerateContentRequest (a table with names), got a list" },
  { "a list for a map", REQUEST, with { labels = { "x" } },
    "labels must be a table with names and strings as its values, got a list" },
  { "an empty list for a map", REQUEST, with { labels = gemini.array {} },
    "labels must be a table with names and strings as its values, got a list" },
  { "a wrong value in a map", REQUEST, with { labels = { a = "x", b = 5 } }, "labels.b must be a string, got number" },
  { "null in a map", REQUEST, with { labels = { a = null } }, "labels.a must be a string, got null" },
  { "a wrong message in a map", REQUEST, schema { properties = { ["a b"] = { items = 5 }, city = {} } },
    'generationConfig.responseSchema.properties["a b"].items must be one Schema (a table with names), got number' },

  { "a list for a struct", REQUEST, called { "x" },
    "contents[1].parts[1].functionCall.args must be a table with names, got a list" },
  { "an empty list for a struct", REQUEST, called(gemini.array {}),
    "contents[1].parts[1].functionCall.args must be a table with names, got a list" },
  { "text for a struct", REQUEST, called "{}",
    "contents[1].parts[1].functionCall.args must be a table with names, got string" },
  { "a function in a struct", REQUEST, called { a = { 1, { b = print } } },
    "contents[1].parts[1].functionCall.args.a[2].b must be a value that JSON can hold, got function" },
  { "NaN in a struct", REQUEST, called { n = NAN },
    "contents[1].parts[1].functionCall.args.n must be a value that JSON can hold, got nan" },
  { "a hole in a free value", REQUEST, declare { name = "f", parametersJsonSchema = { enum = { 1, nil, 3 } } },
    "tools[1].functionDeclarations[1].parametersJsonSchema.enum must be a value that JSON can hold, got a list with holes" },
  { "a free value with names and numbers", "PredictRequest", { model = "models/m", instances = { { 1, a = 2 } } },
    "instances[1] must be a value that JSON can hold, got a table with both names and numbers" },
  { "a list for an any", "google.rpc.Status", { details = { { "x" } } },
    "details[1] must be a table with names, got a list" },
  { "a latitude in text", REQUEST, with { toolConfig = { retrievalConfig = { latLng = { latitude = "48" } } } },
    "toolConfig.retrievalConfig.latLng.latitude must be a number (double), got string" },

  { "a missing field", REQUEST, NO_CONTENTS, "contents is missing" },
  { "null for a required field", REQUEST, with { contents = null }, "contents is missing" },
  { "null for a required list of values", "PredictRequest", { model = "models/m", instances = null },
    "instances is missing" },
  { "an empty list for a required one", REQUEST, with { contents = {} }, "contents must not be empty" },
  { "an empty text for a required one", REQUEST, declare { name = "" },
    "tools[1].functionDeclarations[1].name must not be empty" },
  { "a missing field of an item", REQUEST, with { tools = { {}, { functionDeclarations = { {} } } } },
    "tools[2].functionDeclarations[1].name is missing" },
  { "the first of the missing", "EmbedContentRequest", {}, "content is missing" },
  { "a field missing although one of that name is given elsewhere", "CreateChunkRequest", { chunk = {} },
    "chunk.data is missing", { parent = true, data = true } },
  { "a missing field of a nested message", "BatchGenerateContentRequest", { batch = { inputConfig = {} } },
    "batch.model is missing" },
  { "a field missing inside of a patch", "CustomMetadata", { stringListValue = { values = { 1 } } },
    "stringListValue.values[1] must be a string, got number", {}, true },
  { "a required field missing inside of a patch", "Chunk", { customMetadata = { { stringValue = "x" } } },
    "customMetadata[1].key is missing", {}, true },
  { "a batch's request without contents", "BatchGenerateContentRequest", batch {},
    "batch.inputConfig.requests.requests[1].request.contents is missing" },
  { "a request of several without its model", "BatchEmbedContentsRequest",
    { model = "models/m", requests = { { content = {} } } }, "requests[1].model is missing" },

  { "two of which one may be set", REQUEST, part { text = "x", inlineData = {} },
    "contents[1].parts[1].text must not be set together with 'inlineData'" },
  { "two of which one may be set at the top", "CachedContent", cached { ttl = "3s", expireTime = "2026-01-31T12:00:00Z" },
    "ttl must not be set together with 'expireTime'" },

  { "a cycle", REQUEST, schema(cycle),
    ("generationConfig.responseSchema%s… is nested more than 1000 deep (a cycle?)"):format((".items"):rep(38)) },
  { "a cycle in a list", "PredictRequest", { model = "models/m", instances = ring },
    ("instances%s… is nested more than 1000 deep (a cycle?)"):format(("[1]"):rep(39)) },
}

for _, time in ipairs {
  "2026-01-31", "2026-01-31T12:00:00", "2026-01-31 12:00:00Z", "2026-13-31T12:00:00Z", "2026-01-32T12:00:00Z",
  "2026-01-31T24:00:00Z", "2026-01-31T12:60:00Z", "2026-01-31T12:00:00.Z", "2026-01-31T12:00:00+1", "tomorrow",
} do
  table.insert(REFUSED, { "the time " .. time, "CachedContent", cached { expireTime = time },
    ('expireTime must be an RFC 3339 timestamp such as "2026-01-31T12:00:00Z", got %q'):format(time) })
end

-- What passes: why, message, fields, given, partial.
local PASSING = {
  { "a message that nothing is known of", "Nonesuch", { a = print } },
  { "what the path has given", REQUEST, { contents = { { parts = { { text = "x" } } } } }, { model = true } },
  { "what the path has given to a nested message", "BatchGenerateContentRequest", { batch = { inputConfig = {} } },
    { ["batch.model"] = true } },
  { "a patch with a part of the fields", "Permission", { emailAddress = "a@b" }, {}, true },
  { "a patch without a field", "Chunk", {}, {}, true },
  { "a batch's request without its model", "BatchGenerateContentRequest", batch { contents = { { parts = {} } } } },
  { "an embedding batch's request without its model", "AsyncBatchEmbedContentRequest", batch { content = {} } },
  { "null for what may be absent", REQUEST, with { systemInstruction = null, tools = null, labels = null } },
  { "null beside the one that is set", REQUEST, part { text = "x", inlineData = null } },
  { "empty tables for lists, maps and messages", REQUEST, with { tools = {}, labels = {}, generationConfig = {} } },
  { "a marked list", REQUEST, with { tools = gemini.array { { googleSearch = {} } }, safetySettings = gemini.array {} } },
  { "a whole number that is a float", REQUEST, config { seed = 3.0, temperature = 1 } },
  { "the least and the greatest of 32 bits", REQUEST, config { seed = -2147483648, topK = 2147483647 } },
  { "64 bits in text", REQUEST, schema { maxItems = "9223372036854775807", minItems = "-9223372036854775808" } },
  { "64 bits in text with zeros before", REQUEST, schema { maxItems = "0009223372036854775807", minItems = "-000" } },
  { "64 bits as a number", REQUEST, schema { maxItems = 2 ^ 62, minItems = math.mininteger or -2 ^ 63 } },
  { "base64", REQUEST, blob "+/+=" },
  { "URL-safe base64 without padding", REQUEST, blob "-_8" },
  { "no bytes", REQUEST, blob "" },
  { "durations", REQUEST, part { fileData = { fileUri = "u" }, videoMetadata = { startOffset = "0s", endOffset = "1.25s" } } },
  { "a time to the nanosecond", "CachedContent", cached { expireTime = "2026-01-31T12:00:00.123456789Z" } },
  { "a time with an offset", "CachedContent", cached { expireTime = "2026-01-31T12:00:00+05:30" } },
  { "an enum's exact value", REQUEST, with { serviceTier = "flex" } },
  { "any value", "PredictRequest",
    { model = "models/m", instances = { 1, "x", true, null, {}, { a = { b = { null } } }, gemini.array {} }, parameters = null } },
  { "an empty struct", REQUEST, called {} },
  { "names of any kind in a struct", REQUEST, called { ["a b"] = 1, [""] = "x" } },
  { "what only the server sets, unseen", "CachedContent",
    cached { name = "cachedContents/c", createTime = 5, usageMetadata = { foo = 1 } } },
  { "a location", REQUEST,
    with { toolConfig = { retrievalConfig = { latLng = { latitude = 48, longitude = 11.5 } } } } },
  { "one table in two places", REQUEST,
    (function(s) return schema { anyOf = { s, s } } end) { type = "STRING" } },
  { "as much nesting as JSON may have", "PredictRequest", { model = "models/m", instances = nested(999) } },
  { "tables with metatables", REQUEST,
    setmetatable(part { text = "x" }, { __index = function() error "not raw" end, __len = error, __pairs = error }) },
}

local PARAMETERS = {
  { "pageSize", 5, "int32" },
  { "pageSize", "5", "int32", "pageSize must be an integer of 32 bits, got string" },
  { "pageSize", null, "int32", "pageSize must be an integer of 32 bits, got null" },
  { "pageToken", "x", "string" },
  { "pageToken", 5, "string", "pageToken must be a string, got number" },
  { "force", true, "bool" },
  { "force", "true", "bool", "force must be true or false, got string" },
  { "updateMask", "a,b.c", "google.protobuf.FieldMask" },
  { "updateMask", { "a" }, "google.protobuf.FieldMask",
    'updateMask must be field names such as "displayName,ttl", got a list' },
  { "state", "ACTIVE", "File.State" },
  { "state", "active", "File.State",
    'state must be one of "STATE_UNSPECIFIED", "PROCESSING", "ACTIVE", "FAILED", got "active"' },
  { "other", print, "nonesuch" },
}

-- What a message may lack in another one, though it is required.
local SPARED = { InlinedRequest = "model", InlinedEmbedContentRequest = "model", UpdateChunkRequest = "data" }

describe("the check of a request refuses #lua", function()
  for _, case in ipairs(REFUSED) do
    it(case[1], function() assert.equal(case[4], check.body(case[2], case[3], case[5] or {}, case[6])) end)
  end

  it("nesting beyond what JSON may have", function()
    local problem = check.body("PredictRequest", { model = "models/m", instances = nested(1000) }, {})
    assert.truthy(problem:find("is nested more than 1000 deep", 1, true), problem)
  end)
end)

describe("the check of a request lets pass #lua", function()
  for _, case in ipairs(PASSING) do
    it(case[1], function() assert.is_nil(check.body(case[2], case[3], case[4] or {}, case[5])) end)
  end

  it("lua-cjson's empty arrays", function()
    local kept, empty = package.loaded.cjson, io.stdout -- any userdata will do
    local cjson = { empty_array = empty, array_mt = {}, empty_array_mt = {} }
    package.loaded.cjson = cjson
    local problems = {
      check.body(REQUEST, with { tools = empty, labels = {} }, {}) or "none",
      check.body(REQUEST, called { a = empty }, {}) or "none",
      check.body(REQUEST, with { tools = setmetatable({}, cjson.array_mt) }, {}) or "none",
      check.body(REQUEST, with { tools = { { googleSearch = setmetatable({}, cjson.empty_array_mt) } } }, {}),
      check.body(REQUEST, with { contents = empty }, {}),
    }
    package.loaded.cjson = kept
    assert.same({ "none", "none", "none",
      "tools[1].googleSearch must be one Tool.GoogleSearch (a table with names), got a list",
      "contents must not be empty" }, problems)
  end)

  it("a plain request without the core", function()
    local command = ([[%s -e 'package.path = %q
      package.preload["gemini.codec"] = error
      print(require("gemini.check").body("Chunk", { data = { stringValue = "x" } }, {}))' 2>&1]])
      :format(arg and arg[-1] or "lua5.4", package.path)
    local pipe = io.popen(command)
    local answer = pipe:read("*a")
    pipe:close()
    assert.equal("nil\n", answer)
  end)
end)

describe("the check of a parameter #lua", function()
  for _, case in ipairs(PARAMETERS) do
    it(("%s %s: %s"):format(case[4] and "refuses" or "lets pass", case[1], tostring(case[2])), function()
      assert.equal(case[4], (check.parameter(case[1], case[2], case[3])))
    end)
  end
end)

-- Values made from the facts: every field is set, of each oneof one, and messages are filled this deep. The turn says
-- which one, and which value of each enum: in as many turns as a oneof or a list of values is long, each has its own.
local DEEP, TURNS = 1, 21

local SAMPLES = {
  string = "x",
  bool = false,
  bytes = "AA==",
  int32 = -1,
  int64 = "9007199254740993",
  float = 0.5,
  double = 1e300,
  ["google.protobuf.FieldMask"] = "a,b.c",
  ["google.protobuf.Duration"] = "3.5s",
  ["google.protobuf.Timestamp"] = "2026-01-31T12:00:00Z",
  ["google.protobuf.Struct"] = { a = { 1, { b = true } } },
  ["google.protobuf.Any"] = { ["@type"] = "type.googleapis.com/google.rpc.ErrorInfo", reason = "x" },
  ["google.protobuf.Value"] = { "x", { y = { 1.5 } } },
}

local populate

local function one(typeName, turn, depth, places, path, outer)
  if SAMPLES[typeName] ~= nil then return SAMPLES[typeName] end
  local values = messages.enum(typeName)
  if values then return values[turn % #values + 1] end
  return populate(typeName, turn, depth + 1, places, path, outer)
end

-- One field of each oneof, by turns.
local function elected(fields, turn)
  local groups, out = {}, {}
  for name, field in pairs(fields) do
    if field.oneof then
      groups[field.oneof] = groups[field.oneof] or {}
      table.insert(groups[field.oneof], name)
    end
  end
  for _, group in pairs(groups) do
    table.sort(group)
    out[group[turn % #group + 1]] = true
  end
  return out
end

-- Fills a message, and notes each place where the check looks: its path, its table, its message and the one around it.
function populate(name, turn, depth, places, path, outer)
  local out, fields = {}, messages.get(name)
  table.insert(places, { path = path, value = out, message = name, outer = outer })
  local elect = elected(fields, turn)
  for field, entry in pairs(fields) do
    local at = path == "" and field or path .. "." .. field
    local seen = entry.outputOnly and {} or places
    local function made(key) return one(entry.type, turn, depth, seen, at .. key, name) end
    local tooDeep = depth >= DEEP and messages.get(entry.type) and not entry.required
    if tooDeep or entry.oneof and not elect[field] then
      out[field] = nil
    elseif entry.list then
      out[field] = { made "[1]", made "[2]" }
    else
      out[field] = entry.map and { a = made ".a" } or not entry.map and made ""
    end
  end
  return out
end

-- Visits a value of every message, in each of the turns.
local function everyMessage(turns, visit)
  for _, name in ipairs((messages.names())) do
    for turn = 1, turns do
      local places = {}
      visit(name, populate(name, turn, 0, places, ""), places)
    end
  end
end

-- Visits every field of every place of those values.
local function everyField(visit)
  everyMessage(1, function(name, value, places)
    for _, place in ipairs(places) do
      for field, entry in pairs(messages.get(place.message)) do visit(name, value, place, field, entry) end
    end
  end)
end

local function under(place, field) return place.path == "" and field or place.path .. "." .. field end

-- The field of a oneof that is set.
local function rivalOf(place, entry)
  if not entry.oneof then return nil end
  for field, other in pairs(messages.get(place.message)) do
    if other.oneof == entry.oneof and not other.outputOnly and place.value[field] ~= nil then return field end
  end
end

-- The problem of a value in which one field is another.
local function tampered(name, value, place, field, other)
  local kept = place.value[field]
  place.value[field] = other
  local problem = check.body(name, value, {})
  place.value[field] = kept
  return problem
end

-- Collects what was not expected: a problem begins like this, or there is none.
local function expectations()
  local wrong, count = {}, 0
  local function expect(expected, problem, name)
    count = count + 1
    local same = expected and problem and problem:sub(1, #expected) == expected
    if same or problem == expected then return end
    wrong[#wrong + 1] = ("%s: %s; expected: %s"):format(name, tostring(problem), tostring(expected))
  end
  return expect, function(least)
    assert.same({}, { wrong[1], wrong[2], wrong[3] })
    assert.is_true(count >= least, count .. " cases")
  end
end

describe("for every message of the facts, the check #lua", function()
  local expect, verify

  before_each(function() expect, verify = expectations() end)

  it("lets pass all of its fields", function()
    everyMessage(TURNS, function(name, value) expect(nil, check.body(name, value, {}), name) end)
    verify(282 * TURNS)
  end)

  it("and the emulator's check agree on that", function()
    local emulated, json = require "gemini.emulator.check", require "gemini.emulator.json"
    everyMessage(TURNS, function(name, value)
      local _, problem = emulated.request(name, json.decode(gemini.json.encode(value)))
      expect(nil, problem and problem.message, name)
    end)
    verify(282 * TURNS)
  end)

  it("refuses an unknown field anywhere", function()
    everyMessage(1, function(name, value, places)
      for _, place in ipairs(places) do
        local problem = tampered(name, value, place, "zzNonesuch", 1)
        expect(("unknown field '%s'"):format(under(place, "zzNonesuch")), problem, name)
      end
    end)
    verify(500)
  end)

  it("refuses what fits no field, but where only the server sets it", function()
    everyField(function(name, value, place, field, entry)
      local expected = not entry.outputOnly and under(place, field) .. " must be " or nil
      expect(expected, tampered(name, value, place, field, print), name)
    end)
    verify(2000)
  end)

  it("asks for what is required, but for what a batch says once and an update leaves as it is", function()
    everyField(function(name, value, place, field, entry)
      if not entry.required then return end
      local spared = place.outer and SPARED[place.outer] == field
      local expected = not spared and under(place, field) .. " is missing" or nil
      expect(expected, tampered(name, value, place, field, nil), name)
    end)
    verify(300)
  end)

  it("refuses a second field of a oneof", function()
    everyField(function(name, value, place, field, entry)
      local rival = not entry.outputOnly and place.value[field] == nil and rivalOf(place, entry)
      if not rival then return end
      local problem = tampered(name, value, place, field, one(entry.type, 0, DEEP, {}, ""))
      local names = { field, rival }
      table.sort(names)
      expect(("%s must not be set together with '%s'"):format(under(place, names[2]), names[1]), problem, name)
    end)
    verify(50)
  end)
end)
