---Fills path templates: `{name=corpora/*/documents/*}:query` and arguments to a path that stays within its segments.

local path = {}

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

local function matches(segments, pattern)
  if #segments ~= #pattern then return false end
  for i, want in ipairs(pattern) do
    if want ~= "*" and want ~= segments[i] then return false end
  end
  return true
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
  if value:find("/", 1, true) or stars(pattern) ~= 1 then return value end
  return (pattern:gsub("%*", function() return value end))
end

-- One variable's text in the path, or nil and what is wrong with it.
local function fill(name, patterns, value)
  if value == nil then return nil, name .. " is missing" end
  if type(value) ~= "string" then return nil, ("%s must be a string, got %s"):format(name, type(value)) end
  local segments = split(path.complete(value, patterns:match("^[^|]*")))
  for _, segment in ipairs(segments) do
    if illegal(segment) then
      return nil, ("%s is not a legal resource name: %q"):format(name, value)
    end
  end
  for pattern in patterns:gmatch("[^|]+") do
    if matches(segments, split(pattern)) then return escaped(segments) end
  end
  return nil, ("%s must look like %s, got %q"):format(name, patterns:gsub("|", " or "), value)
end

---@param template string
---@return table<string, true> names  of its variables
function path.names(template)
  local names = {}
  for name in template:gmatch("{([^=}]+)=") do names[name] = true end
  return names
end

---@param template string
---@param args table
---@return string? path
---@return string? problem
function path.expand(template, args)
  local problem
  local expanded = template:gsub("{([^=}]+)=([^}]+)}", function(name, patterns)
    local text, wrong = fill(name, patterns, args[name])
    problem = problem or wrong
    return text or ""
  end)
  if problem then return nil, problem end
  return expanded
end

return path
