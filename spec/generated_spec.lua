---What the tools make of the project's tables: the reference, and the types that language servers read. #checkout

local additions = require "gemini.additions"
local api = require "gemini.api"
local messages = require "gemini.messages"
local path = require "gemini.path"
local read = require "spec.support.read"
local run = require "spec.support.run"

local REFERENCE = "docs/reference.md"
local MESSAGES, METHODS = "lua/gemini/meta/messages.lua", "lua/gemini/meta/methods.lua"

local function eachMethod(visit)
  for resource, rows in pairs(api) do
    for name, row in pairs(rows) do visit(resource, name, row) end
  end
end

-- The arguments that a path can't do without.
local function needed(row)
  local names = {}
  for name, variable in pairs(path.names(row.path)) do
    if not variable:find("^batch%.") then names[#names + 1] = name end
  end
  return names
end

-- A strict reader of types: a subset of LuaCATS.

local function expect(reader, pattern, what)
  local from, to, found = reader.text:find("^%s?(" .. pattern .. ")", reader.at)
  if not from then error(("expected %s at %q"):format(what, reader.text:sub(reader.at)), 0) end
  reader.at = to + 1
  return found
end

local function take(reader, pattern)
  local _, to, found = reader.text:find("^%s?(" .. pattern .. ")", reader.at)
  reader.at = to and to + 1 or reader.at
  return found
end

local readType

local function readParameter(reader)
  expect(reader, "[%a_][%w_]*", "a parameter")
  take(reader, "%?")
  if take(reader, ":") then readType(reader) end
end

local function readFunction(reader)
  expect(reader, "%(", "(")
  if not take(reader, "%)") then
    repeat readParameter(reader) until not take(reader, ",")
    expect(reader, "%)", ")")
  end
  if not take(reader, ":") then return end
  repeat readType(reader) until not take(reader, ",")
end

local function readName(reader)
  local name = expect(reader, "[%a_][%w_.]*", "a type")
  if name == "fun" then return readFunction(reader) end
  reader.found[#reader.found + 1] = name
  if not take(reader, "<") then return end
  repeat readType(reader) until not take(reader, ",")
  expect(reader, ">", ">")
end

local function readUnit(reader)
  if take(reader, '"%w+"') then return end
  if take(reader, "%(") then
    readType(reader)
    expect(reader, "%)", ")")
  else
    readName(reader)
  end
  repeat until not take(reader, "%[%]")
end

function readType(reader)
  repeat readUnit(reader) until not take(reader, "|")
  take(reader, "%?")
end

-- A type's text and the names in it; behind it stands nothing but a note.
local function typeIn(text)
  local reader = { text = text, at = 1, found = {} }
  readType(reader)
  local rest = text:sub(reader.at)
  if rest ~= "" and not rest:find("^  %S") then error(("unexpected %q"):format(rest), 0) end
  return text:sub(1, reader.at - 1), reader.found
end

local tags = {}

local function define(file, kind, name, value)
  if file[kind][name] then error("defined twice: " .. name, 0) end
  file[kind][name], file.open = value, value
end

local function refer(file, names)
  for _, name in ipairs(names) do file.referred[name] = true end
end

function tags.class(file, text)
  local name, parent = text:match("^([%w_.]+)$"), nil
  if not name then name, parent = text:match("^([%w_.]+): ([%w_.]+)$") end
  if not name then error("no class: " .. text, 0) end
  refer(file, { parent })
  define(file, "classes", name, { fields = {}, parent = parent })
end

function tags.field(file, text)
  local name, optional, rest = text:match("^([%a_][%w_]*)(%??) (.*)$")
  if not name then
    name, rest = text:match("^%[(string)%] (.*)$")
    optional = "?"
  end
  if not name then error("no field: " .. text, 0) end
  if file.open.fields[name] then error("a field twice: " .. name, 0) end
  local kind, found = typeIn(rest)
  file.open.fields[name] = { type = kind, optional = optional == "?" }
  refer(file, found)
end

function tags.overload(file, text)
  local kind, found = typeIn(text)
  file.open.overload = kind
  refer(file, found)
end

function tags.alias(file, text)
  local name, rest = text:match("^([%w_.]+) ?(.*)$")
  define(file, "aliases", name, { values = {} })
  if rest ~= "" then refer(file, select(2, typeIn(rest))) end
end

local function readLine(file, line)
  local value = line:match('^%-%-%-| "([%w_]+)"$')
  if value then
    table.insert(file.open.values, value)
    return
  end
  local tag, rest = line:match("^%-%-%-@(%l+) (.*)$")
  if tag ~= "meta" then assert(tags[tag], "unknown line")(file, rest) end
end

local function readTypes(text)
  local file = { classes = {}, aliases = {}, referred = {} }
  for line in text:gmatch("[^\n]+") do
    if not line:find("^%-%-$") and not line:find("^%-%- ") then
      local ok, problem = pcall(readLine, file, line)
      if not ok then error(("%s in: %s"):format(problem, line), 0) end
    end
  end
  return file
end

-- The names that the modules' own annotations define.
local function byHand()
  local names = {}
  local pipe = io.popen("cat $(find lua/gemini -name '*.lua' -not -path '*/emulator/*' -not -path '*/meta/*')")
  for line in pipe:lines() do
    local name = line:match("^%-%-%-@class ([%w_.]+)") or line:match("^%-%-%-@alias ([%w_.]+)")
    if name then names[name] = true end
  end
  pipe:close()
  return names
end

local BUILT_IN = { string = true, number = true, integer = true, boolean = true, table = true, any = true, ["nil"] = true }

local function undefined(files)
  local names, hand = {}, byHand()
  for _, file in ipairs(files) do
    for name in pairs(file.referred) do
      local known = BUILT_IN[name] or hand[name]
      for _, other in ipairs(files) do known = known or other.classes[name] or other.aliases[name] end
      if not known then names[#names + 1] = name end
    end
  end
  table.sort(names)
  return names
end

describe("what is generated #checkout", function()
  for name, tool in pairs {
    [REFERENCE] = "reference.lua",
    [MESSAGES] = "meta.lua messages",
    [METHODS] = "meta.lua methods",
  } do
    it("is fresh: " .. name, function()
      local script, argument = tool:match("^(%S+) ?(.*)$")
      local made = run.lua(("arg = { %q } dofile 'tools/%s'"):format(argument, script))
      assert.is_true(made == read(name), ("run tools/%s again"):format(tool))
    end)
  end
end)

describe("the reference #checkout", function()
  local text = read(REFERENCE)

  it("has one line for each method, in its resource's section, with the request", function()
    local count, expected = 0, 0
    for _ in text:gmatch("\n%- `client%.") do count = count + 1 end
    eachMethod(function(resource, name, row)
      expected = expected + 1
      local section = (text .. "\n### "):match("\n### " .. resource:gsub("%.", "%%.") .. "\n(.-)\n### ")
      local line = ("\n" .. section):match("\n(%- `client%." .. resource .. ":" .. name .. "{[^\n]*)")
      assert.truthy(line, resource .. ":" .. name)
      assert.truthy(line:find(row.path, 1, true), line)
      for _, argument in ipairs(needed(row)) do assert.truthy(line:find("[ {]" .. argument .. "!"), line) end
    end)
    for _, rows in pairs(additions) do
      for _ in pairs(rows) do expected = expected + 1 end
    end
    assert.equal(expected, count)
  end)

  it("shows arguments, what comes back, and how the request is made", function()
    for _, line in ipairs {
      "`client.corpora:query{ name!, query!, metadataFilters, resultsCount }` → `QueryCorpusResponse` — "
        .. "`POST {name=corpora/*}:query`",
      "`client.corpora.permissions:patch{ name!, emailAddress, granteeType, role, updateMask }` → `Permission` — "
        .. "`PATCH {permission.name=corpora/*/permissions/*}?updateMask`",
      "`client.files:list{ pageSize, pageToken }` → pager of `File` — `GET files?pageSize&pageToken`",
      "`client.files:download{ name!, path|sink }` → bytes — `GET {name=files/*}:download?alt=media`",
      "`client.files:delete{ name! }` → `{}` — `DELETE {name=files/*}`",
      "`client.models:batchEmbedContents{ model!, requests!, packed }` → `BatchEmbedContentsResponse` — "
        .. "`POST {model=models/*}:batchEmbedContents`",
      "`client.batches:list{ filter, pageSize, pageToken, returnPartialSuccess }` → pager of `Operation` — "
        .. "`GET batches?filter&pageSize&pageToken&returnPartialSuccess`",
      "`client.media:upload{ path|data|read, displayName, file, name, source }` → `File` — `POST [upload/]files`",
      "`client.files:upload{ path|data|read, displayName, file, name, source }` → `File` — the same as `client.media:upload`",
      "`client.files:waitActive{ name!, interval, onProgress, timeout }` → `File` — asks for the file until it can be used",
      "`client.batches:map(list!, fn!, options)` → `results, errors` — calls `fn` for each item, as `gemini.map` does; "
        .. "what `fn` asks of models goes in batches",
      "`client.environments.files:upload{ environment!, path!, localPath|data|read, extract, overwrite }` → `EnvironmentFile` — "
        .. "`PUT upload/environments/{environment}/files/{+path}?extract&overwrite`",
      "`client.triggers:patch{ id!, fields of Trigger }` → `Trigger` — `PATCH triggers/{id}`",
      "`client.triggers.executions:list{ trigger_id!, page_size, page_token }` → pager of `TriggerExecution` — "
        .. "`GET triggers/{trigger_id}/executions?page_size&page_token`",
      "→ stream of `GenerateContentResponse` — `POST {model=dynamic/*}:streamGenerateContent?alt=sse`",
      "`client.interactions:create{ stream, fields of CreateInteractionRequest }` → `Interaction`; "
        .. "a stream of its events where `stream = true` — `POST interactions`",
    } do
      assert.truthy(text:find(line .. "\n", 1, true), line)
    end
  end)

  it("has links that lead somewhere", function()
    local anchors = {}
    for heading in text:gmatch("\n#+ ([^\n]+)") do anchors["#" .. heading:lower():gsub("[. ]", "")] = true end
    for target in text:gmatch("%]%(([^)]+)%)") do
      if target:find("^#") then
        assert.is_true(anchors[target], target)
      elseif not target:find("^https:") then
        read("docs/" .. target)
      end
    end
  end)
end)

describe("the types #checkout", function()
  local inMessages, inMethods = readTypes(read(MESSAGES)), readTypes(read(METHODS))

  it("are comments alone", function()
    for _, name in ipairs { MESSAGES, METHODS } do
      local text = read(name)
      assert.truthy(text:find("^%-%-%-@meta _\n"))
      assert.truthy(loadfile(name))
      for line in text:gmatch("[^\n]+") do assert.truthy(line:find("^%-%-"), line) end
    end
  end)

  it("refer to nothing that is not defined", function()
    assert.same({}, undefined { inMessages, inMethods })
  end)

  it("are read strictly here", function()
    local missing = readTypes "---@class gemini.A: gemini.B\n---@field c? fun(d: gemini.E[]): table<string, gemini.F>?"
    assert.same({ "gemini.B", "gemini.E", "gemini.F" }, undefined { missing })
    for _, line in ipairs {
      "---@field a string[", "---@field a? fun(: string)", "---@field a string, b", "---@field a- string", "---@filed a string",
      "---@class a b", "---@field a (string", "---@field a\n", "---@field b any\n---@field b any", "local a", "---@field a ",
    } do
      assert.is_false((pcall(readTypes, "---@class x\n" .. line)), line)
    end
  end)

  it("have no name twice, nor one that is defined by hand", function()
    local hand = byHand()
    -- Its methods are by hand, its resources are not.
    hand["gemini.Client"] = nil
    for _, file in ipairs { inMessages, inMethods } do
      for _, kind in ipairs { "classes", "aliases" } do
        for name in pairs(file[kind]) do assert.falsy(hand[name], name) end
      end
    end
    for name in pairs(inMethods.classes) do assert.falsy(inMessages.classes[name] or inMessages.aliases[name], name) end
  end)

  it("have each message as a class with its fields, and each enum with its values", function()
    local names, enums = messages.names()
    for _, name in ipairs(names) do
      local class = inMessages.classes["gemini." .. name:gsub("^google%.", "")]
      assert.truthy(class, name)
      local fields = {}
      for field in pairs(class.fields) do fields[field] = true end
      for field, entry in pairs(messages.get(name)) do
        assert.is_true(fields[field], name .. "." .. field)
        if not entry.required then assert.is_true(class.fields[field].optional, name .. "." .. field) end
        fields[field] = nil
      end
      assert.same({}, fields, name)
    end
    for _, name in ipairs(enums) do
      local values = {}
      for i, value in ipairs(messages.enum(name)) do values[i] = value end
      assert.same(values, inMessages.aliases["gemini." .. name].values)
    end
  end)

  it("lead from the client to each method, and from there to its arguments", function()
    eachMethod(function(resource, name, row)
      local class = inMethods.classes["gemini.Client"]
      for word in resource:gmatch("[^.]+") do class = inMethods.classes[class.fields[word].type] end
      local full = ("gemini.args.%s.%s"):format(resource, name)
      local optional = class.fields[name].type:match("^fun%(self, args(%??): " .. full .. ", call%?: gemini%.CallOptions%): .")
      assert.truthy(optional, full)
      local arguments, required = inMethods.classes[full].fields, false
      for _, argument in ipairs(needed(row)) do
        assert.same({ type = "string", optional = false }, arguments[argument], full .. "." .. argument)
      end
      for _, field in pairs(arguments) do required = required or not field.optional end
      for _, argument in ipairs(row.query or {}) do assert.truthy(arguments[argument], full .. "." .. argument) end
      assert.equal(required, optional == "", full)
    end)
  end)

  it("say what comes back", function()
    local resource = inMethods.classes
    local function returned(name, method)
      return resource["gemini.resource." .. name].fields[method].type:match("%): (.*)$")
    end
    assert.equal("gemini.Reply?, gemini.Error?", returned("models", "generateContent"))
    assert.equal("gemini.stream.GenerateContentResponse", returned("models", "streamGenerateContent"))
    assert.equal("gemini.pager.File", returned("files", "list"))
    assert.equal("gemini.pager.Agent", returned("agents", "list"))
    assert.equal("gemini.File?, gemini.Error?", returned("media", "upload"))
    assert.equal("string|integer|nil, gemini.Error?", returned("files", "download"))
    assert.equal("gemini.File?, gemini.Error?", returned("files", "upload"))
    assert.equal("gemini.File?, gemini.Error?", returned("files", "waitActive"))
    assert.equal("gemini.BatchRun", returned("batches", "run"))
    assert.equal("table?, gemini.Error?", returned("files", "delete"))
    assert.equal("gemini.Operation?, gemini.Error?", returned("batches", "get"))
    assert.equal("gemini.Interaction|gemini.stream.Interaction|nil, gemini.Error?", returned("interactions", "get"))
    assert.equal("fun(): gemini.File?", resource["gemini.pager.File"].overload)
    assert.equal("fun(self): gemini.ListFilesResponse?, gemini.Error?", resource["gemini.pager.File"].fields.page.type)
    assert.equal("fun(): gemini.Reply?", resource["gemini.stream.GenerateContentResponse"].overload)
    assert.equal("fun(): gemini.InteractionEvent?", resource["gemini.stream.Interaction"].overload)
    assert.equal("number[]|gemini.Vector", inMessages.classes["gemini.ContentEmbedding"].fields.values.type)
    assert.equal("gemini.Operation[]", inMessages.classes["gemini.ListOperationsResponse"].fields.operations.type)
  end)

  it("take what the client takes", function()
    local function argument(name, field)
      local found = inMethods.classes["gemini.args." .. name].fields[field]
      return found and found.type .. (found.optional and "?" or "")
    end
    assert.equal("gemini.ContentsLike", argument("models.generateContent", "contents"))
    assert.equal("gemini.ContentLike?", argument("models.generateContent", "systemInstruction"))
    assert.equal("table<string, string>?", argument("models.generateContent", "labels"))
    assert.equal("gemini.Tool[]?", argument("models.generateContent", "tools"))
    assert.equal("gemini.ContentLike", argument("models.embedContent", "content"))
    assert.equal("boolean?", argument("models.embedContent", "packed"))
    assert.is_nil(argument("models.embedText", "packed"))
    assert.equal("boolean?", argument("corpora.delete", "force"))
    assert.equal("string?", argument("environments.files.download", "localPath"))
    assert.equal("fun(n: integer): string?, string??", argument("media.upload", "read"))
    assert.equal("string", argument("files.waitActive", "name"))
    assert.equal("integer?", argument("files.list", "pageSize"))
    assert.equal("gemini.FieldMask?", argument("corpora.patch", "updateMask"))
    assert.equal("gemini.ChunkData?", argument("corpora.documents.chunks.patch", "data"))
    assert.equal("gemini.ChunkData", argument("corpora.documents.chunks.create", "data"))
    assert.equal("string?", argument("models.batchGenerateContent", "model"))
    assert.equal("any?", argument("triggers.create", "string"))
    assert.equal("boolean?", argument("interactions.create", "stream"))
    assert.is_nil(argument("corpora.create", "createTime"))
    -- What the client gives each request in a request may be absent from it.
    assert.is_true(inMessages.classes["gemini.EmbedContentRequest"].fields.model.optional)
    assert.is_true(inMessages.classes["gemini.UpdateChunkRequest"].fields.updateMask.optional)
    assert.is_true(inMessages.classes["gemini.GenerateContentBatch"].fields.model.optional)
    assert.is_false(inMessages.classes["gemini.DeleteChunkRequest"].fields.name.optional)
    -- Replies have contents in one form.
    assert.equal("gemini.ContentsLike", inMessages.classes["gemini.GenerateContentRequest"].fields.contents.type)
    assert.equal("gemini.Content", inMessages.classes["gemini.Candidate"].fields.content.type)
  end)
end)
