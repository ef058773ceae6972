---Helpers on interactions and on the events of their streams.

local beside = require "gemini.beside"
local tables = require "gemini.tables"

local interaction = {}

-- Puts the texts of a step before those that have been found; true where the text begins within the step.
local function collect(found, step)
  local contents = tables.objects(step.content)
  for i = #contents, 1, -1 do
    local isText = contents[i].type == "text" and type(contents[i].text) == "string"
    if isText then table.insert(found, 1, contents[i].text) end
    if not isText and #found > 0 then return true end
  end
  return false
end

-- Whether nothing before a step belongs to the text that has been found.
local function ends(step, found)
  if step.type == "user_input" then return true end
  return #found > 0 and step.type ~= "model_output" and step.type ~= "thought"
end

-- The model's last words: of the model's output after the last tool call or input.
local function textOf(self)
  local found, steps = {}, tables.objects(self.steps)
  for i = #steps, 1, -1 do
    if ends(steps[i], found) then break end
    if steps[i].type == "model_output" and collect(found, steps[i]) then break end
  end
  return table.concat(found)
end

---@class gemini.Interaction: table  an Interaction; beside its REST fields it has:
---@field [string] any
---@field text string  what the model said last, without thoughts; "" when it said nothing
---@field toolTurns table[]?  of `run`: the calls that were carried out before, each with what came of it
---@field toolLimit boolean?  of `run`: true where its calls were not carried out, for there were `maxToolRounds` before

local whole = {
  __name = "gemini.interaction",
  __index = function(self, name)
    if name == "text" then return textOf(self) end
    return beside.get(self, name)
  end,
}

---@class gemini.InteractionEvent: table  an event of an interaction's stream; beside its REST fields it has:
---@field [string] any
---@field text string  the text that a step's delta brings; "" in other events

local event = {
  __name = "gemini.interaction.event",
  __index = function(self, name)
    if name ~= "text" then return nil end
    local delta = rawget(self, "delta")
    return type(delta) == "table" and delta.type == "text" and type(delta.text) == "string" and delta.text or ""
  end,
}

---@param value table
---@return gemini.Interaction interaction  the same table
function interaction.wrap(value)
  return setmetatable(value, whole)
end

---@param value table
---@return gemini.InteractionEvent event  the same table
function interaction.event(value)
  return setmetatable(value, event)
end

return interaction
