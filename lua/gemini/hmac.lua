---HMAC-SHA256 (RFC 2104), and the comparison of what it gives.

local codec = require "gemini.codec"

local BLOCK = 64 -- bytes, of SHA-256

local hmac = {}

-- The bytes xor'ed with a mask, by a string: not every Lua has operators for bits.
local function xorTable(mask)
  local out = {}
  for byte = 0, 255 do
    local sum, bit = 0, 1
    while bit <= 128 do
      if math.floor(byte / bit) % 2 ~= math.floor(mask / bit) % 2 then sum = sum + bit end
      bit = bit * 2
    end
    out[string.char(byte)] = string.char(sum)
  end
  return out
end

local INNER, OUTER = xorTable(0x36), xorTable(0x5c)

local function digest(first, second)
  local hex = codec.sha256():add(first):add(second):hex()
  return (hex:gsub("..", function(pair) return string.char(tonumber(pair, 16)) end))
end

---@param key string
---@param text string
---@return string bytes  32
function hmac.sha256(key, text)
  if #key > BLOCK then key = digest(key, "") end
  key = key .. ("\0"):rep(BLOCK - #key)
  return digest(key:gsub(".", OUTER), digest(key:gsub(".", INNER), text))
end

---Whether two strings are the same, in a time that tells nothing of where they differ.
---@param a string
---@param b string
---@return boolean
function hmac.equal(a, b)
  if #a ~= #b then return false end
  local sum = 0
  for i = 1, #a do
    local difference = a:byte(i) - b:byte(i)
    sum = sum + difference * difference
  end
  return sum == 0
end

return hmac
