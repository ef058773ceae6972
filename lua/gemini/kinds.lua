---What a value is on this wire: null, a list, a table with names. The words are those that problems use.

require("gemini.interpreted")()

local kinds = {
  EMPTY = "an empty table",
  LIST = "a list",
  NAMED = "a table with names",
  HOLES = "a list with holes",
  MIXED = "a table with both names and numbers",
  ODD = "a table with keys that are neither names nor places in a list",
}

---@param value any
---@return boolean
function kinds.isNull(value)
  return type(value) == "userdata" and value == require("gemini.codec").null
end

-- A constant of lua-cjson, which is not loaded for that.
local function ofCjson(name)
  local cjson = package.loaded.cjson
  return type(cjson) == "table" and rawget(cjson, name) or nil
end

---@param value any
---@return boolean  whether it is lua-cjson's own word for an empty array
function kinds.isEmptyArray(value)
  return type(value) == "userdata" and value == ofCjson("empty_array")
end

local function isMarked(value)
  local meta = getmetatable(value)
  if not meta then return false end
  return meta == require("gemini.codec").arrayMt or meta == ofCjson("array_mt") or meta == ofCjson("empty_array_mt")
end

local function isIndex(key)
  return type(key) == "number" and key >= 1 and key % 1 == 0
end

-- How many names and indexes a table has, and the last index; nil where there is a key that is neither.
local function keysOf(value)
  local names, count, last = 0, 0, 0
  for key in next, value do
    if type(key) == "string" then
      names = names + 1
    elseif isIndex(key) then
      count, last = count + 1, math.max(last, key)
    else
      return nil
    end
  end
  return names, count, last
end

---@param value table
---@return string kind  one of the words above
function kinds.of(value)
  local names, count, last = keysOf(value)
  if not names then return kinds.ODD end
  local marked = isMarked(value)
  if names > 0 then return (count > 0 or marked) and kinds.MIXED or kinds.NAMED end
  if count == 0 then return marked and kinds.LIST or kinds.EMPTY end
  return last == count and kinds.LIST or kinds.HOLES
end

---@param value any
---@return string what  it is, for a sentence about a value that is wrong
function kinds.got(value)
  if type(value) == "table" then return kinds.of(value) end
  return kinds.isNull(value) and "null" or type(value)
end

return kinds
