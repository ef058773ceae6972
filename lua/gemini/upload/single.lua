---Uploads in one request: the media alone, or behind what is said of them.

local attempts = require "gemini.attempts"
local context = require "gemini.upload.context"
local random = require "gemini.random"
local rest = require "gemini.rest"

-- What is read from a function is gathered first: a request has a length.
local MOST_GATHERED = 64 * 1024 * 1024

local function partHead(boundary, mediaType)
  return ("--%s\r\nContent-Type: %s\r\n\r\n"):format(boundary, mediaType)
end

-- What stands before the media and behind them, and the type of the whole.
local function multipart(up)
  local boundary = "lua-gemini-" .. random.text(16)
  local before = table.concat {
    partHead(boundary, "application/json; charset=UTF-8"), up.built.body or "{}", "\r\n",
    partHead(boundary, up.media.mimeType),
  }
  return before, ("\r\n--%s--\r\n"):format(boundary), "multipart/related; boundary=" .. boundary
end

local function raw(up) return "", "", up.media.mimeType end

local FRAMES = { multipart = multipart, raw = raw }

-- All of the media as segments, or nil and the error.
local function gather(up)
  local source = up.source
  local segments, length, last = source:take(0, source.size or MOST_GATHERED)
  if not segments then return nil, context.failure(up, "io", length) end
  if last then return segments, length end
  local problem = 'read gives more than %d bytes, which protocol %q holds in memory: "resumable" takes any number'
  return nil, context.failure(up, "limit", problem:format(MOST_GATHERED, up.media.protocol))
end

-- The request, how many bytes of its body come before the media, and how many they are.
local function prepare(up)
  local segments, length = gather(up)
  if not segments then return nil, length end
  local before, behind, contentType = FRAMES[up.media.protocol](up)
  table.insert(segments, 1, before)
  segments[#segments + 1] = behind
  return segments, #before, length, contentType
end

local function clamp(value, most) return math.max(0, math.min(value, most)) end

-- Sends it once. The third result tells that the server can't have all of it, and so has made nothing of it.
local function send(up, segments, start, length, contentType)
  local sent, whole
  local request = context.request(up, { body = segments }, {
    ["Content-Type"] = contentType,
    ["X-Goog-Upload-Protocol"] = up.media.protocol,
  })
  local reply, err = rest.exchange(up.client, request, {
    tick = function(transfer) up.progress:tick(clamp(transfer:sent() - start, length)) end,
    ended = function(transfer) sent, whole = transfer:sent(), transfer:status() ~= nil end,
    read = function(transfer) return rest.read(up.client, up.row, request, transfer) end,
  })
  return reply, err, not whole and (sent or 0) < start + length
end

-- What the server refused for now was not carried out, and neither was what it can't have got. All else may have been,
-- and a second file is not what was asked for.
local function mayRepeat(err, incomplete)
  return attempts.mayPass(err) and (err.kind == "api" or incomplete)
end

---@param up gemini.UploadContext
---@return table? reply
---@return gemini.Error?
return function(up)
  local segments, start, length, contentType = prepare(up)
  if not segments then return nil, start end
  up.progress:begin(0)
  while true do
    local reply, err, incomplete = send(up, segments, start, length, contentType)
    if reply then
      up.progress:finish(length)
      return reply
    end
    if not mayRepeat(err, incomplete) or not up.attempts:again(err, 0) then return nil, err end
  end
end
