---Puts the events of an interaction's stream together into the interaction, and remembers where it broke.

require("gemini.interpreted")()

local codec = require "gemini.codec"
local interaction = require "gemini.interaction"
local tables = require "gemini.tables"

---@class gemini.Steps
---@field id? string  of the interaction
---@field lastEventId? string
---@field since integer  events that came behind the one with that id
---@field private fields table  of the interaction
---@field private steps table<integer, gemini.Step>
---@field private ended boolean?  the last event has been seen
---@field private replaying boolean?  taken up again, and nothing new yet
---@field private behind boolean?  before the last event that has come
---@field private skip integer  events without an id to come that have come before
---@field private seen table<string, true>  the ids of the events that have come
local Steps = {}
Steps.__index = Steps

---@class gemini.Step  a step in the making
---@field fields table
---@field content table[]  its contents, texts as growing ones
---@field arguments? gemini.Text  JSON text in pieces

local function isText(value)
  return type(value) == "string"
end

local function idOf(event)
  local id = event.event_id
  return isText(id) and id ~= "" and id or nil
end

local function addText(step, text)
  local last = step.content[#step.content]
  if not (last and last.growing) then
    last = { fields = { type = "text" }, growing = codec.text() }
    step.content[#step.content + 1] = last
  end
  last.growing:add(text)
end

local function addContent(step, content)
  if content.type == "text" and isText(content.text) then
    step.content[#step.content + 1] = { fields = tables.deepCopy(content), growing = codec.text() }
    step.content[#step.content].growing:add(content.text)
  else
    step.content[#step.content + 1] = { fields = tables.deepCopy(content) }
  end
end

local function append(list, values)
  list = type(list) == "table" and list or {}
  for _, value in ipairs(tables.objects(values)) do list[#list + 1] = tables.deepCopy(value) end
  return list
end

-- What each kind of delta does to its step; of other kinds the fields are the step's.
local deltas = {}

function deltas.text(step, delta)
  if isText(delta.text) then addText(step, delta.text) end
end

function deltas.thought_signature(step, delta)
  if isText(delta.signature) then step.fields.signature = delta.signature end
end

function deltas.thought_summary(step, delta)
  step.fields.summary = append(step.fields.summary, { delta.content })
end

function deltas.arguments_delta(step, delta)
  if not isText(delta.arguments) then return end
  step.arguments = step.arguments or codec.text()
  step.arguments:add(delta.arguments)
end

function deltas.text_annotation_delta(step, delta)
  local last = step.content[#step.content]
  if last then last.fields.annotations = append(last.fields.annotations, delta.annotations) end
end

for _, kind in ipairs { "image", "audio", "video", "document" } do deltas[kind] = addContent end

local function addFields(to, from, except)
  for name, value in next, from do
    if name ~= except and value ~= codec.null then to[name] = tables.deepCopy(value) end
  end
end

local function newStep(given)
  local step = { fields = {}, content = {} }
  addFields(step.fields, given, "content")
  for _, content in ipairs(tables.objects(given.content)) do addContent(step, content) end
  return step
end

-- The step of an event, made where it was not announced.
local function stepOf(self, event)
  local index = type(event.index) == "number" and event.index or 0
  self.steps[index] = self.steps[index] or newStep {}
  return self.steps[index], index
end

local function takeInteraction(self, event)
  if type(event.interaction) ~= "table" then return end
  addFields(self.fields, event.interaction)
  self.id = isText(self.fields.id) and self.fields.id or self.id
end

-- What each event does; others change nothing.
local events = {}

events["interaction.created"] = takeInteraction

events["interaction.status_update"] = function(self, event)
  if isText(event.status) then self.fields.status = event.status end
end

events["step.start"] = function(self, event)
  local _, index = stepOf(self, event)
  self.steps[index] = newStep(type(event.step) == "table" and event.step or {})
end

events["step.delta"] = function(self, event)
  local step, delta = stepOf(self, event), event.delta
  if type(delta) ~= "table" then return end
  local take = deltas[delta.type]
  if take then return take(step, delta) end
  addFields(step.fields, delta, "type")
end

events["interaction.completed"] = function(self, event)
  takeInteraction(self, event)
  self.ended = true
end

local function remember(self, event)
  local id = idOf(event)
  if id then
    self.lastEventId, self.since, self.seen[id] = id, 0, true
  else
    self.since = self.since + 1
  end
  local metadata = event.metadata
  local usage = type(metadata) == "table" and metadata.total_usage
  if type(usage) == "table" then self.usage = tables.deepCopy(usage) end
end

-- Whether a stream that was taken up again repeats this event. A server may go on behind the last id, where those come
-- that have none, or begin anew. The first id that is new ends the repetition.
local function isRepeated(self, event)
  if not self.replaying then return false end
  local id = idOf(event)
  if id == nil then
    self.skip = self.skip - 1
    return self.behind or self.skip >= 0
  end
  if not self.seen[id] then
    self.replaying = false
    return false
  end
  self.behind, self.skip = id ~= self.lastEventId, self.since
  return true
end

---Takes one event in; what it holds is copied.
---@param event table
---@return gemini.InteractionEvent? event  the same table, with its helper; nil for one that has come before
function Steps:add(event)
  if isRepeated(self, event) then return nil end
  remember(self, event)
  local take = events[event.event_type]
  if take then take(self, event) end
  return interaction.event(event)
end

---The stream says that it ends.
function Steps:done()
  self.ended = true
end

---@return boolean  whether a stream that ends here has said all
function Steps:complete()
  return self.ended == true
end

---The stream goes on behind the last event that has an id: those that came behind it come again.
function Steps:rewind()
  self.replaying, self.behind, self.skip = true, false, self.since
end

local function contentsOf(step)
  local out = {}
  for i, content in ipairs(step.content) do
    out[i] = tables.deepCopy(content.fields)
    if content.growing then out[i].text = tostring(content.growing) end
  end
  return out
end

local function build(step)
  local out = tables.deepCopy(step.fields)
  if #step.content > 0 then out.content = contentsOf(step) end
  if step.arguments then
    local text = tostring(step.arguments)
    local value = codec.decode(text)
    out.arguments = value == nil and text or value
  end
  return out
end

local function builtSteps(self)
  local indices, out = {}, {}
  for index in next, self.steps do indices[#indices + 1] = index end
  table.sort(indices)
  for i, index in ipairs(indices) do out[i] = build(self.steps[index]) end
  return out
end

---@return gemini.Interaction interaction  all that has come so far, in new tables
function Steps:response()
  local out = tables.deepCopy(self.fields)
  -- The last event has the interaction's steps seldom, and its use of tokens mostly.
  if type(out.steps) ~= "table" or next(out.steps) == nil then out.steps = builtSteps(self) end
  if out.usage == nil then out.usage = tables.deepCopy(self.usage) end
  return interaction.wrap(out)
end

---@param args table  the call's: an interaction that is there already has its id, and may be seen from an event on
---@return gemini.Steps
return function(args)
  return setmetatable({
    id = args.id,
    lastEventId = args.last_event_id,
    fields = {},
    steps = {},
    since = 0,
    skip = 0,
    seen = {},
  }, Steps)
end
