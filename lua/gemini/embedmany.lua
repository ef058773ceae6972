---Embeds any number of texts: `client.models:embedMany`.

local api = require "gemini.api"
local errors = require "gemini.errors"
local kinds = require "gemini.kinds"
local options = require "gemini.options"
local request = require "gemini.request"
local rest = require "gemini.rest"
local tables = require "gemini.tables"
local together = require "gemini.loop.together"

local embedMany = {}

local METHOD, ROW = "models.batchEmbedContents", api.models.batchEmbedContents

-- As many as the API takes in one request.
local TEXTS = 100

-- What each text is sent with.
local FIELDS = { "taskType", "title", "outputDimensionality" }

-- The request for the texts of a range; or nil and what is wrong with the arguments.
local function build(client, given, first, last, call)
  local requests = {}
  for place = first, last do
    local each = { content = given.texts[place] }
    for _, name in ipairs(FIELDS) do each[name] = given[name] end
    requests[#requests + 1] = each
  end
  return request.build(client, METHOD, ROW, { model = given.model, requests = requests, packed = given.packed }, call)
end

local function textProblem(client, texts)
  for place = 1, #texts do
    local given = texts[place]
    if type(given) ~= "string" then return ("texts[%d] must be a string, got %s"):format(place, type(given)) end
    local text, problem = client.wire.encode(given)
    if not text then return ("texts[%d]: %s"):format(place, problem) end
  end
end

-- What is wrong, seen before anything is sent.
local function problemOf(client, given, call)
  local problem = options.check(given, options.embedMany)
  if problem then return problem end
  if given.texts == nil then return "texts is missing" end
  problem = textProblem(client, given.texts)
  if problem then return problem end
  local trial = tables.copy(given)
  trial.texts = { given.texts[1] or "a text" }
  local built
  built, problem = build(client, trial, 1, 1, call)
  return not built and problem or nil
end

---@class gemini.EmbedMany  of many texts, under way
---@field client gemini.State
---@field given table
---@field call? gemini.CallOptions
---@field values table<integer, number[]|gemini.Vector>  by place
---@field done integer  how many are there
---@field total integer
---@field err gemini.Error?  the first one: no request is begun behind it

local function take(self, first, count, reply, label)
  local embeddings = tables.objects(reply.embeddings)
  if #embeddings ~= count then
    return errors.new("protocol", ("%d embeddings came for %d texts"):format(#embeddings, count), label)
  end
  for i, embedding in ipairs(embeddings) do
    local values, place = embedding.values, first + i - 1
    if values == nil or kinds.isNull(values) then
      return errors.new("protocol", ("no embedding came for texts[%d]"):format(place), label)
    end
    self.values[place] = values
  end
  self.done = self.done + count
  if self.given.onProgress then self.given.onProgress(self.done, self.total) end
end

local function embed(self, first, size)
  if self.err then return end
  local last = math.min(first + size - 1, self.total)
  local built = assert(build(self.client, self.given, first, last, self.call))
  local reply, err = rest.call(self.client, ROW, built)
  if reply then err = take(self, first, last - first + 1, reply, built.label) end
  self.err = self.err or err
end

-- What a function of the caller's has raised, where that was an error of the world.
local function raised(failures, count)
  for place = 1, count do
    if failures[place] then return failures[place] end
  end
end

local function starts(total, size)
  local all = {}
  for first = 1, total, size do all[#all + 1] = first end
  return all
end

---`client.models:embedMany`.
---@param client gemini.State
---@param args table
---@param call? gemini.CallOptions  of each request
---@return (number[]|gemini.Vector)[]? embeddings  in the order of the texts
---@return gemini.Error|string|nil err  `partial` has what came, by the places of the texts; a text is what is wrong
---  with the arguments
function embedMany.call(client, args, call)
  local problem = problemOf(client, args, call)
  if problem then return nil, problem end
  local self = { client = client, given = args, call = call, values = {}, done = 0, total = #args.texts }
  local size = args.batchSize or TEXTS
  local function each(first) embed(self, first, size) end
  local _, failures = together.map(starts(self.total, size), each, { concurrency = args.concurrency })
  local err = self.err or raised(failures, self.total)
  if not err then return self.values end
  err.partial = self.values
  return nil, err
end

return embedMany
