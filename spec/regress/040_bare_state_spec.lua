---A state without the table of loaded modules, which a host's may be: the encoder looked into it for lua-cjson.

local run = require "spec.support.run"

describe("the encoder where no table of loaded modules is", function()
  it("encodes what might have been lua-cjson's", function()
    local output, status = run.lua [[
      local codec = require "gemini.codec"
      debug.getregistry()._LOADED = nil
      print(codec.encode { codec.null, setmetatable({ 1 }, codec.arrayMt), setmetatable({}, {}) })
      print(codec.encode { io.stdout })
    ]]
    assert.equal(0, status, output)
    assert.equal('[null,[1],{}]\nnil\t[1]: a userdata can\'t be sent as JSON\n', output)
  end)
end)
