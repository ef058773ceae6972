---A reply in pieces, as they arrive: an iterator over chunks that raises when the stream breaks.

local attempts = require "gemini.attempts"
local errors = require "gemini.errors"
local loop = require "gemini.loop"
local rest = require "gemini.rest"
local retry = require "gemini.retry"
local wire = require "gemini.wire"

-- Each chunk needs them.
local hadTurn, type = loop.hadTurn, type

---@class gemini.Stream
---@field private client gemini.State
---@field private transfer userdata?
---@field private wire gemini.Wire
---@field private label gemini.Label
---@field private merge gemini.Merge|gemini.Steps  what has come so far
---@field private anew false|fun(err: gemini.Error, sent: boolean): gemini.Request?, gemini.Error?  the request once
---  more, as long as no chunk has come; else nil and the error
---@field private again false|fun(err: gemini.Error): gemini.Request?  the request that goes on where this one broke
---@field private observe false|fun()  what is still to be called when the answer begins
---@field private queue false|table[]  chunks that came in one event
---@field private began boolean  a chunk has come
---@field private ended boolean
---@field private err false|gemini.Error
---@operator call: gemini.Reply?
---@overload fun(): gemini.Reply?
local Stream = { __name = "gemini.stream" }
Stream.__index = Stream

-- To be called by a method: raises at its caller's place.
local function misused(name)
  error(("stream:%s: call it with a colon"):format(name), 3)
end

function Stream:__tostring()
  local how = self.err and "failed" or self.ended and "ended" or "open"
  return ("gemini.stream %s: %s"):format(self.label.method, how)
end

local function fail(self, err)
  self.err = err
  rest.heed(self.client, err)
  if self.transfer then loop.close(self.transfer) end
  return nil, err
end

-- What has come, for an error; nothing where that is lost.
local function partial(self)
  return { partial = not self.merge.lost and self.merge:response() or nil }
end

local function protocol(self, problem, text)
  return fail(self, errors.protocol(problem, text, self.label, partial(self)))
end

local observer

-- The request that follows one that broke; or nil and the error.
local function following(self, err)
  if not self.began then return self.anew(err, self.transfer:isSent()) end
  return self.again and self.again(err), err
end

-- Takes the stream up again where it broke; nil and the error where that can't be done.
local function resumed(self, err)
  local request, why = following(self, err)
  -- Somebody may have closed it meanwhile.
  if self.err then return nil, self.err end
  if not request then return nil, why end
  if self.began then request.takenBytes = self.transfer:taken() end
  local ok, transfer, refused = pcall(rest.submit, self.client, request)
  if not ok then
    fail(self, errors.new("cancelled", "the stream could not be taken up again", self.label, partial(self)))
    error(transfer, 0)
  end
  if not transfer then return nil, refused end
  loop.close(self.transfer)
  self.transfer, self.queue, self.observe = transfer, false, observer(self.client, request, transfer)
  return true
end

-- The transfer is over and all its events are taken: the error in which it ended, if any. What could be taken up again
-- and is whole has no use for a better ending.
local function outcome(self)
  local complete = self.merge:complete()
  if complete and self.again then return nil end
  local err = wire.failure(self.wire, self.transfer, self.label)
  if err or complete then return err end
  return wire.unfinished(self.transfer, self.began, self.label)
end

-- Ends the stream, or goes on with it.
local function finish(self)
  local status, err = self.transfer:status(), outcome(self)
  if not err then
    loop.close(self.transfer)
    self.ended = true
    return
  end
  local on, why = resumed(self, err)
  if on then return end
  if self.began or status and status < 300 then why.partial = partial(self).partial end
  fail(self, why)
end

-- Goes on behind an error that came between chunks, or fails by it.
local function broke(self, err)
  local on, why = resumed(self, err)
  if on then return nil end
  why.partial = partial(self).partial
  return fail(self, why)
end

-- Streams are many and long: what would begin one again is not kept any longer.
local function accept(self, chunk)
  self.began, self.anew = true, false
  return self.merge:add(chunk, self.queue ~= false)
end

-- A server that does not know `alt=sse` answers with one array of all chunks.
local function queued(self)
  local chunk = table.remove(self.queue)
  if chunk == nil then self.queue = false end
  return chunk
end

local function enqueue(self, list)
  self.queue = {}
  for i = #list, 1, -1 do self.queue[#self.queue + 1] = list[i] end
end

local function await(self)
  loop.await(self.transfer)
  local observe = self.observe
  self.observe = false
  if not observe then return end
  local ok, raised = pcall(observe)
  if ok then return end
  fail(self, errors.new("cancelled", "onResponse raised an error", self.label, partial(self)))
  error(raised, 0)
end

-- The next event once it is there. Others have their turn before where a task has had its own, and only there.
local function read(self)
  local event = self.wire.event
  if not (self.observe or hadTurn()) then
    local value, problem, text = event(self.transfer, self.merge.backlog)
    if value ~= nil or problem then return value, problem, text end
  end
  await(self)
  return event(self.transfer, self.merge.backlog)
end

-- What an event that is no value says of the stream: nothing, where none has come and none is to come.
local function unreadable(self, problem, text)
  if problem == nil then return finish(self) end
  -- Gateways end a stream so, as other APIs do.
  if text == "[DONE]" then return self.merge:done() end
  return broke(self, errors.unreadable("an event", problem, text, self.label))
end

-- A chunk that does not look like one, or nil where it is none.
local function unusual(self, value)
  if type(value) ~= "table" then
    local what = type(value) == "userdata" and "null" or type(value)
    return protocol(self, "an event is no JSON object but " .. what, "")
  end
  if value[1] ~= nil and not self.queue then return enqueue(self, value) end
  local object = errors.find(value, self.wire.decode)
  if not object then return accept(self, value) end
  return broke(self, errors.api(object, self.label))
end

-- The chunk as users see it, or nil and the error.
local function advance(self)
  repeat
    local value, problem, text, chunk
    if self.queue then value = queued(self) end
    if value == nil then value, problem, text = read(self) end
    if value == nil then
      unreadable(self, problem, text)
    elseif type(value) == "table" and value[1] == nil and value.error == nil then
      chunk = accept(self, value)
    else
      chunk = unusual(self, value)
    end
    if chunk then return chunk end
  until self.ended or self.err
  return nil, self.err or nil
end

---The next chunk; waits for it.
---@return gemini.Reply? chunk  nil at the end
---@return gemini.Error? err  nil at the end of a complete stream; a failed stream gives its error again and again
function Stream:next()
  if getmetatable(self) ~= Stream then misused "next" end
  if self.ended or self.err then return nil, self.err or nil end
  return advance(self)
end

---Ends the stream and its connection at once, wherever it is. Harmless when it has ended; one that had not is then
---a failed one, of kind "cancelled".
function Stream:close()
  if getmetatable(self) ~= Stream then misused "close" end
  if self.err or self.ended then return end
  fail(self, errors.new("cancelled", "the stream was closed before its end", self.label, partial(self)))
end

---Reads to the end.
---@return gemini.Reply? response  all chunks of the stream merged into one, those read before included
---@return gemini.Error? err  its `partial` holds what had come
function Stream:collect()
  if getmetatable(self) ~= Stream then misused "collect" end
  local chunk, err
  repeat chunk, err = self:next() until not chunk
  if err then return nil, err end
  return self.merge:response()
end

-- A `for` can't see a second result: what ends the stream early is raised.
function Stream:__call()
  if not (self.ended or self.err) then
    local chunk = advance(self)
    if chunk then return chunk end
  end
  if self.err then error(self.err, 0) end
end

Stream.__close = Stream.close

-- What tells the user's observer of the answer, once it begins.
function observer(client, request, transfer)
  return client.onResponse and function() rest.observe(client, request, transfer) end or false
end

-- What puts a stream of these messages together, and what takes it up again; else it is one of
-- GenerateContentResponses, which ends where it breaks.
local FORMS = { Interaction = { merge = "gemini.steps", resume = "gemini.resume" } }
local PLAIN = { merge = "gemini.merge" }

-- A function, for nobody who looks at a stream shall see what is in a request: a proxy's password.
local function repeater(request)
  local tries = attempts.new(request)
  return function(err, sent)
    if retry.mayRepeat(err, request, sent) and tries:again(err) then return tries:request() end
    return nil, tries:tell(err)
  end
end

local stream = {}

---Starts a stream call.
---@param client gemini.State
---@param row gemini.Row
---@param request gemini.Request
---@param args table  the call's
---@param call? gemini.CallOptions
---@return gemini.Stream
function stream.open(client, row, request, args, call)
  local form = FORMS[row.reply] or PLAIN
  local merge = require(form.merge)(args, client.wire)
  local transfer, err = rest.submit(client, request)
  -- What is absent is false: each chunk looks at it, and nil would be looked for in the metatable.
  return setmetatable({
    client = client,
    transfer = transfer,
    err = err or false,
    ended = false,
    began = false,
    queue = false,
    wire = client.wire,
    label = request.label,
    anew = repeater(request),
    merge = merge,
    again = form.resume and require(form.resume)(merge, client, request, call) or false,
    observe = observer(client, request, transfer),
  }, Stream)
end

return stream
