---The emulator ran on and on for a schema of a long list, or of lists within lists, and failed by one that is none.

local gemini = require "gemini"
local sample = require "gemini.emulator.sample"

local function count(value)
  if type(value) ~= "table" then return 1 end
  local all = 1
  for _, each in pairs(value) do all = all + count(each) end
  return all
end

local function property(schema) return { type = "object", properties = { a = schema } } end

describe("what the emulator makes of a schema", function()
  it("has an end", function()
    local nested = { type = "string" }
    for _ = 1, 18 do nested = { type = "array", items = nested } end
    for _, schema in ipairs { { type = "array", minItems = 1e9 }, nested } do
      local value = sample.value(property(schema), "words")
      assert.equal("table", type(value.a))
      assert.is_true(count(value) < 10000)
    end
    assert.same({ a = { "words", "words", "words" } }, sample.value(property { type = "array", minItems = 3 }, "words"))
  end)

  it("is something where it is none", function()
    for _, schema in ipairs {
      { type = "object", properties = "x" }, { type = "object", properties = { a = 1 }, propertyOrdering = 5 },
      property { enum = 5 }, property { anyOf = 5 }, { ["$defs"] = 5, properties = { a = { ["$ref"] = "#/x" } } },
    } do
      assert.is_string(gemini.json.encode(sample.value(schema, "words")))
    end
  end)
end)
