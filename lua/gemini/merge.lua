---Merges the chunks of a stream into one response: candidates by index, adjacent text joined, the order of parts and
---their thought signatures kept, the last of everything else. Most programs never ask for it: what comes is kept as the
---text that it was, and read again when somebody does.

require("gemini.interpreted")()

local codec = require "gemini.codec"
local errors = require "gemini.errors"
local jsonstream = require "gemini.jsonstream"
local reply = require "gemini.reply"
local tables = require "gemini.tables"

---@class gemini.Merge
---@field backlog userdata  the texts of the events that are not merged yet
---@field private decode fun(text: string): any, string?
---@field private top table<string, any>
---@field private candidates table<number, table>
---@field private catching boolean  the backlog is being merged
---@field lost boolean  an error ended that
---@field private ended boolean  a finish reason has been seen
---@field private wrapJson false|fun(chunk: table): gemini.Reply  of a stream that brings JSON
local Merge = {}
Merge.__index = Merge

---@param args table  the call's
---@param wire gemini.Wire  that the events are read by
---@return gemini.Merge
local function new(args, wire)
  local backlog = codec.backlog()
  return setmetatable({
    backlog = backlog, decode = wire.decode, catching = false, lost = false, ended = false, top = {}, candidates = {},
    wrapJson = jsonstream(args),
  }, Merge)
end

-- Whether a part is text, or a thought's text, and nothing else.
local function isPlain(part)
  if type(part.text) ~= "string" then return false end
  for name in next, part do
    if name ~= "text" and name ~= "thought" then return false end
  end
  return true
end

-- The text that plain parts with this `thought` go on: the last run's, or that of a new one.
local function openText(runs, thought)
  local last = runs[#runs]
  if not (last and last.text and last.thought == thought) then
    last = { text = codec.text(), thought = thought }
    runs[#runs + 1] = last
  end
  return last.text
end

local function addPart(runs, part)
  if isPlain(part) then
    openText(runs, part.thought):add(part.text)
  else
    runs[#runs + 1] = { part = tables.deepCopy(part) }
  end
end

-- Takes the fields over but one, which is merged by itself. A null is no news.
local function addFields(to, from, apart)
  for name, value in next, from do
    if name ~= apart and (value ~= codec.null or to[name] == nil) then to[name] = value end
  end
end

local function addContent(merged, content)
  merged.content = merged.content or {}
  addFields(merged.content, content, "parts")
  for _, part in ipairs(tables.objects(content.parts)) do addPart(merged.runs, part) end
end

local function addCandidate(candidates, given)
  local index = type(given.index) == "number" and given.index or 0
  local merged = candidates[index]
  if not merged then
    merged = { fields = {}, content = nil, runs = {} }
    candidates[index] = merged
  end
  addFields(merged.fields, given, "content")
  if type(given.content) == "table" then addContent(merged, given.content) end
end

local function addChunk(self, chunk)
  addFields(self.top, chunk, "candidates")
  for _, candidate in ipairs(tables.objects(chunk.candidates)) do addCandidate(self.candidates, candidate) end
end

-- Errors are no chunks, nor is what can't be read: it ended the stream, which has its error. The chunks of an array are
-- added one by one, as they are given.
local function readBacklog(self)
  for text in self.backlog.take, self.backlog do
    local value = self.decode(text)
    if type(value) == "table" and value[1] == nil and not errors.find(value, self.decode) then addChunk(self, value) end
  end
end

-- A finaliser may ask for what has come while it is being merged: it gets what is merged so far.
local function catchUp(self)
  if self.lost then error("what had come of the stream is lost: an error ended its merging", 0) end
  if self.catching then return end
  self.catching = true
  local ok, raised = pcall(readBacklog, self)
  self.catching, self.lost = false, not ok
  if not ok then error(raised, 0) end
end

---Notes a chunk, whose text is in the backlog.
---@param chunk table
---@param apart? boolean  it is one of an array, which is not merged as a whole
---@return gemini.Reply chunk  the same table, with its helpers
function Merge:add(chunk, apart)
  self.ended = self.ended or reply.ends(chunk)
  if apart then
    catchUp(self)
    addChunk(self, chunk)
  end
  return self.wrapJson and self.wrapJson(chunk) or reply.wrap(chunk)
end

local function parts(runs)
  local out = {}
  for i, run in ipairs(runs) do
    out[i] = run.part and tables.deepCopy(run.part) or { text = tostring(run.text), thought = run.thought }
  end
  return out
end

local function build(merged)
  local candidate = tables.deepCopy(merged.fields)
  if merged.content then
    candidate.content = tables.deepCopy(merged.content)
    if #merged.runs > 0 then candidate.content.parts = parts(merged.runs) end
  end
  return candidate
end

---@return gemini.Reply response  all that has been taken in so far, in new tables
function Merge:response()
  catchUp(self)
  local response, indices = tables.deepCopy(self.top), {}
  for index in next, self.candidates do indices[#indices + 1] = index end
  table.sort(indices)
  for i, index in ipairs(indices) do
    response.candidates = response.candidates or {}
    response.candidates[i] = build(self.candidates[index])
  end
  return reply.wrap(response)
end

---A gateway's word for the end says nothing: what is missing stays missing.
function Merge.done() end

---Whether a stream that ends here has said all. A prompt that was refused without a reason shows in the whole:
---feedback, and no candidate.
---@return boolean
function Merge:complete()
  return self.ended or self:response().blockReason ~= nil
end

return new
