---Makes vectors of lists of numbers in a reply, for codecs that can't read them as such.

require("gemini.interpreted")()

local vector = require "gemini.vector"

-- From here on a number is too large for a float32.
local BEYOND = 2 ^ 128 - 2 ^ 103

local function fits(list)
  for i = 1, #list do
    local number = list[i]
    if type(number) ~= "number" or number ~= number or math.abs(number) >= BEYOND then return false end
  end
  return list[1] ~= nil
end

---@param value any  what JSON gives; changed
---@param key string  whose lists of numbers become vectors, wherever they are
local function pack(value, key)
  if type(value) ~= "table" then return end
  for name, inner in next, value do
    if name == key and type(inner) == "table" and fits(inner) then
      value[name] = vector.new(inner)
    else
      pack(inner, key)
    end
  end
end

return pack
