---Uploads by a session: chunk after chunk, and after a fault from where the server stands.

local context = require "gemini.upload.context"
local deadline = require "gemini.deadline"
local retry = require "gemini.retry"
local session = require "gemini.upload.session"
local tables = require "gemini.tables"

local CHUNK = 8 * 1024 * 1024

-- What the server says of a session that it does not have any more.
local GONE = { [404] = true, [410] = true }

-- Refusals that may mean no more than that the server is at another place.
local ELSEWHERE = { [400] = true, [409] = true, [412] = true, [416] = true }

local function isGone(err) return err.kind == "api" and GONE[err.code] end

-- An answer that can't be read may be a gateway's.
local function mayPass(err) return retry.mayPass(err) or err.kind == "protocol" end

local function protocol(up, message) return nil, nil, context.failure(up, "protocol", message) end

-- Waits before one more attempt; false when it is time to give up. What counts is how far the server ever was.
local function again(up, err) return up.attempts:again(err, up.furthest) end

-- The server can have no more than `sent` bytes, and the upload's end only where that was sent.
local function begin(up, opened, sent, ended)
  context.hold(up, opened)
  up.furthest, up.sent, up.ended = 0, sent, ended
end

-- Opens a session, and says so.
local function open(up)
  while true do
    local opened, err = session.start(up)
    if opened then
      begin(up, opened, 0, false)
      up.progress:begin(0)
      return 0
    end
    if not retry.mayPass(err) or not again(up, err) then return nil, nil, err end
  end
end

-- A session that is gone is opened again, once, where the media can be read again.
local function restart(up, err)
  if up.restarted or not up.source:reaches(0) then return nil, nil, err end
  up.restarted = true
  return open(up)
end

-- A file of a known name can be asked for.
local function askFor(up, name)
  local api, request, rest = require "gemini.api", require "gemini.request", require "gemini.rest"
  local call = tables.copy(up.call or {})
  call.timeout = deadline.limit(up.ends)
  local built, problem = request.build(up.client, "files.get", api.files.get, { name = name }, call)
  if not built then return protocol(up, problem) end
  return nil, rest.call(up.client, api.files.get, built)
end

-- The upload is complete, and what the server had to say of it was lost.
local function lost(up)
  if up.media.name then return askFor(up, up.media.name) end
  return nil, nil, context.failure(up, "truncated", "the upload is complete, but the answer that tells of it was lost")
end

-- What is wrong with the place where the server says that it stands.
local function misplaced(up, offset)
  local most = math.min(up.sent, up.source.size or up.sent)
  if offset > most then return ("the server has %d bytes, and got %d"):format(offset, most) end
  if not up.source:reaches(offset) then
    return ("the server wants byte %d again, and read gives it once"):format(offset)
  end
end

-- What a session's answer comes to: the offset, or nil and the reply, or nil, nil and the error.
local function conclude(up, found)
  if found.cancelled then return nil, nil, context.failure(up, "cancelled", "the upload's session was cancelled") end
  if found.reply or found.complete then
    if not up.ended then return protocol(up, "the server ended the upload before its last byte") end
    if found.reply then return nil, found.reply end
    return lost(up)
  end
  local problem = misplaced(up, found.offset)
  if problem then return protocol(up, problem) end
  return found.offset
end

-- Asks until the server says where it stands.
local function locate(up)
  while true do
    local found, err = session.query(up)
    if found then return conclude(up, found) end
    if isGone(err) then return restart(up, err) end
    if not mayPass(err) or not again(up, err) then return nil, nil, err end
  end
end

-- Asks behind an answer from which nothing follows.
local function locateAfter(up, problem)
  local err = context.failure(up, "protocol", problem)
  if not again(up, err) then return nil, nil, err end
  return locate(up)
end

-- Goes on behind a chunk that failed.
local function recover(up, chunk, err)
  if isGone(err) then return restart(up, err) end
  local refused = err.kind == "api" and ELSEWHERE[err.code]
  if not (refused or mayPass(err)) or not again(up, err) then return nil, nil, err end
  local before = up.session
  local offset, reply, other = locate(up)
  -- Where the server has been all the time, it means what it said.
  if refused and offset == chunk.offset and up.session == before then return nil, nil, err end
  return offset, reply, other
end

-- Follows a server that has taken a chunk, or part of it.
local function follow(up, chunk, found)
  if not found.known then return locateAfter(up, "the server does not say what became of the chunk") end
  local silent = not (found.reply or found.complete or found.cancelled or found.offset)
  if silent and chunk.last then return locateAfter(up, "the server does not say whether the upload is complete") end
  if silent then return chunk.offset + chunk.length end
  local offset, reply, err = conclude(up, found)
  if not offset or offset > chunk.offset then return offset, reply, err end
  return locateAfter(up, ("the server has taken no byte behind %d"):format(offset))
end

-- Whole granules, as many as the chunk has to have at least.
local function chunkLength(up)
  local granularity = up.session.granularity
  return math.ceil((up.media.chunkSize or CHUNK) / granularity) * granularity
end

-- The chunk that comes next, or nil and the error: a file that was changed is no more what the session is of.
local function nextChunk(up, offset)
  local segments, length, last = up.source:take(offset, chunkLength(up))
  if segments then return { segments = segments, offset = offset, length = length, last = last } end
  up.unfit = up.source.modified ~= nil
  return nil, context.failure(up, "io", length)
end

-- Sends what comes next: the next offset, or nil and the reply, or nil, nil and the error.
local function advance(up, offset)
  local chunk, err = nextChunk(up, offset)
  if not chunk then return nil, nil, err end
  local behind = offset + chunk.length
  up.furthest, up.sent, up.ended = math.max(up.furthest, offset), math.max(up.sent, behind), up.ended or chunk.last
  if chunk.last then up.total = behind end
  local found, problem = session.send(up, chunk)
  if not found then return recover(up, chunk, problem) end
  local after, reply, other = follow(up, chunk, found)
  if after then up.progress:tick(after) end
  return after, reply, other
end

-- What keeps a session that was saved from being that of these media.
local function mismatch(up, saved)
  local source = up.source
  if saved.size ~= source.size and saved.size and source.size then
    return ("the session is for %d bytes, and there are %d"):format(saved.size, source.size)
  end
  if saved.modified ~= source.modified and saved.modified and source.modified then
    return "the file was changed since the session began"
  end
  local same = saved.size == source.size and saved.modified == source.modified and saved.mark == source:mark()
  return not same and "the session is one of other bytes" or nil
end

local function resume(up)
  local saved = up.media.session
  local problem = mismatch(up, saved)
  if problem then return nil, nil, context.failure(up, "io", problem) end
  -- What another process has sent is not known.
  begin(up, session.restored(saved), math.huge, true)
  local offset, reply, err = locate(up)
  if offset then up.progress:tell(offset) end
  return offset, reply, err
end

-- Whether an upload that has failed may go on with its session.
local function mayGoOn(up, err)
  return up.session and not up.unfit and not isGone(err) and err.kind ~= "cancelled"
end

---@param up gemini.UploadContext
---@return table? reply
---@return gemini.Error? err  with the `session`, where there is one to go on with
return function(up)
  local offset, reply, err = (up.media.session and resume or open)(up)
  while offset do offset, reply, err = advance(up, offset) end
  if reply then return reply end
  if mayGoOn(up, err) then err.session = tables.copy(up.session) end
  return nil, err
end
