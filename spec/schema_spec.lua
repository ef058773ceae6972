local cjson = require "cjson"
local gemini = require "gemini"
local talk = require "spec.support.talk"

local schema = gemini.schema

-- What another codec reads of it.
local function wire(value) return cjson.decode(gemini.json.encode(value)) end

describe("gemini.schema", function()
  it("writes types by their names, and says which properties must be there", function()
    local made = wire(schema.object { city = "string", days = schema.integer { minimum = 1 }, note = "string?" })
    assert.same({
      type = "object", required = { "city", "days" },
      properties = { city = { type = "string" }, days = { type = "integer", minimum = 1 }, note = { type = "string" } },
    }, made)
  end)

  it("requires nothing where all is optional", function()
    local made = wire(schema.object { a = "number?", b = schema.optional(schema.boolean "a flag") })
    assert.is_nil(made.required)
    assert.same({ type = "boolean", description = "a flag" }, made.properties.b)
  end)

  it("keeps the order of a list of pairs", function()
    local made = wire(schema.object({ { "z", "string" }, { "a", "integer?" }, { "m", { "x", "y" } } }, "what it is"))
    assert.same({ "z", "a", "m" }, made.propertyOrdering)
    assert.same({ "z", "m" }, made.required)
    assert.same({ type = "string", enum = { "x", "y" } }, made.properties.m)
    assert.equal("what it is", made.description)
  end)

  it("nests, and takes plain JSON Schemas", function()
    local made = wire(schema.array(schema.object { tags = schema.array("string", { minItems = 1 }),
      any = schema.anyOf { "null", { type = "string", format = "date" } } }))
    assert.same({
      type = "array",
      items = {
        type = "object", required = { "any", "tags" },
        properties = {
          tags = { type = "array", items = { type = "string" }, minItems = 1 },
          any = { anyOf = { { type = "null" }, { type = "string", format = "date" } } },
        },
      },
    }, made)
  end)

  it("changes none of the tables that it is given", function()
    local values, more, optional = { "a", "b" }, { minimum = 1 }, schema.optional "string"
    schema.object { a = values, b = schema.integer(more), c = optional }
    assert.same({ "a", "b" }, values)
    assert.same({ minimum = 1 }, more)
    assert.same({ type = "string" }, wire(schema.object { c = optional }).properties.c)
    assert.is_nil(wire(schema.object { c = optional }).required)
  end)

  for message, make in pairs {
    ['gemini.schema.object: a: there is no type "strin", did you mean \'string\'?'] =
      function() schema.object { a = "strin" } end,
    ["gemini.schema.integer: unknown keyword 'minimun', did you mean 'minimum'?"] =
      function() schema.integer { minimun = 1 } end,
    ["gemini.schema.object: 'required' can't be given: it follows from the rest"] =
      function() schema.object({ a = "string", b = "string" }, { required = { "a" } }) end,
    ["gemini.schema.string: 'type' can't be given: it follows from the rest"] =
      function() schema.string { type = { "string", "null" } } end,
    ["gemini.schema.object: two properties are called 'a'"] =
      function() schema.object { { "a", "string" }, { "a", "integer" } } end,
    ["gemini.schema.enum: [2] must be a string, got number"] = function() schema.enum { "a", 2 } end,
    ["gemini.schema.object: [1] must be a pair { name, schema }"] = function() schema.object { { "a" } } end,
    ["gemini.schema.array: items must be a schema or a type's name, got nil"] = function() schema.array() end,
    ["gemini.schema.object: expected a table of properties, got nil"] = function() schema.object() end,
    ["gemini.schema.anyOf: expected a list of schemas"] = function() schema.anyOf {} end,
    ["gemini.schema.string: expected a table or a description, got number"] = function() schema.string(1) end,
    ["gemini.schema.object: a property's name must be a string, got number"] =
      function() schema.object { [2] = "string" } end,
  } do
    it("refuses with: " .. message, function()
      local ok, raised = pcall(make)
      assert.is_false(ok)
      assert.truthy(raised:find("schema_spec%.lua:%d+: "), raised)
      assert.equal(message, (raised:gsub("^.-:%d+: ", "")))
    end)
  end
end)

describe("a schema in a request", function()
  after_each(talk.stop)

  local ANSWER = talk.ok '{"candidates":[{"content":{"parts":[{"text":"{\\"a\\": 1}"}]},"finishReason":"STOP"}]}'

  it("goes where the API takes a JSON Schema, with the type that it means", function()
    local client = talk.answering(ANSWER)
    local config = { responseSchema = schema.object { a = "integer" } }
    local reply = assert(client.models:generateContent { model = "m", contents = "x", generationConfig = config })
    assert.equal(1, reply.parsed.a)
    assert.same({
      responseMimeType = "application/json",
      responseJsonSchema = { type = "object", properties = { a = { type = "integer" } }, required = { "a" } },
    }, talk.sent().body.generationConfig)
    assert.is_nil(config.responseMimeType)
    assert.truthy(schema.isSchema(config.responseSchema))
  end)

  it("may be written by hand, in either form", function()
    for name, value in pairs { responseJsonSchema = { type = "string" }, responseSchema = { type = "STRING" } } do
      local client = talk.answering(ANSWER)
      assert(client.models:generateContent { model = "m", contents = "x", generationConfig = { [name] = value } })
      assert.same({ responseMimeType = "application/json", [name] = value }, talk.sent().body.generationConfig)
    end
    local client = talk.answering(ANSWER)
    local config = { responseSchema = schema.enum { "a", "b" }, responseMimeType = "text/x.enum" }
    assert(client.models:generateContent { model = "m", contents = "x", generationConfig = config })
    assert.equal("text/x.enum", talk.sent().body.generationConfig.responseMimeType)
  end)

  it("declares what a function takes and gives, and the function stays here", function()
    local client = talk.answering(ANSWER, talk.ok '{"totalTokens":1}')
    local tools = { { functionDeclarations = { {
      name = "f", parameters = schema.object { a = "string" }, response = schema.array "integer",
      call = function() end, timeout = 5,
    } } } }
    local declared = {
      name = "f", responseJsonSchema = { type = "array", items = { type = "integer" } },
      parametersJsonSchema = { type = "object", properties = { a = { type = "string" } }, required = { "a" } },
    }
    assert(client.models:generateContent { model = "m", contents = "x", tools = tools })
    assert.same({ { functionDeclarations = { declared } } }, talk.sent(1).body.tools)
    assert(client.models:countTokens { model = "m", generateContentRequest = { contents = "x", tools = tools } })
    assert.same({ { functionDeclarations = { declared } } }, talk.sent(2).body.generateContentRequest.tools)
    assert.equal("function", type(tools[1].functionDeclarations[1].call))
  end)
end)
