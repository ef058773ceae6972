---Gives replies their helpers: which message has which.

local tables = require "gemini.tables"

local wrappers = {}

function wrappers.GenerateContentResponse(_, value)
  return require("gemini.reply").wrap(value)
end

wrappers["google.longrunning.Operation"] = function(client, value)
  return require("gemini.operation").wrap(client, value)
end

function wrappers.ListOperationsResponse(client, value)
  for _, operation in ipairs(tables.objects(value.operations)) do
    wrappers["google.longrunning.Operation"](client, operation)
  end
  return value
end

function wrappers.Interaction(_, value)
  return require("gemini.interaction").wrap(value)
end

---@param client gemini.State
---@param message string  a row's reply
---@param value table
---@return table value  the same table
return function(client, message, value)
  local wrap = wrappers[message]
  return wrap and wrap(client, value) or value
end
