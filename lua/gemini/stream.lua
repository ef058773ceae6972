---A reply in pieces, as they arrive: an iterator over chunks that raises when the stream breaks.

local errors = require "gemini.errors"
local loop = require "gemini.loop"
local merge = require "gemini.merge"
local reply = require "gemini.reply"
local rest = require "gemini.rest"
local wire = require "gemini.wire"

---@class gemini.Stream
---@operator call: gemini.Reply?
local Stream = { __name = "gemini.stream" }
Stream.__index = Stream

local private = setmetatable({}, { __mode = "k" })

local function fail(state, err)
  state.err = err
  state.transfer:close()
  return nil, err
end

local function brought(state)
  return { partial = state.merge:response(), code = state.transfer:status() }
end

local function protocol(state, problem, text)
  return fail(state, errors.protocol(problem, text, state.label, brought(state)))
end

local function truncated(state)
  local message = "the stream ended without a finish reason"
  return fail(state, errors.new("truncated", message, state.label, brought(state)))
end

-- The transfer is over and all its events are taken.
local function finish(state)
  local err = wire.failure(state.wire, state.transfer, state.label)
  if err then
    err.partial = not state.empty and state.merge:response() or nil
    return fail(state, err)
  end
  if not state.complete then return truncated(state) end
  state.transfer:close()
  state.ended = true
end

local function accept(state, chunk)
  if type(chunk) ~= "table" then return protocol(state, "an event is no JSON object", tostring(chunk)) end
  local object = errors.find(chunk, state.wire.decode)
  if object then return fail(state, errors.api(object, state.label, brought(state))) end
  state.empty = false
  state.merge:add(chunk)
  state.complete = state.complete or reply.ends(chunk)
  return reply.wrap(chunk)
end

-- A server that does not know `alt=sse` answers with one array of all chunks.
local function enqueue(state, list)
  state.queue, state.head = list, 1
end

local function queued(state)
  local chunk = state.queue and state.queue[state.head]
  state.head = (state.head or 0) + 1
  if chunk == nil then state.queue = nil end
  return chunk
end

local function isList(value)
  return type(value) == "table" and value[1] ~= nil
end

local function awaitAnswer(state)
  loop.await(state.transfer)
  if state.observe then
    state.observe()
    state.observe = nil
  end
end

local function advance(state)
  while true do
    local chunk = queued(state)
    if chunk ~= nil then return accept(state, chunk) end
    awaitAnswer(state)
    local value, problem, text = state.wire.event(state.transfer)
    if isList(value) then
      enqueue(state, value)
    elseif value ~= nil then
      return accept(state, value)
    elseif problem == nil then
      return finish(state)
    -- Gateways end a stream so, as other APIs do.
    elseif text ~= "[DONE]" then
      return protocol(state, "an event is no JSON: " .. problem, text)
    end
  end
end

---The next chunk; waits for it.
---@return gemini.Reply? chunk  nil at the end
---@return gemini.Error? err  nil at the end of a complete stream; a failed stream gives its error again and again
function Stream:next()
  local state = private[self]
  if state.err then return nil, state.err end
  if state.ended then return nil end
  return advance(state)
end

---Ends the stream and its connection at once, wherever it is. Harmless when it has ended.
function Stream:close()
  local state = private[self]
  state.ended = true
  state.queue = nil
  state.transfer:close()
end

---Reads to the end.
---@return gemini.Reply? response  all chunks of the stream merged into one, those read before included
---@return gemini.Error? err  its `partial` holds what had come
function Stream:collect()
  local chunk, err
  repeat chunk, err = self:next() until not chunk
  if err then return nil, err end
  return private[self].merge:response()
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
  local transfer = rest.submit(client, request)
  local self = setmetatable({}, Stream)
  private[self] = {
    transfer = transfer,
    wire = client.wire,
    label = request.label,
    merge = merge(),
    empty = true,
    observe = client.onResponse and function() rest.observe(client, request, transfer) end,
  }
  return self
end

return stream
