-- SHA-256 in plain Lua: with the operators of 5.3 and later, with a bit library, or with arithmetic alone.

local WORD = 2 ^ 32

-- What the rounds are made of, for a Lua that knows the operators; the others could not even read this. A word put
-- beside itself turns with one shift.
local NATIVE = [[
return {
  whole = function(x) return x | 0 end,
  small0 = function(x)
    local twice = x << 32 | x
    return (twice >> 7 ~ twice >> 18 ~ x >> 3) & 0xFFFFFFFF
  end,
  small1 = function(x)
    local twice = x << 32 | x
    return (twice >> 17 ~ twice >> 19 ~ x >> 10) & 0xFFFFFFFF
  end,
  choose = function(x, y, z)
    local twice = x << 32 | x
    return ((twice >> 6 ~ twice >> 11 ~ twice >> 25) & 0xFFFFFFFF) + (x & y ~ ~x & z)
  end,
  majority = function(x, y, z)
    local twice = x << 32 | x
    return ((twice >> 2 ~ twice >> 13 ~ twice >> 22) & 0xFFFFFFFF) + (x & y ~ x & z ~ y & z)
  end,
}
]]

-- x and y of a byte each → x AND y.
local function andOfBytes()
  local rows = {}
  for x = 0, 255 do
    rows[x] = {}
    for y = 0, 255 do
      local out, p, q = 0, x, y
      for bit = 0, 7 do
        if p % 2 == 1 and q % 2 == 1 then out = out + 2 ^ bit end
        p, q = math.floor(p / 2), math.floor(q / 2)
      end
      rows[x][y] = out
    end
  end
  return rows
end

local function arithmetic()
  local bytes, powers, lib = andOfBytes(), {}, {}
  for n = 0, 32 do powers[n] = 2 ^ n end
  function lib.band(x, y)
    local x1, y1 = x % 256, y % 256
    local x2, y2 = x % 65536 - x1, y % 65536 - y1
    local x3, y3 = x % 16777216 - x1 - x2, y % 16777216 - y1 - y2
    local x4, y4 = (x - x1 - x2 - x3) / 16777216, (y - y1 - y2 - y3) / 16777216
    return bytes[x1][y1] + bytes[x2 / 256][y2 / 256] * 256 + bytes[x3 / 65536][y3 / 65536] * 65536
      + bytes[x4][y4] * 16777216
  end
  local band = lib.band
  function lib.bxor(x, y, z)
    local both = x + y - 2 * band(x, y)
    return z and both + z - 2 * band(both, z) or both
  end
  function lib.bnot(x) return WORD - 1 - x end
  function lib.rshift(x, n) return (x - x % powers[n]) / powers[n] end
  function lib.ror(x, n)
    local low = x % powers[n]
    return (x - low) / powers[n] + low * powers[32 - n]
  end
  return lib
end

local function bitLibrary()
  for _, name in ipairs { "bit", "bit32" } do
    local ok, lib = pcall(require, name)
    if ok then return lib, lib.ror or lib.rrotate end
  end
  local lib = arithmetic()
  return lib, lib.ror
end

local function built()
  local lib, rotate = bitLibrary()
  local band, bxor, rshift = lib.band, lib.bxor, lib.rshift
  return {
    whole = function(x) return x end,
    small0 = function(x) return bxor(rotate(x, 7), rotate(x, 18), rshift(x, 3)) end,
    small1 = function(x) return bxor(rotate(x, 17), rotate(x, 19), rshift(x, 10)) end,
    choose = function(x, y, z)
      return bxor(rotate(x, 6), rotate(x, 11), rotate(x, 25)) + bxor(band(x, y), band(lib.bnot(x), z))
    end,
    majority = function(x, y, z)
      return bxor(rotate(x, 2), rotate(x, 13), rotate(x, 22)) + bxor(band(x, y), band(x, z), band(y, z))
    end,
  }
end

-- The load of Lua 5.1 takes no text.
local ok, native = pcall(load, NATIVE)
local ops = ok and native and native() or built()
local small0, small1, choose, majority = ops.small0, ops.small1, ops.choose, ops.majority

local function primes(count)
  local found, number = {}, 2
  while #found < count do
    local isPrime = true
    for _, prime in ipairs(found) do
      if number % prime == 0 then isPrime = false break end
    end
    if isPrime then found[#found + 1] = number end
    number = number + 1
  end
  return found
end

-- The first 32 bits of what follows the point. A cube root of its own: pow may be a bit off.
local function fraction(root) return ops.whole(math.floor(root % 1 * WORD)) end

local function cubeRoot(x)
  local root = x ^ (1 / 3)
  return root - (root * root * root - x) / (3 * root * root)
end

local CONSTANTS, START = {}, {}
for i, prime in ipairs(primes(64)) do
  CONSTANTS[i] = fraction(cubeRoot(prime))
  if i <= 8 then START[i] = fraction(prime ^ 0.5) end
end

local words = {}

local function readWords(text, at)
  for i = 1, 16 do
    local a, b, c, d = text:byte(at + i * 4 - 4, at + i * 4 - 1)
    words[i] = ((a * 256 + b) * 256 + c) * 256 + d
  end
  for i = 17, 64 do
    words[i] = (small1(words[i - 2]) + words[i - 7] + small0(words[i - 15]) + words[i - 16]) % 4294967296
  end
end

local function compress(state, text, at)
  readWords(text, at)
  local a, b, c, d, e, f, g, h = state[1], state[2], state[3], state[4], state[5], state[6], state[7], state[8]
  for i = 1, 64 do
    local first = h + choose(e, f, g) + CONSTANTS[i] + words[i]
    local second = majority(a, b, c)
    h, g, f, e = g, f, e, (d + first) % 4294967296
    d, c, b, a = c, b, a, (first + second) % 4294967296
  end
  for i, value in ipairs { a, b, c, d, e, f, g, h } do state[i] = (state[i] + value) % 4294967296 end
end

-- The message's last bytes with the padding: a one, zeros, and the length in bits.
local function ending(bytes)
  local rest, bits, length = bytes:sub(#bytes - #bytes % 64 + 1), #bytes * 8, {}
  for i = 8, 1, -1 do
    length[i] = string.char(bits % 256)
    bits = math.floor(bits / 256)
  end
  return rest .. "\128" .. ("\0"):rep((55 - #rest) % 64) .. table.concat(length)
end

---@param bytes string
---@return string digest 64 hexadecimal digits
return function(bytes)
  local state, last = {}, ending(bytes)
  for i, value in ipairs(START) do state[i] = value end
  for at = 1, #bytes - #bytes % 64, 64 do compress(state, bytes, at) end
  for at = 1, #last, 64 do compress(state, last, at) end
  local out = {}
  for i, value in ipairs(state) do out[i] = ("%08x"):format(value) end
  return table.concat(out)
end
