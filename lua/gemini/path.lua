---Fills path templates: `{name=corpora/*/documents/*}:query` and arguments to a path that stays within its segments.

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
local function fill(plus, name, patterns, value)
  if value == nil then return nil, name .. " is missing" end
  if type(value) ~= "string" then return nil, ("%s must be a string, got %s"):format(name, type(value)) end
  if plus == "+" then return fillRest(name, value) end
  return fillPattern(name, patterns == "" and "*" or patterns, value)
end

-- The argument that a variable is filled from: `batch.model` from `model`.
local function argument(variable)
  return variable:match("[^.]+$")
end

-- An argument by its own name, or where the body has it: `batch = { model = … }`.
local function lookUp(args, variable, inBody)
  local value = args[argument(variable)]
  if value ~= nil or not variable:find(".", 1, true) or not inBody(variable:match("^[^.]+")) then return value end
  value = args
  for name in variable:gmatch("[^.]+") do
    if type(value) ~= "table" then return nil end
    value = rawget(value, name)
  end
  return value
end

---@param template string
---@return table<string, string> names  of the arguments it is filled from, and what each is called in the API
function path.names(template)
  local names = {}
  for _, variable in template:gmatch(VARIABLE) do names[argument(variable)] = variable end
  return names
end

---@param template string
---@param args table
---@param inBody fun(field: string): boolean?  whether the body has a field, in which a dotted variable may be given
---@return string? path
---@return string? problem
function path.expand(template, args, inBody)
  local problem
  local expanded = template:gsub(VARIABLE, function(plus, variable, patterns)
    local text, wrong = fill(plus, argument(variable), patterns, lookUp(args, variable, inBody))
    problem = problem or wrong
    return text or ""
  end)
  if problem then return nil, problem end
  return expanded
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
