-- The resource `triggers` and their executions. Nothing runs by the clock here: what runs was started by hand.
local tables = require "gemini.tables"
local agents = require "gemini.emulator.agents"
local environments = require "gemini.emulator.environments"
local errors = require "gemini.emulator.errors"
local identified = require "gemini.emulator.identified"
local input = require "gemini.emulator.interactioninput"
local interactions = require "gemini.emulator.interactions"

local function checkSchedule(schedule)
  local count = 0
  for field in schedule:gmatch("%S+") do
    count = count + 1
    if not field:find("^[%w*/,-]+$") then count = math.huge end
  end
  if count ~= 5 then
    errors.raise("INVALID_ARGUMENT", "Invalid value at 'schedule': a cron expression has five fields.")
  end
end

local function checkLimits(value)
  for _, name in ipairs { "execution_timeout_seconds", "max_consecutive_failures" } do
    if value[name] and value[name] < 1 then
      errors.raise("INVALID_ARGUMENT", ("Invalid value at '%s', expected 1 or more."):format(name))
    end
  end
end

local function checkInteraction(context, interaction)
  if interaction.store ~= nil then
    errors.raise("INVALID_ARGUMENT", "Invalid value at 'interaction': what a trigger starts is always stored.")
  end
  input.read(interaction)
  if not interaction.agent then
    errors.raise("INVALID_ARGUMENT", "Invalid value at 'interaction': it must name an agent of your own.")
  end
  agents.custom(context, interaction.agent)
end

local function checkNew(context, value)
  checkSchedule(value.schedule)
  checkLimits(value)
  checkInteraction(context, value.interaction)
  if value.environment_id then value.environment_id = environments.find(context, value.environment_id) end
end

local function prepare(context, value)
  local before = context.store:find("triggers/" .. value.id)
  value.status = value.status or "active"
  if not before then
    checkNew(context, value)
    value.consecutive_failure_count = 0
  elseif before.status ~= value.status then
    value[value.status == "paused" and "last_pause_time" or "last_resume_time"] = value.update_time
  end
end

local KIND = {
  segment = "triggers",
  message = "Trigger",
  rules = {
    schedule = "string", time_zone = "string", interaction = "object", display_name = "string",
    environment_id = "string", execution_timeout_seconds = "integer", max_consecutive_failures = "integer",
  },
  required = { "schedule", "time_zone", "interaction" },
  output = {
    id = true, consecutive_failure_count = true, create_time = true, update_time = true, last_run_time = true,
    next_run_time = true, last_pause_time = true, last_resume_time = true, previous_interaction_id = true,
  },
  settable = { status = { active = true, paused = true } },
  mutable = { display_name = true, status = true },
  created = "create_time",
  updated = "update_time",
  prepare = prepare,
}

local triggers = { methods = identified.methods(KIND) }

-- The agent that a list's filter names, nil for no filter.
local function filtered(text)
  if not text or text == "" then return nil end
  local agent = text:match('^%s*agent%s*=%s*"agents/([^"]*)"%s*$')
  if agent then return agent end
  return errors.raise("INVALID_ARGUMENT", 'Invalid filter: it has the form agent="agents/ID".')
end

triggers.methods["triggers.list"] = function(context)
  local agent, found = filtered(context.query.filter), {}
  for _, value in ipairs(context.store:list("triggers")) do
    if not agent or value.interaction.agent:gsub("^agents/", "") == agent then found[#found + 1] = value end
  end
  local page, token = identified.page(context, found)
  return { json = { triggers = page, next_page_token = token } }
end

local OUTCOMES = { in_progress = "in_progress", cancelled = "failed" }

-- An execution is as its interaction is; one whose interaction was deleted has had its end.
local function showExecution(context, value)
  local shown, interaction = tables.copy(value), interactions.find(context, value.interaction_id)
  shown.status = interaction and OUTCOMES[interaction.status] or "completed"
  if shown.status == "failed" then shown.error = "The interaction was cancelled." end
  if interaction and shown.status ~= "in_progress" then shown.end_time = interaction.updated end
  return shown
end

local function run(context, trigger)
  local body = tables.deepCopy(trigger.interaction)
  body.stream, body.background = nil, true
  if trigger.environment_id then body.environment = trigger.environment_id end
  return interactions.start(context, body)
end

triggers.methods["triggers.executions.create"] = function(context)
  local trigger = context.store:get(identified.name(KIND, context.params.trigger_id))
  local interaction = run(context, trigger)
  local value = {
    id = context.store:id(), trigger_id = trigger.id, interaction_id = interaction.id,
    environment_id = interaction.environment_id, scheduled_time = interaction.created, start_time = interaction.created,
  }
  trigger.last_run_time, trigger.previous_interaction_id = interaction.created, interaction.id
  context.store:insert(("triggers/%s/executions/%s"):format(trigger.id, value.id), value)
  return { json = showExecution(context, value) }
end

triggers.methods["triggers.executions.list"] = function(context)
  local name = identified.name(KIND, context.params.trigger_id)
  context.store:get(name)
  local page, token = identified.page(context, context.store:list(name .. "/executions"))
  for i, value in ipairs(page or {}) do page[i] = showExecution(context, value) end
  return { json = { trigger_executions = page, next_page_token = token } }
end

return triggers
