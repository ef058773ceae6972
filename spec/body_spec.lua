---Request bodies: bytes in memory and windows of files, read in any pieces and rewound.

local core = require "core"
local temporary = require "spec.support.temporary"

describe("a request body", function()
  after_each(temporary.clean)

  local segments = { "abc", "", "de", "fghijk", "" }

  it("is read across segments in pieces of any size", function()
    for step = 1, 13 do assert.equal("abcdefghijk", core.readBody(segments, step)) end
    assert.equal("", core.readBody({}, 4))
    assert.equal("", core.readBody({ "" }, 4))
    assert.equal("abc", core.readBody("abc", 2))
  end)

  it("is rewound to any byte, not beyond the end", function()
    for at = 0, 11 do
      assert.equal(("abcdefghijk"):sub(at + 1), core.readBody(segments, 4, at))
    end
    assert.is_nil(core.readBody(segments, 4, 12))
    assert.is_nil(core.readBody(segments, 4, -1))
  end)

  it("has windows of strings and files between its strings", function()
    local path = temporary.file "0123456789"
    local mixed = {
      "<", { path = path, offset = 2, length = 3 }, { data = "abcdef", offset = 1, length = 2 }, "|",
      { path = path, length = 0 }, { path = path, offset = 8, length = 2 }, { data = "xyz", offset = 2 }, { data = "!" }, ">",
    }
    local whole = "<234bc|89z!>"
    for step = 1, 13 do
      assert.equal(whole, core.readBody(mixed, step))
      for at = 0, #whole do assert.equal(whole:sub(at + 1), core.readBody(mixed, step, at)) end
    end
  end)

  it("reads at places that 32 bits do not hold", function()
    local path = temporary.file ""
    local file = assert(io.open(path, "r+b"))
    file:seek("set", 5 * 2 ^ 30)
    file:write "far away"
    file:close()
    assert.equal("far", core.readBody({ { path = path, offset = 5 * 2 ^ 30, length = 3 } }, 2))
    local window = { { path = path, offset = 0, length = 5 * 2 ^ 30 + 8 } }
    assert.equal("away", core.readBody(window, 4, 5 * 2 ^ 30 + 4))
  end)

  it("says which byte of which file could not be read, and why", function()
    local path = temporary.file "0123456789"
    local bytes, problem = core.readBody({ "a", { path = path, offset = 4, length = 7 } }, 4)
    assert.is_nil(bytes)
    assert.equal("the file has no byte 10 any more: " .. path, problem)
    bytes, problem = core.readBody({ { path = path .. ".no", offset = 0, length = 1 } }, 4)
    assert.is_nil(bytes)
    assert.equal("byte 0 can't be read: No such file or directory: " .. path .. ".no", problem)
    bytes, problem = core.readBody({ { path = "/", offset = 0, length = 1 } }, 4)
    assert.is_nil(bytes)
    assert.equal("byte 0 can't be read: Is a directory: /", problem)
  end)

  it("refuses more bytes than can be counted", function()
    local window = { path = "x", length = 2 ^ 53 }
    assert.has_error(function() core.readBody({ window, window }, 4) end, "the body has more bytes than can be counted")
  end)

  it("refuses windows that are none", function()
    for message, segment in pairs {
      ["a window ends behind its data"] = { data = "abc", offset = 1, length = 3 },
      ["a window begins behind its data"] = { data = "abc", offset = 5 },
      ["a window's length is no number of bytes"] = { path = "x", offset = 0 },
      ["a window's offset is no number of bytes"] = { data = "abc", offset = -1 },
      ["a window has neither data nor a path"] = { length = 3 },
      ["a segment is a string or a table, got boolean"] = true,
    } do
      local ok, problem = pcall(core.readBody, { segment }, 4)
      assert.is_false(ok)
      assert.truthy(problem:find(message, 1, true), problem)
    end
  end)
end)
