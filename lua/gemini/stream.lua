---A reply in pieces, as they arrive: an iterator over chunks that raises when the stream breaks.

local errors = require "gemini.errors"
local loop = require "gemini.loop"
local merge = require "gemini.merge"
local reply = require "gemini.reply"
local rest = require "gemini.rest"
local wire = require "gemini.wire"

---@class gemini.Stream
---@field private transfer userdata?
---@field private wire gemini.Wire
---@field private label gemini.Label
---@field private merge gemini.Merge
---@field private observe fun()?  what is still to be called when the answer begins
---@field private queue table[]?  chunks that came in one event
---@field private complete boolean?  a finish reason has been seen
---@field private ended boolean?
---@field private err gemini.Error?
---@operator call: gemini.Reply?
local Stream = { __name = "gemini.stream" }
Stream.__index = Stream

local function fail(self, err)
  self.err = err
  if self.transfer then self.transfer:close() end
  return nil, err
end

local function partial(self)
  return { partial = self.merge:response() }
end

local function protocol(self, problem, text)
  return fail(self, errors.protocol(problem, text, self.label, partial(self)))
end

-- A prompt that was refused without a reason shows in the whole: feedback, and no candidate.
local function isComplete(self)
  return self.complete or self.merge:response().blockReason ~= nil
end

-- The transfer is over and all its events are taken.
local function finish(self)
  local status = self.transfer:status()
  local err = wire.failure(self.wire, self.transfer, self.label)
  if not err and not isComplete(self) then
    err = errors.new("truncated", "the stream ended without a finish reason", self.label)
  end
  if err then
    if status and status < 300 then err.partial = self.merge:response() end
    return fail(self, err)
  end
  self.transfer:close()
  self.ended = true
end

local function accept(self, chunk)
  if type(chunk) ~= "table" then
    local what = type(chunk) == "userdata" and "null" or type(chunk)
    return protocol(self, "an event is no JSON object but " .. what, "")
  end
  local object = errors.find(chunk, self.wire.decode)
  if object then return fail(self, errors.api(object, self.label, partial(self))) end
  self.merge:add(chunk)
  self.complete = self.complete or reply.ends(chunk)
  return reply.wrap(chunk)
end

-- A server that does not know `alt=sse` answers with one array of all chunks.
local function queued(self)
  local chunk = self.queue and table.remove(self.queue)
  if chunk == nil then self.queue = nil end
  return chunk
end

local function enqueue(self, list)
  self.queue = {}
  for i = #list, 1, -1 do self.queue[#self.queue + 1] = list[i] end
end

local function await(self)
  loop.await(self.transfer)
  local observe = self.observe
  self.observe = nil
  if not observe then return end
  local ok, raised = pcall(observe)
  if ok then return end
  fail(self, errors.new("cancelled", "onResponse raised an error", self.label, partial(self)))
  error(raised, 0)
end

local function advance(self)
  while true do
    local chunk = queued(self)
    if chunk ~= nil then return accept(self, chunk) end
    await(self)
    local value, problem, text = self.wire.event(self.transfer)
    if type(value) == "table" and value[1] ~= nil then
      enqueue(self, value)
    elseif value ~= nil then
      return accept(self, value)
    elseif problem == nil then
      return finish(self)
    -- Gateways end a stream so, as other APIs do.
    elseif text ~= "[DONE]" then
      return protocol(self, "an event is no JSON: " .. problem, text)
    end
  end
end

---The next chunk; waits for it.
---@return gemini.Reply? chunk  nil at the end
---@return gemini.Error? err  nil at the end of a complete stream; a failed stream gives its error again and again
function Stream:next()
  if self.err then return nil, self.err end
  if self.ended then return nil end
  return advance(self)
end

---Ends the stream and its connection at once, wherever it is. Harmless when it has ended; one that had not is then
---a failed one, of kind "cancelled".
function Stream:close()
  if self.err or self.ended then return end
  fail(self, errors.new("cancelled", "the stream was closed before its end", self.label, partial(self)))
end

---Reads to the end.
---@return gemini.Reply? response  all chunks of the stream merged into one, those read before included
---@return gemini.Error? err  its `partial` holds what had come
function Stream:collect()
  local chunk, err
  repeat chunk, err = self:next() until not chunk
  if err then return nil, err end
  return self.merge:response()
end

-- A `for` can't see a second result: what ends the stream early is raised.
function Stream:__call()
  local chunk, err = self:next()
  if err then error(err, 0) end
  return chunk
end

Stream.__close = Stream.close

local stream = {}

---Starts a stream call.
---@param client gemini.State
---@param request gemini.Request
---@return gemini.Stream
function stream.open(client, request)
  local transfer, err = rest.submit(client, request)
  return setmetatable({
    transfer = transfer,
    err = err,
    wire = client.wire,
    label = request.label,
    merge = merge(),
    observe = client.onResponse and function() rest.observe(client, request, transfer) end,
  }, Stream)
end

return stream
