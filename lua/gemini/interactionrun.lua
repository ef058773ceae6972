---`client.interactions:run`: an interaction with all that follows from it, until it needs nothing more from here.

require("gemini.interpreted")()

local api = require "gemini.api"
local deadline = require "gemini.deadline"
local errors = require "gemini.errors"
local options = require "gemini.options"
local poll = require "gemini.poll"
local request = require "gemini.request"
local rest = require "gemini.rest"
local rounds = require "gemini.tools.rounds"
local roundstream = require "gemini.tools.stream"
local tables = require "gemini.tables"
local toolsteps = require "gemini.tools.steps"

local interactionrun = {}

local CREATE, GET = "interactions.create", "interactions.get"

-- What is being worked at.
local UNDER_WAY = { queued = true, in_progress = true }

-- The request to come: it begins with an interaction that is there already, where it is named.
local function build(client, args, call)
  if args.id == nil then return request.build(client, CREATE, api.interactions.create, args, call) end
  local named = { id = args.id, stream = args.stream }
  return request.build(client, GET, api.interactions.get, named, call)
end

local function look(client, id, call)
  local built, problem = request.build(client, GET, api.interactions.get, { id = id }, call)
  if not built then return nil, errors.protocol(problem, "", errors.label(client, GET, "interactions")) end
  return rest.call(client, api.interactions.get, built)
end

local function late(client, id, seconds)
  local problem = ("%s has not finished within %g s"):format(id, seconds)
  return errors.new("timeout", problem, errors.label(client, GET, "interactions/" .. id))
end

-- Waits until nobody works at an interaction any more; or nil and the error, which has what is there in `partial`.
local function settled(client, interaction, waits, ends, call)
  local given = tables.copy(waits)
  given.timeout = deadline.limit(ends)
  local done, err = poll.run(client, given, {
    value = function() return interaction end,
    done = function() return not UNDER_WAY[interaction.status] end,
    look = function(lookOptions)
      local fresh, problem = look(client, interaction.id, lookOptions)
      interaction = fresh or interaction
      return fresh, problem
    end,
  }, call)
  if done then return interaction end
  err = err or late(client, tostring(interaction.id), waits.timeout)
  -- With its id somebody can go on.
  err.partial = interaction
  return nil, err
end

local function run(plan, client, waits, call)
  local built, ends = plan:take(), deadline.after(waits.timeout)
  local row, problem = plan.args.id and api.interactions.get or api.interactions.create, nil
  while built do
    local interaction, err = rest.call(client, row, built)
    if interaction then interaction, err = settled(client, interaction, waits, ends, call) end
    if not interaction then return nil, plan:tell(err) end
    if not plan:follow(interaction) then return plan:finish(interaction) end
    row, built, problem = api.interactions.create, plan:request()
  end
  return nil, problem
end

-- What does not go together.
local function conflict(args, waits)
  if args.id ~= nil and args.input ~= nil then
    return "input goes with previous_interaction_id: the interaction that id names has its own"
  end
  local name = args.stream == true and next(waits)
  return name and name .. " is for a wait: a stream has none" or nil
end

-- What is for the wait is taken out of the arguments.
local function takeWaits(args)
  local waits = {}
  for name in pairs(options.wait) do waits[name], args[name] = args[name], nil end
  return waits, options.check(waits, options.wait) or conflict(args, waits)
end

---@param client gemini.State
---@param args table  a copy of the caller's
---@param call? gemini.CallOptions  of each request
---@return gemini.Interaction|gemini.Stream|nil
---@return gemini.Error|string|nil err  a string is what is wrong with the arguments
---@return nil
---@return gemini.Stream?  a stream once more, for a loop to close
function interactionrun.call(client, args, call)
  local waits, problem = takeWaits(args)
  if problem then return nil, problem end
  local plan
  plan, problem = rounds.plan(client, CREATE, api.interactions.create, args, call, toolsteps)
  if not plan then return nil, problem end
  args.tools = toolsteps.plain(args.tools)
  plan.first, problem = build(client, args, call)
  if not plan.first then return nil, problem end
  if args.stream ~= true then return run(plan, client, waits, call) end
  local _, opened = roundstream.open(plan)
  return opened, nil, nil, opened
end

return interactionrun
