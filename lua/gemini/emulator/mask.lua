-- Field masks: which fields of a resource a patch changes.
require("gemini.interpreted")()

local tables = require "gemini.tables"
local errors = require "gemini.emulator.errors"
local json = require "gemini.emulator.json"
local names = require "gemini.emulator.names"

local mask = {}

local function isPath(word)
  return word ~= "" and not (word:find("^%.") or word:find("%.$") or word:find("..", 1, true))
end

---The paths of a mask; raises an error object where one is none.
---@param text string
---@param mutable table<string, true> what "*" stands for
---@param spell (fun(path: string): string)? gives a path the resource's spelling; lowerCamelCase when absent
---@return string[]
function mask.paths(text, mutable, spell)
  spell = spell or names.camelCase
  if text == "*" then return tables.sortedKeys(mutable) end
  local list = {}
  for word in (text .. ","):gmatch("([^,]*),") do
    if not isPath(word) then
      errors.raise("INVALID_ARGUMENT", ("update_mask has '%s', which names no field."):format(word))
    end
    list[#list + 1] = spell(word)
  end
  return list
end

local function mutableIn(body, mutable)
  local list = {}
  for name in pairs(body) do
    if mutable[name] then list[#list + 1] = name end
  end
  return list
end

local function split(path) return path:match("^([^.]+)%.?(.*)$") end

-- Whether what a path leads through can have fields of its own.
local function leads(value, path)
  local top, rest = split(path)
  local inner = value[top]
  return rest == "" or inner == nil or json.isObject(inner) and leads(inner, rest)
end

local function change(value, body, path)
  local top, rest = split(path)
  if rest == "" then
    value[top] = body[top]
  elseif value[top] ~= nil or body[top] ~= nil then
    value[top] = value[top] or {}
    change(value[top], body[top] or {}, rest)
  end
end

---Changes a resource in place: each field of the mask is taken from the body, and removed where the body has none.
---Raises an error object, and changes nothing, for a field that is not there to be changed.
---@param value table
---@param body table
---@param text string? the mask, "*" for all that may change; the body's fields when absent
---@param mutable table<string, true> the fields that may change; a path into one changes a part of it
---@param spell (fun(path: string): string)? gives a path the resource's spelling; lowerCamelCase when absent
function mask.apply(value, body, text, mutable, spell)
  local given = text and text ~= ""
  local list = given and mask.paths(text, mutable, spell) or mutableIn(body, mutable)
  for _, path in ipairs(list) do
    if not (mutable[split(path)] and leads(value, path) and leads(body, path)) then
      errors.raise("INVALID_ARGUMENT", ("The field '%s' of update_mask cannot be updated."):format(path))
    end
  end
  for _, path in ipairs(list) do change(value, body, path) end
end

return mask
