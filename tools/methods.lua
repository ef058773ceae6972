-- What callers give and get: each method's arguments and what it returns, read off the project's own tables, for the
-- tools that describe them.
local additions = require "gemini.additions"
local api = require "gemini.api"
local messages = require "gemini.messages"
local options = require "gemini.options"
local own = require "gemini.own"
local parameters = require "gemini.parameters"
local path = require "gemini.path"
local tables = require "gemini.tables"

local methods = {}

---@class Argument
---@field name string
---@field type string?  as in gemini.messages
---@field kind string?  in its place: as language servers know it
---@field list boolean?
---@field map boolean?
---@field required boolean?
---@field media boolean?  not of the API: where media come from or go to, and how
---@field input boolean?  sent in the body, where contents may be given in any form

local function pathArguments(row)
  local out = {}
  for name, variable in pairs(path.names(row.path)) do
    -- What the body may name too need not be an argument of its own.
    local inBody = row.body and variable:find(".", 1, true) and messages.get(row.body)[variable:match("^[^.]+")]
    out[name] = { name = name, type = "string", required = not inBody }
  end
  return out
end

local function addQuery(out, row)
  for _, name in ipairs(row.query or {}) do
    out[name] = { name = name, type = parameters[name] or "string" }
  end
end

-- What is not the API's: where media come from, or go to.
local function addMedia(out, row)
  for name, rule in pairs(row.upload and options.upload or row.download and options.download or {}) do
    local word = own.word(row, name)
    out[word] = { name = word, kind = rule[3], media = true }
  end
  if row.upload then out.mimeType = { name = "mimeType", type = "string" } end
end

local function addStream(out, row)
  local name = type(row.stream) == "string" and row.stream
  if name and not out[name] then out[name] = { name = name, type = "bool" } end
end

local function addPacking(out, row)
  for name, rule in pairs(row.packed and options.packing or {}) do out[name] = { name = name, kind = rule[3] } end
end

local function addTools(out, row)
  for name, rule in pairs(row.tools and options.tools or {}) do out[name] = { name = name, kind = rule[3] } end
end

local function addFields(out, fields, partial)
  for name, field in pairs(fields or {}) do
    if not out[name] and not field.outputOnly then
      out[name] = { name = name, type = field.type, list = field.list, map = field.map, input = true }
      out[name].required = field.required and not partial
    end
  end
end

local function addBody(out, row)
  local fields = messages.get(row.body or "")
  -- Callers may give the fields of the one field that such a body has.
  if row.wrap then addFields(out, messages.get(fields[row.wrap].type)) end
  addFields(out, fields, row.verb == "PATCH")
end

-- The path's first, as they come first in a request.
local function rank(row, argument)
  if not argument.required then return 3 end
  return path.names(row.path)[argument.name] and 1 or 2
end

---@param row gemini.Row
---@return Argument[] arguments  the path's, then others that are required, then the rest; each kind in order
function methods.arguments(row)
  if row.arguments then return row.arguments end
  local all = pathArguments(row)
  addQuery(all, row)
  addMedia(all, row)
  addStream(all, row)
  addPacking(all, row)
  addTools(all, row)
  addBody(all, row)
  local out = {}
  for wanted = 1, 3 do
    for _, name in ipairs(tables.sortedKeys(all)) do
      if rank(row, all[name]) == wanted then out[#out + 1] = all[name] end
    end
  end
  return out
end

---The message whose fields a method takes without any facts about them.
---@param row gemini.Row
---@return string? message
function methods.unknownBody(row)
  return row.body and not messages.get(row.body) and row.body or nil
end

-- Where there are no facts about a list's reply, its items are what the resource's other methods give.
local function itemsOf(rows, row)
  local fields = messages.get(row.reply)
  if fields then return fields[row.items].type end
  local other = rows.get or rows.create or rows.upload
  return other.reply
end

---@param resource string
---@return table<string, table> rows  of its methods, ours among them; that of another name is the row of what it means
function methods.rows(resource)
  local rows = tables.copy(api[resource] or {})
  for name, row in pairs(additions[resource] or {}) do
    local home, meant = (row.as or ""):match("^(.*)%.([^.]+)$")
    rows[name] = tables.copy(home and api[home][meant] or row)
    for field, value in pairs(row.with or {}) do rows[name][field] = value end
  end
  return rows
end

---@param resource string
---@param name string
---@return "pager"|"stream"|"either"|"bytes"|"empty"|"reply"|"own" kind  "either" gives a stream where it is asked for
---@return string? message  what comes back, or each item of it; of what is our own, in words
---@return string? type  of what is our own
function methods.returns(resource, name)
  local rows = methods.rows(resource)
  local row = rows[name]
  if row.gives then return "own", row.gives, row.type end
  if row.items then return "pager", itemsOf(rows, row) end
  if row.download then return "bytes" end
  if row.stream then return row.stream == true and "stream" or "either", row.reply end
  if row.reply == "Empty" then return "empty" end
  return "reply", row.wrap and messages.get(row.reply)[row.wrap].type or row.reply
end

---@return string[] resources  in order, those that only hold others too
function methods.resources()
  local all = {}
  for name in pairs(api) do
    while name do
      all[name] = true
      name = name:match("^(.*)%.[^.]+$")
    end
  end
  return tables.sortedKeys(all)
end

return methods
