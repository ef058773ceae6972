local facts = require "spec.support.facts"
local read = require "spec.support.read"
local messages = require "gemini.messages"
local tables = require "gemini.tables"

local known = facts.read()

describe("gemini.messages #lua", function()
  it("knows fields, flags, and enums with their order", function()
    assert.same({ type = "Content", list = true, required = true }, messages.get("GenerateContentRequest").contents)
    assert.same({ type = "Blob", oneof = "data" }, messages.get("Part").inlineData)
    assert.same({ type = "Schema", map = true }, messages.get("Schema").properties)
    assert.is_true(messages.get("Candidate").finishReason.outputOnly)
    assert.equal(2, messages.enum("BatchState").BATCH_STATE_PENDING)
    assert.equal("BATCH_STATE_PENDING", messages.enum("BatchState")[2])
  end)

  it("gives nil for what it does not know, and an empty table for a message without fields", function()
    assert.is_nil(messages.get("Nonesuch"))
    assert.is_nil(messages.enum("Nonesuch"))
    assert.same({}, messages.get("CodeExecution"))
  end)

  it("needs neither lua-cjson nor luasocket", function()
    local command = ([[%s -e 'package.path = %q
      package.preload.cjson = error package.preload.socket = error
      print(require("gemini.messages").get("Blob").data.type)' 2>&1]]):format(arg and arg[-1] or "lua5.4", package.path)
    local pipe = io.popen(command)
    local answer = pipe:read("*a")
    pipe:close()
    assert.equal("bytes\n", answer)
  end)

  it("resolves every type that is not a scalar or well known", function()
    for _, name in ipairs((messages.names())) do
      for field, entry in pairs(messages.get(name)) do
        local resolved = entry.type:find("^%l") or messages.get(entry.type) or messages.enum(entry.type)
        assert.truthy(resolved, name .. "." .. field)
      end
    end
  end)

  local fact = known and it or pending

  fact("has every message of the facts, field by field, and no other", function()
    assert.same(tables.sortedKeys(known.messages), (messages.names()))
    for name, fields in pairs(known.messages) do assert.same(fields, messages.get(name), name) end
  end)

  fact("has every enum of the facts, value by value, and no other", function()
    assert.same(tables.sortedKeys(known.enums), (select(2, messages.names())))
    for name, values in pairs(known.enums) do
      local expected = {}
      for i, value in ipairs(values) do
        expected[i], expected[value] = value, i
      end
      assert.same(expected, messages.enum(name), name)
    end
  end)

  fact("is what tools/messages.lua makes of the facts", function()
    local pipe = io.popen(("%s tools/messages.lua '%s'"):format(arg and arg[-1] or "lua5.4", known.dir))
    local made = pipe:read("*a")
    pipe:close()
    assert.is_true(made == read("lua/gemini/messages.lua"), "run tools/messages.lua again")
  end)
end)
