-- The standard methods of a collection: create, get, list, patch and delete, from a description of it.
local messages = require "gemini.messages"
local tables = require "gemini.tables"
local errors = require "gemini.emulator.errors"
local mask = require "gemini.emulator.mask"
local paging = require "gemini.emulator.paging"

local collection = {}

---@class gemini.emulator.Collection
---@field resource string "corpora.documents"
---@field segment string the collection's word in a name: "documents"
---@field message string "Document"
---@field items string? the field of a list's reply; the segment when absent
---@field mutable table<string, true> the fields that a patch may change
---@field most integer? how many there may be beside each other
---@field pages { default: integer, max: integer }
---@field children boolean? a resource with others below it is deleted with `force` alone
---@field prepare fun(context: table, value: table): table? completes and checks what is created or has been patched,
---  before it is kept; may return what to hide beside it
---@field show fun(context: table, value: table, hidden: table): table? what a client sees, where that changes with time

local ID = "^[a-z0-9][a-z0-9-]*$"
local LONGEST_ID = 40

local function checkId(kind, id)
  if #id <= LONGEST_ID and id:find(ID) and not id:find("%-$") then return id end
  local text = "Invalid name: the ID of %s must have up to %d lower-case letters, digits and dashes, and neither begin "
    .. "nor end with a dash."
  return errors.raise("INVALID_ARGUMENT", text:format(kind.segment, LONGEST_ID))
end

-- The first part of an ID that the server makes: what the display name has to give.
local function slug(value)
  local text = (value.displayName or ""):lower():gsub("[^a-z0-9]+", "-"):gsub("^%-", ""):sub(1, 24):gsub("%-$", "")
  return text ~= "" and text .. "-" or ""
end

---The collection's path below a parent.
---@param kind gemini.emulator.Collection
---@param parent string?
---@return string
function collection.path(kind, parent)
  return parent and parent .. "/" .. kind.segment or kind.segment
end

local function nameOf(context, kind, path, value)
  if value.name == nil or value.name == "" then return path .. "/" .. slug(value) .. context.store:id() end
  local id = value.name:sub(1, #path + 1) == path .. "/" and value.name:sub(#path + 2)
  if not id or id:find("/", 1, true) then
    errors.raise("INVALID_ARGUMENT", ("Invalid name: '%s' is not in %s."):format(value.name, path))
  end
  return path .. "/" .. checkId(kind, id)
end

local function checkRoom(context, kind, path)
  if not kind.most or context.store:count(path) < kind.most then return end
  local text = "%s may hold at most %d resources."
  errors.raise("RESOURCE_EXHAUSTED", text:format(path, kind.most))
end

---Creates a resource from a checked body.
---@param context table
---@param kind gemini.emulator.Collection
---@param parent string? which has to exist
---@param body table
---@return table value
function collection.create(context, kind, parent, body)
  if parent then context.store:get(parent) end
  local path = collection.path(kind, parent)
  checkRoom(context, kind, path)
  local value = tables.deepCopy(body)
  value.name = nameOf(context, kind, path, body)
  value.createTime = context.store:time()
  value.updateTime = value.createTime
  local hidden = kind.prepare and kind.prepare(context, value)
  return context.store:insert(value.name, value, hidden)
end

---@param context table
---@param kind gemini.emulator.Collection
---@param name string
---@return table value as clients see it
function collection.show(context, kind, name)
  local value, hidden = context.store:get(name)
  return kind.show and kind.show(context, value, hidden) or value
end

---Changes what the mask says; nothing is changed where the outcome would not be legal.
---@param context table
---@param kind gemini.emulator.Collection
---@param name string
---@param body table
---@param text string? the mask
---@return table value
function collection.patch(context, kind, name, body, text)
  local kept = context.store:get(name)
  local update = messages.get(("Update%sRequest"):format(kind.message))
  if update and update.updateMask.required and not text then
    local missing = "* Update%sRequest.update_mask: update_mask is not specified\n"
    errors.raise("INVALID_ARGUMENT", missing:format(kind.message))
  end
  local value = tables.deepCopy(kept)
  mask.apply(value, body, text, kind.mutable)
  value.updateTime = context.store:time()
  context.store:replace(name, value, kind.prepare and kind.prepare(context, value))
  return collection.show(context, kind, name)
end

---@param context table
---@param kind gemini.emulator.Collection
---@param name string
---@param force boolean? delete what is below it as well
function collection.delete(context, kind, name, force)
  context.store:get(name)
  if kind.children and not force and #context.store:below(name) > 0 then
    errors.raise("FAILED_PRECONDITION", ("%s is not empty: delete what it holds first, or set force."):format(name))
  end
  context.store:remove(name)
end

---@param context table
---@param kind gemini.emulator.Collection
---@param parent string?
---@return table reply
function collection.list(context, kind, parent)
  if parent then context.store:get(parent) end
  local values = context.store:list(collection.path(kind, parent))
  local page, nextPageToken = paging.page(values, context.query, kind.pages)
  for i, value in ipairs(page) do page[i] = collection.show(context, kind, value.name) end
  return { [kind.items or kind.segment] = page[1] and page, nextPageToken = nextPageToken }
end

-- The path's one variable that names a resource: "name", "parent", "corpus.name".
local function named(context)
  for variable, value in pairs(context.params) do
    if variable:match("[^.]+$") == "name" then return value end
  end
end

---The handlers of the standard methods.
---@param kind gemini.emulator.Collection
---@return table<string, fun(context: table): table> methods by full name, "corpora.create"
function collection.methods(kind)
  local handlers = {
    create = function(context) return collection.create(context, kind, context.params.parent, context.body) end,
    get = function(context) return collection.show(context, kind, named(context)) end,
    list = function(context) return collection.list(context, kind, context.params.parent) end,
    patch = function(context)
      return collection.patch(context, kind, named(context), context.body, context.query.updateMask)
    end,
    delete = function(context)
      collection.delete(context, kind, named(context), context.query.force)
      return {}
    end,
  }
  local methods = {}
  for method, handler in pairs(handlers) do
    methods[kind.resource .. "." .. method] = function(context) return { json = handler(context) } end
  end
  return methods
end

return collection
