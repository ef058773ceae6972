-- The resource `interactions`. An answer is computed at once and shown when it is due: at once, at the end of its
-- stream, or after the time that work takes.
local tables = require "gemini.tables"
local agents = require "gemini.emulator.agents"
local environments = require "gemini.emulator.environments"
local errors = require "gemini.emulator.errors"
local input = require "gemini.emulator.interactioninput"
local interactionturn = require "gemini.emulator.interactionturn"
local models = require "gemini.emulator.models"
local stream = require "gemini.emulator.interactionstream"

local interactions = {}

local function nameOf(id) return "interactions/" .. id end

-- What a client sees: an answer that is not due yet does not show.
local function show(context, value, hidden)
  if value.status ~= "in_progress" or context.store:now() < hidden.readyAt then return value end
  local shown = tables.copy(value)
  shown.status, shown.steps, shown.usage = hidden.outcome, hidden.steps, hidden.usage
  shown.updated = hidden.ended
  return shown
end

-- The Model of a body, and the agent with fields of its own where it names one; raises NOT_FOUND.
local function findModel(context, body)
  if body.agent then
    local id, agent = agents.find(context, body.agent)
    body.agent = id
    return { baseModelId = id }, agent
  end
  body.model = body.model:gsub("^models/", "")
  return models.named(context, "models/" .. body.model, "generateContent"), {}
end

local function newValue(context, body, agent)
  local now = context.store:time()
  return {
    id = "v1_" .. context.store:id(), object = "interaction", status = "in_progress", created = now, updated = now,
    service_tier = body.service_tier or body.model and "standard" or nil,
    model = body.model, agent = body.agent, labels = body.labels,
    previous_interaction_id = body.previous_interaction_id,
    environment_id = environments.resolve(context, body.environment or agent.base_environment),
  }
end

-- Seconds from the start to the answer.
local function duration(context, body, value, hidden)
  if body.background or body.agent then return context.settings.work end
  return body.stream and context.settings.delay * stream.count(value, hidden) or 0
end

---Starts an interaction; raises an error object where its body is not right.
---@param context table
---@param body table of interactions.create
---@return table value as it is stored
---@return table hidden
function interactions.start(context, body)
  local asked
  body, asked = input.read(body)
  local model, agent = findModel(context, body)
  if body.previous_interaction_id then context.store:get(nameOf(body.previous_interaction_id)) end
  local hidden = interactionturn.new(context, body, asked, model)
  local value = newValue(context, body, agent)
  hidden.input = body.input
  hidden.readyAt = context.store:now() + duration(context, body, value, hidden)
  -- As text, for a file does not keep every digit of the number.
  hidden.ended = context.store:time(hidden.readyAt)
  if body.store ~= false then context.store:insert(nameOf(value.id), value, hidden) end
  return value, hidden
end

---An interaction as clients see it.
---@param context table
---@param id string
---@return table? value nil where it was deleted
function interactions.find(context, id)
  local value, hidden = context.store:find(nameOf(id))
  return value and show(context, value, hidden)
end

local function streamed(context, value, hidden, seen)
  local function now() return show(context, value, hidden) end
  return stream.response(value, hidden, seen, context.settings.delay, now)
end

local function create(context)
  local streaming = context.body.stream == true
  local value, hidden = interactions.start(context, context.body)
  if streaming then return streamed(context, value, hidden, 0) end
  return { json = show(context, value, hidden) }
end

local function get(context)
  local value, hidden = context.store:get(nameOf(context.params.id))
  local query = context.query
  if query.stream then return streamed(context, value, hidden, stream.seen(value, hidden, query.last_event_id)) end
  if query.last_event_id then errors.raise("INVALID_ARGUMENT", "last_event_id is valid with stream=true alone.") end
  local shown = show(context, value, hidden)
  if not query.include_input then return { json = shown } end
  shown = tables.copy(shown)
  shown.input = hidden.input
  return { json = shown }
end

local function cancel(context)
  local value, hidden = context.store:get(nameOf(context.params.id))
  if show(context, value, hidden).status ~= "in_progress" then
    errors.raise("FAILED_PRECONDITION", ("%s is not in progress."):format(nameOf(value.id)))
  end
  value.status, value.updated = "cancelled", context.store:time()
  context.store:changed()
  return { json = value }
end

local function delete(context)
  context.store:remove(nameOf(context.params.id))
  return { json = {} }
end

interactions.methods = {
  ["interactions.create"] = create,
  ["interactions.get"] = get,
  ["interactions.cancel"] = cancel,
  ["interactions.delete"] = delete,
}

return interactions
