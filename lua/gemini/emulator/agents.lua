-- The resource `agents`, and which agents an interaction may name.
local errors = require "gemini.emulator.errors"
local identified = require "gemini.emulator.identified"

local KIND = {
  segment = "agents",
  message = "Agent",
  rules = {
    id = "string", base_agent = "string", system_instruction = "string", description = "string",
    base_environment = "string|object", tools = "list", agent_config = "object",
  },
}

-- What the names of Google's own agents begin with; each goes on with a version or a date.
local OWN = { "antigravity-", "code-mender-", "deep-research-" }

local agents = { methods = identified.methods(KIND) }

local function isOwn(id)
  for _, prefix in ipairs(OWN) do
    if id:sub(1, #prefix) == prefix then return true end
  end
  return false
end

local function bare(name) return (name:gsub("^agents/", "")) end

---The id of an agent of the user's own; raises NOT_FOUND where there is none.
---@param context table
---@param name string with or without "agents/"
---@return string id
---@return table agent
function agents.custom(context, name)
  local id = bare(name)
  return id, context.store:get(identified.name(KIND, id))
end

---The id of an agent that may be asked; raises NOT_FOUND where there is none.
---@param context table
---@param name string
---@return string id
---@return table agent without fields for one of Google's
function agents.find(context, name)
  if isOwn(bare(name)) then return bare(name), {} end
  return agents.custom(context, name)
end

function KIND.prepare(context, value)
  if isOwn(value.id) then
    errors.raise("INVALID_ARGUMENT", ("Invalid id '%s': it is one of the API's own agents."):format(value.id))
  end
  if value.base_agent then agents.find(context, value.base_agent) end
end

return agents
