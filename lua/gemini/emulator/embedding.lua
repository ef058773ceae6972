-- Texts as vectors. Each word and each three bytes of a word are hashed to a dimension and a sign: nothing is learned,
-- yet texts that share words, or parts of words, point the same way.
local embedding = { default = 768, most = 3072 }

-- No product below reaches 2^53, so that every Lua computes the same.
local MODULUS, FACTOR = 4294967291, 65599
local SIGN = 65536 -- what stands above decides on the sign

-- Weights are integers, whose sums are exact. Short words mostly hold a sentence together and say little about it.
local SHORT, LITTLE, MUCH = 3, 2, 10
local GRAM = 3

local cache = setmetatable({}, { __mode = "v" })

-- A cache of so many things, emptied when it is full.
local function bounded(most)
  local kept, count = {}, 0
  return function(key, compute)
    local value = kept[key]
    if value == nil then
      if count >= most then kept, count = {}, 0 end
      value = compute(key)
      kept[key], count = value, count + 1
    end
    return value
  end
end

local function hash(text, from, to, seed)
  local value = seed
  for i = from, to do value = (value * FACTOR + text:byte(i)) % MODULUS end
  return value
end

local function addPart(parts, hashed, weight)
  local negative = math.floor(hashed / SIGN) % 2 == 0
  parts[#parts + 1], parts[#parts + 2] = hashed, negative and -weight or weight
end

-- What a word adds to a vector: hashes and weights by turns.
local function partsOf(word)
  local parts, weight = {}, #word <= SHORT and LITTLE or MUCH
  addPart(parts, hash(word, 1, #word, 1), weight)
  local padded = " " .. word .. " "
  for i = 1, #padded - GRAM + 1 do addPart(parts, hash(padded, i, i + GRAM - 1, 2), weight / 2) end
  return parts
end

local partsKept = bounded(20000)
local LONG = 32 -- bytes of a word that hardly comes again

local function addWord(values, word)
  local parts = #word > LONG and partsOf(word) or partsKept(word, partsOf)
  local dimensions = #values
  for i = 1, #parts, 2 do
    local at = parts[i] % dimensions + 1
    values[at] = values[at] + parts[i + 1]
  end
end

-- The length of a vector. One without a direction gets one of its own.
local function norm(values)
  local sum = 0
  for i = 1, #values do sum = sum + values[i] * values[i] end
  if sum == 0 then values[1], sum = 1, 1 end
  return math.sqrt(sum)
end

-- The sums of a text's words, which are integers.
local function compute(text, dimensions)
  local values = {}
  for i = 1, dimensions do values[i] = 0 end
  local lower, words = text:lower(), false
  for word in lower:gmatch("[0-9a-z\128-\255]+") do
    addWord(values, word)
    words = true
  end
  if not words then addWord(values, lower) end
  return values
end

local function normalised(values)
  local length = norm(values)
  for i = 1, #values do values[i] = values[i] / length end
  return values
end

---The vector of a text, of length 1. The same text has the same vector, in every Lua.
---@param text string
---@param dimensions integer? embedding.default when absent
---@return number[] values not to be changed
function embedding.of(text, dimensions)
  dimensions = dimensions or embedding.default
  local key = ("%d:%s"):format(dimensions, text)
  local values = cache[key]
  if not values then
    values = normalised(compute(text, dimensions))
    cache[key] = values
  end
  return values
end

-- A search looks at few dimensions of many vectors. To be kept, these are strings: three bytes a dimension.
local WIDTH, ZERO = 3, 2 ^ 23
-- Longer texts are rare, and would fill the memory.
local LONGEST_KEPT = 16384

-- Hardly a sum is far from zero.
local inBytes = setmetatable({}, { __index = function(known, value)
  local shifted = value + ZERO
  known[value] = string.char(math.floor(shifted / 65536), math.floor(shifted / 256) % 256, shifted % 256)
  return known[value]
end })

local function pack(text)
  local values = compute(text, embedding.default)
  for i = 1, #values do values[i] = math.max(-ZERO, math.min(values[i], ZERO - 1)) end
  local length = norm(values)
  for i = 1, #values do values[i] = inBytes[values[i]] end
  return { bytes = table.concat(values), norm = length }
end

local packs = bounded(20000)

local function valueAt(bytes, dimension)
  local a, b, c = bytes:byte(WIDTH * dimension - 2, WIDTH * dimension)
  return a * 65536 + b * 256 + c - ZERO
end

---Compares texts with one text.
---@param text string
---@return fun(other: string): number cosine 1 for the same direction, about 0 for texts that share nothing
function embedding.likeness(text)
  local values, dimensions = embedding.of(text), {}
  for i = 1, #values do
    if values[i] ~= 0 then dimensions[#dimensions + 1] = i end
  end
  return function(other)
    local packed, sum = #other > LONGEST_KEPT and pack(other) or packs(other, pack), 0
    for _, i in ipairs(dimensions) do sum = sum + values[i] * valueAt(packed.bytes, i) end
    return sum / packed.norm
  end
end

return embedding
