-- The standard methods of the agents family's collections, whose resources have an `id` and no name, and whose fields
-- and parameters are in snake_case.
require("gemini.interpreted")()

local tables = require "gemini.tables"
local errors = require "gemini.emulator.errors"
local fields = require "gemini.emulator.fields"
local mask = require "gemini.emulator.mask"
local paging = require "gemini.emulator.paging"

local identified = {}

---@class gemini.emulator.Identified: gemini.emulator.Fields
---@field segment string the collection's word in paths and in the reply of a list: "webhooks"
---@field prefix string? what the ids that the server makes begin with
---@field created string? the field that holds the time of the creation
---@field updated string? the field that holds the time of the last change
---@field mutable table<string, true>? the fields that a patch may change; there is no patch without
---@field settable table<string, string|table>? rules of fields that a patch takes and a create does not
---@field prepare fun(context: table, value: table): table? completes and checks what is created or has been patched,
---  before it is kept; may return what to hide beside it
---@field show fun(context: table, value: table, hidden: table): table? what a client sees, where that changes with time

local PAGES = { default = 50, max = 1000 }
local ID = "^[%w][%w_-]*$"
local LONGEST_ID = 63

---The name by which the store knows a resource.
---@param kind gemini.emulator.Identified
---@param id string
---@return string
function identified.name(kind, id) return kind.segment .. "/" .. id end

local function checkedId(id)
  if #id <= LONGEST_ID and id:find(ID) then return id end
  local text = "Invalid id '%s': it must have up to %d letters, digits, dashes and underscores."
  return errors.raise("INVALID_ARGUMENT", text:format(id, LONGEST_ID))
end

local function stamp(context, kind, value, time)
  if kind.updated then value[kind.updated] = time or context.store:time() end
end

---Creates a resource from what a request gave.
---@param context table
---@param kind gemini.emulator.Identified
---@param body table
---@return table value
---@return table hidden
function identified.create(context, kind, body)
  local value = fields.check(kind, body)
  value.id = value.id and checkedId(value.id) or (kind.prefix or "") .. context.store:id()
  local now = context.store:time()
  if kind.created then value[kind.created] = now end
  stamp(context, kind, value, now)
  local hidden = kind.prepare and kind.prepare(context, value) or {}
  return context.store:insert(identified.name(kind, value.id), value, hidden), hidden
end

---@param context table
---@param kind gemini.emulator.Identified
---@param id string
---@return table value as clients see it
function identified.show(context, kind, id)
  local value, hidden = context.store:get(identified.name(kind, id))
  return kind.show and kind.show(context, value, hidden) or value
end

---Takes one page of a list, by a request's `page_size` and `page_token`.
---@param context table
---@param values table[]
---@return table[]? page nil where it is empty
---@return string? next_page_token
function identified.page(context, values)
  local asked = context.query
  local query = { pageSize = asked.page_size, pageToken = asked.page_token, listed = asked.listed }
  local page, token = paging.page(values, query, PAGES)
  return page[1] and page, token
end

---@param context table
---@param kind gemini.emulator.Identified
---@return table reply
function identified.list(context, kind)
  local page, token = identified.page(context, context.store:list(kind.segment))
  for i, value in ipairs(page or {}) do page[i] = identified.show(context, kind, value.id) end
  return { [kind.segment] = page, next_page_token = token }
end

local function asWritten(path) return path end

local function patchRules(kind)
  local rules = tables.copy(kind.settable or {})
  for name, rule in pairs(kind.rules) do rules[name] = rule end
  return { message = kind.message, rules = rules, output = kind.output }
end

---Changes what the mask says, or what the body has where there is none; all of it or nothing.
---@param context table
---@param kind gemini.emulator.Identified
---@return table value
function identified.patch(context, kind)
  local id = context.params.id
  local kept = context.store:get(identified.name(kind, id))
  local body, value = fields.check(patchRules(kind), context.body, true), tables.deepCopy(kept)
  mask.apply(value, body, context.query.update_mask, kind.mutable, asWritten)
  fields.complete(kind, value)
  stamp(context, kind, value)
  context.store:replace(identified.name(kind, id), value, kind.prepare and kind.prepare(context, value))
  return identified.show(context, kind, id)
end

---The handlers of the standard methods.
---@param kind gemini.emulator.Identified
---@return table<string, fun(context: table): table> methods by full name, "webhooks.create"
function identified.methods(kind)
  local handlers = {
    create = function(context)
      return identified.show(context, kind, identified.create(context, kind, context.body).id)
    end,
    get = function(context) return identified.show(context, kind, context.params.id) end,
    list = function(context) return identified.list(context, kind) end,
    patch = kind.mutable and function(context) return identified.patch(context, kind) end,
    delete = function(context)
      context.store:remove(identified.name(kind, context.params.id))
      return {}
    end,
  }
  local methods = {}
  for method, handler in pairs(handlers) do
    methods[kind.segment .. "." .. method] = function(context) return { json = handler(context) } end
  end
  return methods
end

return identified
