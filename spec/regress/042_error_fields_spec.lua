---Answers with errors that nobody would send: bytes that are no UTF-8 came into the error's line as they were, a message
---of blanks made a line without one, and any number was the code.

local talk = require "spec.support.talk"

local function refused(body)
  local _, err = talk.answering(talk.http("500 Oops", body)).models:get { name = "x" }
  assert.equal("api", err.kind)
  return err
end

describe("an error made of an odd answer", function()
  after_each(talk.stop)

  it("is a line of UTF-8, whatever the bytes", function()
    local err = refused "d\233fendu \155\128 \237\160\128 \195\164 \240\159\153\130\240\159"
    local good = "d\239\191\189fendu \239\191\189\239\191\189 \239\191\189\239\191\189\239\191\189 \195\164 \240\159\153\130\239\191\189"
    assert.equal(good, err.message)
    assert.equal("models.get: HTTP 500: " .. good .. " (try again later)", tostring(err))
  end)

  it("is not cut in the middle of a character", function()
    local message = refused("a" .. ("\195\164"):rep(5000)).message
    assert.equal("a" .. ("\195\164"):rep((#message - 4) / 2) .. "…", message)
    assert.is_true(#message > 190)
  end)

  it("has a message where the server's is blank", function()
    for _, body in ipairs { '{"error":{"message":" \\n"}}', '"  "', '{"error":" "}', "\1\0\2", '{"error":{"message":"\\u0000"}}' } do
      local err = refused(body)
      assert.equal("the server gave no message", err.message)
      assert.equal("models.get: HTTP 500: the server gave no message (try again later)", tostring(err))
    end
  end)

  it("has the answer's status for its code where the body's is none", function()
    for _, code in ipairs { "1.5", "1e308", "-1", "4294967296", '"x"', "null" } do
      assert.equal(500, refused('{"error":{"code":' .. code .. ',"message":"m"}}').code)
    end
    assert.equal(404, refused('{"error":{"code":404.0,"message":"m"}}').code)
  end)
end)
