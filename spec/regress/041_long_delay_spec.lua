---A long row of digits that is no delay in the end took time by its square: a minute for a header of 100 kB, and days
---for a body.

local talk = require "spec.support.talk"

-- Seconds of the processor; by the square it was a hundred times as much.
local LONGEST = 5

describe("a server's delay of many digits", function()
  after_each(talk.stop)

  local function refused(answer)
    local before = os.clock()
    local _, err = talk.answering(answer).models:get { name = "x" }
    assert.is_true(os.clock() - before < LONGEST)
    return err
  end

  it("is passed over at once in a header", function()
    local err = refused(talk.http("400 Bad Request", "", "Retry-After: " .. ("1"):rep(90000) .. "x\r\n"))
    assert.same({ "api", 400 }, { err.kind, err.code })
    assert.is_nil(err.retryAfter)
  end)

  for _, delay in ipairs { ("1"):rep(1000000) .. "xs", ("1"):rep(500000) .. "." .. ("1"):rep(500000) .. "xs" } do
    it("is passed over at once in a body", function()
      local err = refused(talk.http("400 Bad Request", '{"error":{"details":[{"retryDelay":"' .. delay .. '"}]}}'))
      assert.equal(delay, err.details[1].retryDelay)
      assert.is_nil(err.retryAfter)
    end)
  end

  it("is read as before where it is one", function()
    for text, seconds in pairs { ["3"] = 3, ["3."] = 3, ["3.5"] = 3.5, ["00.25"] = 0.25 } do
      assert.equal(seconds, refused(talk.http("400 Bad Request", "", "Retry-After: " .. text .. "\r\n")).retryAfter)
    end
    for _, text in ipairs { ".5", "3.5.5", "-3", "3e1", "." } do
      assert.is_nil(refused(talk.http("400 Bad Request", "", "Retry-After: " .. text .. "\r\n")).retryAfter)
    end
  end)
end)
