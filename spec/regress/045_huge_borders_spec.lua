-- A table's length is any border of it: one with holes may say that it has 2^62 items.
if _VERSION ~= "Lua 5.4" then return end

local run = require "spec.support.run"

it("lists that say they are longer than memory are refused", function()
  local output, status = run.lua [[
    local vector = require("gemini").vector
    local function holed(value)
      local t = {}
      for i = 1, 65536 do t[i] = value end
      for k = 17, 62 do t[1 << k] = value end
      for _ = 1, 100 do
        if #t > 1 << 40 then break end
        t[#t + 1] = value
      end
      return t
    end
    local one = vector.new { 1 }
    print(#holed(1.5) > 1 << 40, pcall(vector.new, holed(1.5)))
    print(#holed(one) > 1 << 40, pcall(vector.topK, one, holed(one), math.huge))
  ]]
  assert.equal(0, status, output)
  assert.matches("^true%s+false.-\ntrue%s+false", output)
end)
