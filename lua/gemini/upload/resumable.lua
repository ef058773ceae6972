---Uploads by a session: chunk after chunk, and after a fault from where the server stands.

local attempts = require "gemini.attempts"
local context = require "gemini.upload.context"
local session = require "gemini.upload.session"

local CHUNK = 8 * 1024 * 1024

-- What the server says of a session that it does not have any more.
local GONE = { [404] = true, [410] = true }

-- Refusals that may mean no more than that the server is at another place.
local ELSEWHERE = { [400] = true, [409] = true, [412] = true, [416] = true }

local function isGone(err) return err.kind == "api" and GONE[err.code] end

-- An answer that can't be read may be a gateway's.
local function mayPass(err) return attempts.mayPass(err) or err.kind == "protocol" end

-- Waits before one more attempt; false when it is time to give up. What counts is how far the server ever was.
local function again(up, err) return up.attempts:again(err, up.furthest) end

-- Opens a session, and says so.
local function open(up)
  while true do
    local begun, err = session.start(up)
    if begun then
      up.upload.session, up.furthest = begun, 0
      up.progress:begin(0)
      return 0
    end
    if not attempts.mayPass(err) or not again(up, err) then return nil, nil, err end
  end
end

-- A session that is gone is opened again, once, where the media can be read again.
local function restart(up, err)
  if up.restarted or not up.source:reaches(0) then return nil, nil, err end
  up.restarted = true
  return open(up)
end

-- The upload is complete, and what the server had to say of it was lost: a file of a known name can be asked for.
local function lost(up)
  local name = up.media.name
  if name then
    local api, request, rest = require "gemini.api", require "gemini.request", require "gemini.rest"
    local built = request.build(up.client, "files.get", api.files.get, { name = name })
    if built then return nil, rest.call(up.client, api.files.get, built) end
  end
  return nil, nil, context.failure(up, "truncated", "the upload is complete, but the answer that tells of it was lost")
end

-- What is wrong with the place where the server says that it stands.
local function misplaced(up, offset)
  if not offset then return "the server does not say how many bytes it has" end
  if up.source.size and offset > up.source.size then
    return ("the server has %d bytes, and there are %d"):format(offset, up.source.size)
  end
  if not up.source:reaches(offset) then
    return ("the server wants byte %d again, and read gives it once"):format(offset)
  end
end

-- Where a session stands by its own account: the offset, or nil and the reply, or nil, nil and the error.
local function read(up, found)
  if found.reply then return nil, found.reply end
  if found.complete then return lost(up) end
  if found.cancelled then return nil, nil, context.failure(up, "cancelled", "the upload's session was cancelled") end
  local problem = misplaced(up, found.offset)
  if problem then return nil, nil, context.failure(up, "protocol", problem) end
  return found.offset
end

-- Asks until the server says where it stands.
local function locate(up)
  while true do
    local found, err = session.query(up)
    if found then return read(up, found) end
    if isGone(err) then return restart(up, err) end
    if not mayPass(err) or not again(up, err) then return nil, nil, err end
  end
end

-- Goes on behind a chunk that failed.
local function recover(up, chunk, err)
  if isGone(err) then return restart(up, err) end
  local refused = err.kind == "api" and ELSEWHERE[err.code]
  if not (refused or mayPass(err)) or not again(up, err) then return nil, nil, err end
  local offset, reply, other = locate(up)
  -- Where the server has been all the time, it means what it said.
  if refused and offset == chunk.offset then return nil, nil, err end
  return offset, reply, other
end

-- Follows a server that has taken a chunk, or part of it.
local function follow(up, chunk, found)
  local behind = chunk.offset + chunk.length
  if (found.reply or found.complete) and not chunk.last then
    return nil, nil, context.failure(up, "protocol", "the server ended the upload before its last byte")
  end
  if not (found.reply or found.complete or found.cancelled or found.offset) then
    if chunk.last then return locate(up) end
    found.offset = behind
  end
  local offset, reply, err = read(up, found)
  if not offset then return nil, reply, err end
  if offset > behind then
    return nil, nil, context.failure(up, "protocol", ("the server has %d bytes, and got %d"):format(offset, behind))
  end
  local stands = context.failure(up, "protocol", ("the server has taken no byte behind %d"):format(offset))
  if offset <= chunk.offset and not again(up, stands) then return nil, nil, stands end
  return offset
end

-- Whole granules, as many as the chunk has to have at least.
local function chunkLength(up)
  local granularity = up.upload.session.granularity
  return math.ceil((up.media.chunkSize or CHUNK) / granularity) * granularity
end

-- Sends what comes next: the next offset, or nil and the reply, or nil, nil and the error.
local function advance(up, offset)
  local segments, length, last = up.source:take(offset, chunkLength(up))
  if not segments then return nil, nil, context.failure(up, "io", length) end
  local chunk = { segments = segments, offset = offset, length = length, last = last }
  up.furthest, up.total = math.max(up.furthest or 0, offset), last and offset + length or nil
  local found, err = session.send(up, chunk)
  if not found then return recover(up, chunk, err) end
  local next, reply, problem = follow(up, chunk, found)
  if next then up.progress:tick(next) end
  return next, reply, problem
end

-- What keeps a session that was saved from being that of these media.
local function changed(up, saved)
  if saved.size ~= up.source.size then
    return ("the session is for %s bytes, and there are %s"):format(tostring(saved.size), tostring(up.source.size))
  end
  if saved.modified ~= up.source.modified then return "the file was changed since the session began" end
end

local function resume(up)
  local saved = up.media.session
  local problem = changed(up, saved)
  if problem then return nil, nil, context.failure(up, "io", problem) end
  up.upload.session = session.restored(saved)
  local offset, reply, err = locate(up)
  if offset then up.progress:begin(offset) end
  return offset, reply, err
end

---@param up gemini.UploadContext
---@return table? reply
---@return gemini.Error? err  with the `session`, where there is one to go on with
return function(up)
  local offset, reply, err = (up.media.session and resume or open)(up)
  while offset do offset, reply, err = advance(up, offset) end
  if reply then
    local total = up.source.size or up.total
    if total then up.progress:finish(total) end
    return reply
  end
  if not isGone(err) then err.session = up.upload.session end
  return nil, err
end
