---The file that is a cassette: read whole, and written whole or not at all.

local codec = require "gemini.codec"

local file = {}

local NO_SUCH_FILE = 2 -- ENOENT
local VERSION = 1
local FORM = '{\n  "cassette": %d,\n  "exchanges": ['

---Steps of indentation that an exchange has.
file.DEPTH = 2

-- The text; nil and what is wrong, and whether there is no such file.
local function readAll(path)
  local opened, problem, code = io.open(path, "rb")
  if not opened then return nil, problem, code == NO_SUCH_FILE end
  local text
  text, problem = opened:read("*a")
  opened:close()
  return text, problem and ("%s: %s"):format(path, problem)
end

local function isRequest(value)
  return type(value) == "table" and type(value.verb) == "string" and type(value.path) == "string"
end

local function isResponse(value)
  return type(value) == "table" and (type(value.status) == "number" or type(value.failure) == "table")
end

local function isExchange(value)
  return type(value) == "table" and isRequest(value.request) and isResponse(value.response)
end

-- What is wrong with a file's value, nil if nothing is.
local function problemOf(value)
  if type(value) ~= "table" or value.cassette == nil then return "is no cassette" end
  if value.cassette ~= VERSION then return "is a cassette of another version of lua-gemini" end
  if type(value.exchanges) ~= "table" then return "is no cassette: it has no exchanges" end
  for i, exchange in ipairs(value.exchanges) do
    if not isExchange(exchange) then return ("is no cassette: exchange %d is none"):format(i) end
  end
end

---@param path string
---@return table[]? exchanges  in order, each with its `request` and `response`; nil and what is wrong
---@return string? problem
---@return boolean? missing  there is no such file
function file.read(path)
  local text, problem, missing = readAll(path)
  if not text then return nil, problem, missing end
  local value
  value, problem = codec.decode(text)
  if value == nil then return nil, ("%s is no cassette: %s"):format(path, problem) end
  problem = problemOf(value)
  if problem then return nil, ("%s %s"):format(path, problem) end
  return value.exchanges
end

-- A stream that nobody closes is written by a finaliser, maybe at the state's end, when LuaJIT may have unloaded C
-- modules already: so there is plain Lua here.
local function nameBeside(path) return path .. ".new" end

---@param path string
---@return string? problem  why it can't be written
function file.problem(path)
  local opened, problem = io.open(nameBeside(path), "wb")
  if not opened then return problem end
  opened:close()
  os.remove(nameBeside(path))
end

local function textOf(texts)
  local indent = "\n" .. ("  "):rep(file.DEPTH)
  return FORM:format(VERSION) .. indent .. table.concat(texts, "," .. indent) .. "\n  ]\n}\n"
end

---@param path string
---@param texts string[]  the exchanges, encoded; one at least
---@return string? problem
function file.write(path, texts)
  local opened, problem = io.open(nameBeside(path), "wb")
  if not opened then return problem end
  local ok
  ok, problem = opened:write(textOf(texts))
  local closed, why = opened:close()
  if ok and closed then ok, problem = os.rename(nameBeside(path), path) end
  if ok and closed then return nil end
  os.remove(nameBeside(path))
  return problem or why
end

return file
