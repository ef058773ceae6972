-- The events of an interaction, framed as Google frames them. They are computed from what is stored, so that a stream
-- can be resumed at any event, by another process too.
local socket = require "socket"
local errors = require "gemini.emulator.errors"
local json = require "gemini.emulator.json"

local stream = {}

local FRAME = "event: %s\ndata: %s\n\n"
local SLICE = 0.05 -- seconds; so soon is a cancellation seen

local function partial(value, status)
  return {
    id = value.id, object = value.object, status = status, model = value.model, agent = value.agent,
    environment_id = value.environment_id,
  }
end

local deltas = {}

function deltas.thought(step)
  local list = {}
  for _, content in ipairs(step.summary or {}) do list[#list + 1] = { type = "thought_summary", content = content } end
  list[#list + 1] = { type = "thought_signature", signature = step.signature }
  return { type = "thought" }, list
end

function deltas.model_output(_, pieces)
  local list = {}
  for i, piece in ipairs(pieces) do list[i] = { type = "text", text = piece } end
  return { type = "model_output" }, list
end

function deltas.function_call(step)
  local delta = { type = "arguments_delta", arguments = json.encode(step.arguments) }
  return { type = "function_call", id = step.id, name = step.name }, { delta }
end

local function addStep(events, index, step, pieces)
  local start, list = deltas[step.type](step, pieces)
  events[#events + 1] = { event_type = "step.start", index = index, step = start }
  for _, delta in ipairs(list) do events[#events + 1] = { event_type = "step.delta", index = index, delta = delta } end
  events[#events + 1] = { event_type = "step.stop", index = index }
end

-- All events but the last one, which depends on how the interaction ends.
local function eventsBefore(value, hidden)
  local events = {
    { event_type = "interaction.created", interaction = partial(value, "in_progress") },
    { event_type = "interaction.status_update", interaction_id = value.id, status = "in_progress" },
  }
  for i, step in ipairs(hidden.steps) do addStep(events, i - 1, step, hidden.pieces) end
  return events
end

---How many events the stream of an interaction has.
---@param value table
---@param hidden table
---@return integer
function stream.count(value, hidden) return #eventsBefore(value, hidden) + 1 end

local function lastEvent(shown)
  local interaction = partial(shown, shown.status)
  interaction.created, interaction.updated = shown.created, shown.updated
  interaction.usage, interaction.service_tier = shown.usage, shown.service_tier
  return { event_type = "interaction.completed", interaction = interaction }
end

local function frame(value, event, number)
  event.event_id = ("%s.%d"):format(value.id, number)
  return FRAME:format(event.event_type, json.encode(event))
end

---The number of the event that a client has seen last; raises an error object where it is none of this interaction's.
---@param value table
---@param hidden table
---@param id string?
---@return integer number 0 for none
function stream.seen(value, hidden, id)
  if not id then return 0 end
  local number = tonumber(id:match("%.(%d+)$") or "")
  local known = number and number >= 1 and number <= stream.count(value, hidden)
  if known and id == ("%s.%d"):format(value.id, number) then return number end
  return errors.raise("INVALID_ARGUMENT", ("Invalid value at 'last_event_id': no event of %s."):format(value.id))
end

---Makes the response that streams an interaction.
---@param value table as it is stored: a cancellation shows in it
---@param hidden table
---@param seen integer the number of the event to go on after
---@param delay number seconds between two events
---@param show fun(): table the interaction as clients see it now
---@return table response
function stream.response(value, hidden, seen, delay, show)
  local events = eventsBefore(value, hidden)
  local function running() return value.status == "in_progress" and socket.gettime() < hidden.readyAt end
  local function send()
    for i = seen + 1, #events do
      if value.status ~= "in_progress" then break end
      coroutine.yield(frame(value, events[i], i))
      if delay > 0 then coroutine.yield(delay) end
    end
    while running() do coroutine.yield(math.min(SLICE, math.max(0, hidden.readyAt - socket.gettime()))) end
    if seen <= #events then coroutine.yield(frame(value, lastEvent(show()), #events + 1)) end
    coroutine.yield(FRAME:format("done", "[DONE]"))
  end
  return { status = 200, headers = { ["Content-Type"] = "text/event-stream" }, stream = coroutine.wrap(send) }
end

return stream
