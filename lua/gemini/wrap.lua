---Gives replies their helpers: which message has which.

local lazy = require "gemini.lazy"
local tables = require "gemini.tables"

local interaction, operation, reply = lazy "gemini.interaction", lazy "gemini.operation", lazy "gemini.reply"

local wrappers = {}

function wrappers.GenerateContentResponse(_, value)
  return reply.wrap(value)
end

wrappers["google.longrunning.Operation"] = function(client, value)
  return operation.wrap(client, value)
end

function wrappers.ListOperationsResponse(client, value)
  for _, each in ipairs(tables.objects(value.operations)) do
    wrappers["google.longrunning.Operation"](client, each)
  end
  return value
end

function wrappers.Interaction(_, value)
  return interaction.wrap(value)
end

---@param client gemini.State
---@param message string  a row's reply
---@param value table
---@return table value  the same table
return function(client, message, value)
  local wrap = wrappers[message]
  return wrap and wrap(client, value) or value
end
