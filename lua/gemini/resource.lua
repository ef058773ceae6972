---Resources and their methods, made from the API's rows when they are first named.

local api = require "gemini.api"
local nearest = require "gemini.nearest"
local pager = require "gemini.pager"
local request = require "gemini.request"

local resource = {}

local function withToken(args, token)
  local out = {}
  for name, value in pairs(args) do out[name] = value end
  out.pageToken = token
  return out
end

-- How each kind of row is carried out, given a built request and a way to build it for another page.
local function list(client, row, first, args, build)
  local rest = require "gemini.rest"
  return pager.new(row.items, args.pageToken, function(token)
    local built = token == args.pageToken and first or build(withToken(args, token))
    return rest.call(client, row, built)
  end)
end

local function stream(client, _, built)
  local opened = require("gemini.stream").open(client, built)
  -- The four values of a generic `for`: 5.4 closes the last one when the loop is left.
  return opened, nil, nil, opened
end

local function unary(client, row, built)
  return require("gemini.rest").call(client, row, built)
end

local function kind(row)
  return row.items and list or row.stream and stream or unary
end

local function misused(self, owner, name, args)
  if self ~= owner then return ("call it with a colon: %s{…}"):format(name:gsub("%.(%w+)$", ":%1")) end
  if args ~= nil and type(args) ~= "table" then return "arguments must be a table, got " .. type(args) end
end

local function method(client, owner, name, row)
  local carryOut = kind(row)
  return function(self, args, call)
    local problem = misused(self, owner, name, args)
    if problem then error(("%s: %s"):format(name, problem), 2) end
    args = args or {}
    local function build(given)
      return request.build(client, name, row, given, call)
    end
    local built
    built, problem = build(args)
    if not built then error(("%s: %s"):format(name, problem), 2) end
    return carryOut(client, row, built, args, build)
  end
end

local function unknown(name, key, rows)
  return ("%s has no method '%s'%s"):format(name, tostring(key), nearest(tostring(key), rows))
end

---@param client gemini.State
---@param name string  "models"
---@return table? resource  nil if there is none by that name
function resource.new(client, name)
  local rows = api[name]
  if not rows then return nil end
  return setmetatable({}, {
    __name = "gemini.resource",
    __index = function(self, key)
      if not rows[key] then error(unknown(name, key, rows), 2) end
      local made = method(client, self, ("%s.%s"):format(name, key), rows[key])
      rawset(self, key, made)
      return made
    end,
  })
end

---@return table<string, any> names  of all resources
function resource.names()
  return api
end

return resource
