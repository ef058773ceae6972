---Resources and their methods, made from the API's rows when they are first named.

require("gemini.interpreted")()

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
  local label, names = first.label, pager.names(row)
  local function fetch(token)
    if token == args[names.token] then return rest.call(client, row, first) end
    local turned = tables.copy(args)
    turned[names.token] = token
    return rest.call(client, row, assert(request.build(client, label.method, row, turned, call)))
  end
  local function repeated(token)
    local message = ("the server gave the page token %q twice"):format(token)
    return require("gemini.errors").new("protocol", message, label)
  end
  return pager.new(row.items, names, args[names.token], fetch, repeated)
end

local function stream(client, row, built, args, call)
  local opened = require("gemini.stream").open(client, row, built, args, callOptions(call))
  -- The four values of a generic `for`: 5.4 closes the last one when the loop is left.
  return opened, nil, nil, opened
end

local function unary(client, row, built)
  return require("gemini.rest").call(client, row, built)
end

local function download(client, _, built)
  return require("gemini.download").get(client, built)
end

local function buildDownload(...)
  return require("gemini.download").build(...)
end

local function upload(client, row, built)
  return require("gemini.upload").send(client, row, built)
end

local function buildUpload(...)
  return require("gemini.upload").build(...)
end

-- What makes the request of a call, and what carries it out.
local function kind(row, args)
  if row.items then return request.build, list end
  if row.download then return buildDownload, download end
  if row.upload == "required" or row.upload and args.data ~= nil then return buildUpload, upload end
  return request.build, request.streams(row, args) and stream or unary
end

local function misused(self, owner, name, args)
  if self ~= owner then return ("call it with a colon: %s{…}"):format(name:gsub("%.(%w+)$", ":%1")) end
  if args ~= nil and type(args) ~= "table" then return "arguments must be a table, got " .. type(args) end
end

local function method(client, owner, name, row)
  return function(self, args, call)
    local problem = misused(self, owner, name, args)
    if problem then error(("%s: %s"):format(name, problem), 2) end
    args = tables.copy(args or {})
    local build, carryOut = kind(row, args)
    local built
    built, problem = build(client, name, row, args, call)
    if not built then error(("%s: %s"):format(name, problem), 2) end
    return carryOut(client, row, built, args, call)
  end
end

-- The names that follow one in the API's dotted ones: the resources in a resource, or for "" all at the top.
local function children(name)
  local names, prefix = {}, name == "" and "" or name .. "."
  for full in pairs(require "gemini.api") do
    local child = full:sub(1, #prefix) == prefix and full:sub(#prefix + 1):match("^[^.]+")
    if child then names[child] = true end
  end
  return names
end

local function members(rows, inner)
  local all = tables.copy(rows)
  for name in pairs(inner) do all[name] = true end
  return all
end

local function unknown(name, key, known)
  return ("%s has no method '%s'%s"):format(name, tostring(key), nearest(tostring(key), known))
end

local function describe(name, rows, inner)
  local words = {}
  for _, names in ipairs { rows, inner } do
    if next(names) then words[#words + 1] = table.concat(tables.sortedKeys(names), ", ") end
  end
  return ("gemini.resource %s: %s"):format(name, table.concat(words, "; "))
end

---@param client gemini.State
---@param name string  "corpora.documents"
---@return table? resource  with its methods and the resources in it as fields; nil if there is none by that name
function resource.new(client, name)
  if type(name) ~= "string" or name == "" then return nil end
  local rows, inner = require("gemini.api")[name], children(name)
  if not rows and not next(inner) then return nil end
  rows = rows or {}
  local made = {}
  for key, row in pairs(rows) do made[key] = method(client, made, name .. "." .. key, row) end
  for key in pairs(inner) do made[key] = resource.new(client, name .. "." .. key) end
  return setmetatable(made, {
    __name = "gemini.resource",
    __tostring = function() return describe(name, rows, inner) end,
    __index = function(_, key) error(unknown(name, key, members(rows, inner)), 2) end,
  })
end

---@return table<string, any> names  of the resources that are in no other
function resource.names()
  return children("")
end

return resource
