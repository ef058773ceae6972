---Fills path templates: `{name=corpora/*/documents/*}:query` and arguments to a path that stays within its segments.

local memo = require "gemini.memo"

local path = {}

-- A variable of a template: `{name=corpora/*}`, `{id}` for one segment, `{+path}` for any number of them.
local VARIABLE = "{(%+?)([^=}]+)=?([^}]*)}"

local function encode(byte)
  return ("%%%02X"):format(byte:byte())
end

---Percent-encodes all but RFC 3986's unreserved characters.
---@param text string
---@return string
function path.escape(text)
  return (text:gsub("[^%w%-%._~]", encode))
end

local function split(text)
  local segments = {}
  for segment in (text .. "/"):gmatch("([^/]*)/") do segments[#segments + 1] = segment end
  return segments
end

local function illegal(segment)
  return segment == "" or segment == "." or segment == ".." or segment:find("[%c?#\\]")
end

local function allLegal(segments)
  for _, segment in ipairs(segments) do
    if illegal(segment) then return false end
  end
  return true
end

local function matches(segments, pattern)
  if #segments ~= #pattern then return false end
  for i, want in ipairs(pattern) do
    if want ~= "*" and want ~= segments[i] then return false end
  end
  return true
end

local function matchesAny(segments, patterns)
  for pattern in patterns:gmatch("[^|]+") do
    if matches(segments, split(pattern)) then return true end
  end
  return false
end

local function escaped(segments)
  local out = {}
  for i, segment in ipairs(segments) do out[i] = path.escape(segment) end
  return table.concat(out, "/")
end

local function stars(pattern)
  return select(2, pattern:gsub("%*", ""))
end

---Completes a bare name where one collection is possible: `x` for `models/*` is `models/x`.
---@param value string
---@param pattern string
---@return string
function path.complete(value, pattern)
  if value == "" or value:find("/", 1, true) or stars(pattern) ~= 1 then return value end
  return (pattern:gsub("%*", function() return value end))
end

-- Any number of segments, none too.
local function fillRest(name, value)
  local segments = value == "" and {} or split(value)
  if not allLegal(segments) then return nil, ("%s is not a legal path: %q"):format(name, value) end
  return escaped(segments)
end

local function fillPattern(name, patterns, value)
  local segments = split(path.complete(value, patterns:match("^[^|]*")))
  if not allLegal(segments) then return nil, ("%s is not a legal resource name: %q"):format(name, value) end
  if matchesAny(segments, patterns) then return escaped(segments) end
  local shape = patterns == "*" and "one name without a slash" or patterns:gsub("|", " or ")
  return nil, ("%s must look like %s, got %q"):format(name, shape, value)
end

-- One variable's text in the path, or nil and what is wrong with it.
local function fill(variable, value)
  local name = variable.argument
  if value == nil then return nil, name .. " is missing" end
  if type(value) ~= "string" then return nil, ("%s must be a string, got %s"):format(name, type(value)) end
  if variable.anyNumber then return fillRest(name, value) end
  return fillPattern(name, variable.patterns, value)
end

-- Programs name the same few models again and again.
local MOST_KEPT = 64

local function filled(variable, value)
  local text = value ~= nil and variable.kept[value]
  if text then return text end
  local problem
  text, problem = fill(variable, value)
  if not text then return nil, problem end
  variable.count = variable.count + 1
  if variable.count > MOST_KEPT then variable.kept, variable.count = {}, 1 end
  variable.kept[value] = text
  return text
end

-- An argument by its own name, or where the body has it: `batch = { model = … }`.
local function lookUp(args, variable, message, inBody)
  local value, name = args[variable.argument], variable.name
  if value ~= nil or not variable.dotted or not inBody(message, name:match("^[^.]+")) then return value end
  value = args
  for field in name:gmatch("[^.]+") do
    if type(value) ~= "table" then return nil end
    value = rawget(value, field)
  end
  return value
end

-- `argument` is what a variable is filled from: `model` for `batch.model`.
local function variableOf(plus, name, patterns)
  return {
    name = name,
    argument = name:match("[^.]+$"),
    dotted = name:find(".", 1, true) ~= nil,
    anyNumber = plus == "+",
    patterns = patterns == "" and "*" or patterns,
    kept = {},
    count = 0,
  }
end

local function parse(template)
  local parsed, last = { variables = {}, between = {}, names = {} }, 1
  for from, plus, name, patterns, to in template:gmatch("()" .. VARIABLE .. "()") do
    local variable = variableOf(plus, name, patterns)
    parsed.variables[#parsed.variables + 1] = variable
    parsed.between[#parsed.between + 1] = template:sub(last, from - 1)
    parsed.names[variable.argument] = name
    last = to
  end
  parsed.behind = template:sub(last)
  return parsed
end

-- The API has some hundred templates.
local parsedOf = memo(parse)

---@param template string
---@return table<string, string> names  of the arguments it is filled from, and what each is called in the API; not to
---  be changed
function path.names(template)
  return parsedOf(template).names
end

---@param template string
---@param args table
---@param message? string  the body's
---@param inBody fun(message: string, field: string): boolean  whether it has a field, in which a dotted variable may be
---  given
---@return string? path
---@return string? problem
function path.expand(template, args, message, inBody)
  local parsed, expanded = parsedOf(template), ""
  for i, variable in ipairs(parsed.variables) do
    local text, problem = filled(variable, lookUp(args, variable, message, inBody))
    if not text then return nil, problem end
    expanded = expanded .. parsed.between[i] .. text
  end
  return expanded .. parsed.behind
end

---Whether a template's one variable takes this full resource name.
---@param template string
---@param name string
---@return boolean
function path.takes(template, name)
  local _, _, patterns = template:match(VARIABLE)
  return patterns ~= nil and patterns ~= "" and matchesAny(split(name), patterns)
end

return path
