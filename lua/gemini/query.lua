---The parameters of a call that travel in the query.

local parameters = require "gemini.parameters"
local path = require "gemini.path"
local tables = require "gemini.tables"

local query = {}

-- Every integer below is one double and no other.
local EXACT = 2 ^ 53
local mathType = rawget(math, "type") or function() return "float" end

local MASKS = { updateMask = true, update_mask = true }

-- A value's text in the query, or nil and what was expected.
local function queryText(value)
  if type(value) == "string" then return value end
  if type(value) == "boolean" then return tostring(value) end
  if type(value) ~= "number" then return nil, "a string, a number or a boolean, got " .. type(value) end
  if value ~= value or value - value ~= 0 then return nil, "a finite number" end
  local whole = mathType(value) == "integer" or value % 1 == 0 and math.abs(value) < EXACT
  return (whole and "%d" or "%.17g"):format(value)
end

-- A list of texts is given as its parameter several times.
local function addParameter(fields, name, given)
  local several = type(given) == "table" and given[1] ~= nil and not parameters[name]
  for _, value in ipairs(several and given or { given }) do
    local text, expected = queryText(value)
    if not text then return ("%s must be %s"):format(name, expected) end
    fields[#fields + 1] = name .. "=" .. path.escape(text)
  end
end

---@param row gemini.Row
---@param args table
---@return string? text  "?…", or "" for no parameters
---@return string? problem
function query.text(row, args)
  local fields = { row.fixed }
  for _, name in ipairs(row.query or {}) do
    local problem = args[name] ~= nil and addParameter(fields, name, args[name])
    if problem then return nil, problem end
  end
  return #fields > 0 and "?" .. table.concat(fields, "&") or ""
end

-- The text of a mask that is given as a list of names; or nil and what is wrong.
local function maskText(name, list)
  for _, each in ipairs(list) do
    if type(each) ~= "string" then return nil, ("%s must hold names alone, got %s"):format(name, type(each)) end
  end
  if #list == 0 then return nil, name .. " must not be an empty list" end
  return table.concat(list, ",")
end

---The arguments of a patch with its mask as text: the fields given, where it does not say which it changes.
---@param row gemini.Row
---@param args table
---@param fields? table<string, any>  the body's
---@return table? args  a copy where they change
---@return string? problem
function query.masked(row, args, fields)
  for _, name in ipairs(row.query or {}) do
    if MASKS[name] and fields then
      local mask, problem = args[name], nil
      if mask == nil then mask = require("gemini.shape").mask(row.body, fields) end
      if type(mask) == "table" then mask, problem = maskText(name, mask) end
      if problem then return nil, problem end
      args = tables.copy(args)
      args[name] = mask
    end
  end
  return args
end

return query
