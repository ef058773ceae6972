---Resources and their methods, made from the API's rows when they are first named.

local api = require "gemini.api"
local nearest = require "gemini.nearest"
local pager = require "gemini.pager"
local request = require "gemini.request"
local tables = require "gemini.tables"

local resource = {}

local function callOptions(call)
  local kept = call and tables.copy(call)
  if kept and kept.headers then kept.headers = tables.copy(kept.headers) end
  return kept
end

-- A list's later pages are asked for with the arguments as they were at the call.
local function list(client, row, first, args, call)
  local rest = require "gemini.rest"
  call = callOptions(call)
  local label = first.label
  local function fetch(token)
    if token == args.pageToken then return rest.call(client, row, first) end
    local turned = tables.copy(args)
    turned.pageToken = token
    return rest.call(client, row, assert(request.build(client, label.method, row, turned, call)))
  end
  local function repeated(token)
    local message = ("the server gave the page token %q twice in a row"):format(token)
    return require("gemini.errors").new("protocol", message, label)
  end
  return pager.new(row.items, args.pageToken, fetch, repeated)
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
    args = tables.copy(args or {})
    local built
    built, problem = request.build(client, name, row, args, call)
    if not built then error(("%s: %s"):format(name, problem), 2) end
    return carryOut(client, row, built, args, call)
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
