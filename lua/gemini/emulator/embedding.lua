-- Texts as vectors. Each word and each three bytes of a word are hashed to a dimension and a sign: nothing is learned,
-- yet texts that share words, or parts of words, point the same way.
local embedding = { default = 768, most = 3072 }

-- No product below reaches 2^53, so that every Lua computes the same.
local MODULUS, FACTOR = 4294967291, 65599
local SIGN = 65536 -- what stands above decides on the sign

-- Short words mostly hold a sentence together and say little about it.
local SHORT, LITTLE = 3, 0.2
local GRAM = 3
local GRAM_WEIGHT = 0.5

local cache = setmetatable({}, { __mode = "v" })

local function hash(text, from, to, seed)
  local value = seed
  for i = from, to do value = (value * FACTOR + text:byte(i)) % MODULUS end
  return value
end

local function add(values, hashed, weight)
  local at = hashed % #values + 1
  if math.floor(hashed / SIGN) % 2 == 0 then weight = -weight end
  values[at] = values[at] + weight
end

local function addWord(values, word)
  local weight = #word <= SHORT and LITTLE or 1
  add(values, hash(word, 1, #word, 1), weight)
  local padded = " " .. word .. " "
  for i = 1, #padded - GRAM + 1 do add(values, hash(padded, i, i + GRAM - 1, 2), weight * GRAM_WEIGHT) end
end

-- Gives a vector the length 1. One without a direction gets one of its own.
local function normalise(values)
  local sum = 0
  for i = 1, #values do sum = sum + values[i] * values[i] end
  if sum == 0 then values[1], sum = 1, 1 end
  local norm = math.sqrt(sum)
  for i = 1, #values do values[i] = values[i] / norm end
end

local function compute(text, dimensions)
  local values = {}
  for i = 1, dimensions do values[i] = 0 end
  local lower, words = text:lower(), false
  for word in lower:gmatch("[0-9a-z\128-\255]+") do
    addWord(values, word)
    words = true
  end
  if not words then addWord(values, lower) end
  normalise(values)
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
    values = compute(text, dimensions)
    cache[key] = values
  end
  return values
end

---How alike two texts are.
---@param a string
---@param b string
---@return number cosine 1 for the same direction, about 0 for texts that share nothing
function embedding.likeness(a, b)
  local left, right = embedding.of(a), embedding.of(b)
  local sum = 0
  for i = 1, #left do sum = sum + left[i] * right[i] end
  return sum
end

return embedding
