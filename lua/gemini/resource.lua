---Resources and their methods, made from the API's rows when they are first named.

require("gemini.interpreted")()

local lazy = require "gemini.lazy"
local nearest = require "gemini.nearest"
local options = require "gemini.options"
local pager = require "gemini.pager"
local request = require "gemini.request"
local tables = require "gemini.tables"

local gathering, rest, stream = lazy "gemini.gathering", lazy "gemini.rest", lazy "gemini.stream"
local rounds, roundstream = lazy "gemini.tools.rounds", lazy "gemini.tools.stream"
local download, upload = lazy "gemini.download", lazy "gemini.upload"

local resource = {}

-- A list's later pages are asked for with the arguments as they were at the call.
local function list(client, row, first, args, call)
  call = request.keep(call)
  local label, names = first.label, pager.names(row)
  local function fetch(token)
    if token == args[names.token] then return rest.call(client, row, first) end
    local turned = tables.copy(args)
    turned[names.token] = token
    return rest.call(client, row, assert(request.build(client, label.method, row, turned, call)))
  end
  return pager.new(row.items, names, args[names.token], fetch, label)
end

local function streamed(client, row, built, args, call)
  local opened = stream.open(client, row, built, args, request.keep(call))
  return opened, nil, nil, opened
end

local function unary(client, row, built)
  return gathering.call(client, row, built)
end

local function inRounds(client, row, plan)
  if not row.stream then return rounds.call(client, row, plan) end
  local _, opened = roundstream.open(plan)
  return opened, nil, nil, opened
end

-- Whether functions of the program's may have to be carried out: each call asks.
local function mayCall(args)
  if args.tools ~= nil then return true end
  for name in next, options.tools do
    if args[name] ~= nil then return true end
  end
  return false
end

-- What makes the request of a call, and what carries it out.
local function kind(row, args)
  if row.items then return request.build, list end
  if row.download then return download.build, download.get end
  local media = row.upload == "required" or row.upload and upload.areMedia(row, args)
  if media then return upload.build, upload.send end
  if row.tools and mayCall(args) then return rounds.build, inRounds end
  return request.build, row.stream and request.streams(row, args) and streamed or unary
end

local function misused(self, owner, name, braces)
  if self ~= owner then return ("call it with a colon: %s%s"):format(name:gsub("%.(%w+)$", ":%1"), braces) end
end

local function mistaken(self, owner, name, args)
  local problem = misused(self, owner, name, "{…}")
  if problem then return problem end
  if args ~= nil and type(args) ~= "table" then return "arguments must be a table, got " .. type(args) end
end

local function joined(first, second)
  local all = tables.copy(first)
  for name, value in pairs(second) do all[name] = value end
  return all
end

-- Carries a method of the API out; or nil and the error, or nil and what is wrong with the arguments, as a text.
local function carryOut(client, name, row, args, call)
  local build, run = kind(row, args)
  local built, problem = build(client, name, row, args, call)
  if not built then return nil, problem end
  return run(client, row, built, args, call)
end

-- What a method of our own does: nothing but another name, or what a module makes of it.
local function added(row)
  if row.module then
    return function(client, _, _, args, call) return require(row.module).call(client, args, call) end
  end
  local home, name = row.as:match("^(.*)%.([^.]+)$")
  local meant = joined(require("gemini.api")[home][name], row.with or {})
  return function(client, _, _, args, call) return carryOut(client, row.as, meant, args, call) end
end

local function method(client, owner, name, row)
  local run = (row.as or row.module) and added(row) or carryOut
  return function(self, args, call)
    if self ~= owner or type(args) ~= "table" then
      local problem = mistaken(self, owner, name, args)
      if problem then error(("%s: %s"):format(name, problem), 2) end
      args = {}
    end
    local result, err, _, closing = run(client, name, row, tables.copy(args), call)
    if result == nil and type(err) == "string" then error(("%s: %s"):format(name, err), 2) end
    -- The four values of a generic `for`: 5.4 closes the last one when the loop is left.
    if closing ~= nil then return result, nil, nil, closing end
    return result, err
  end
end

-- A method that takes its arguments by their places.
local function positional(client, owner, name, row)
  return function(self, ...)
    local problem = misused(self, owner, name, "(…)")
    if problem then error(("%s: %s"):format(name, problem), 2) end
    local first, second = require(row.module).call(client, ...)
    if first == nil and type(second) == "string" then error(("%s: %s"):format(name, second), 2) end
    return first, second
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

local function rowsOf(name)
  return joined(require("gemini.api")[name] or {}, require("gemini.additions")[name] or {})
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
  local rows, inner = rowsOf(name), children(name)
  if not next(rows) and not next(inner) then return nil end
  local made = {}
  for key, row in pairs(rows) do
    made[key] = (row.positional and positional or method)(client, made, name .. "." .. key, row)
  end
  for key in pairs(inner) do made[key] = resource.new(client, name .. "." .. key) end
  return setmetatable(made, {
    __name = "gemini.resource",
    __tostring = function() return describe(name, rows, inner) end,
    __index = function(_, key) error(unknown(name, key, joined(rows, inner)), 2) end,
  })
end

---@return table<string, any> names  of the resources that are in no other
function resource.names()
  return children("")
end

return resource
