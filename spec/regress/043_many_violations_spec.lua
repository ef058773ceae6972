---The line of an error with many violations, all of them named by a long message, took time by the product of both: two
---minutes for an answer of 1.5 MB. And a name that stood only where the message was cut off was shown nowhere.

local talk = require "spec.support.talk"

-- Seconds of the processor.
local LONGEST = 20

local function refused(message, fields)
  local violations = {}
  for i, field in ipairs(fields) do violations[i] = ('{"field":"%s"}'):format(field) end
  local body = ('{"error":{"message":"%s","details":[{"fieldViolations":[%s]}]}}'):format(message, table.concat(violations, ","))
  local _, err = talk.answering(talk.http("400 Bad Request", body)).models:get { name = "x" }
  return err
end

describe("the line of an error with violations", function()
  after_each(talk.stop)

  it("is made at once, however many there are", function()
    local fields = {}
    for i = 1, 20000 do fields[i] = "ab" .. i end
    local err = refused(("a"):rep(1000000) .. table.concat(fields, " "), fields)
    local before = os.clock()
    local line = tostring(err)
    assert.is_true(os.clock() - before < LONGEST)
    assert.truthy(line:find("… (concerns ab1, ab2, ab3, …)", 1, true))
  end)

  it("names what the message names behind its end", function()
    local line = tostring(refused(("x "):rep(1000) .. "far", { "far" }))
    assert.truthy(line:find("… (concerns far)", 1, true), line)
  end)

  it("names nothing twice", function()
    local line = tostring(refused("near is wrong", { "near", "far", "far" }))
    assert.equal("models.get: HTTP 400: near is wrong (concerns far)", line)
  end)
end)
