---Uploads in one request: the media alone, or behind what is said of them.

local arguments = require "gemini.upload.arguments"
local context = require "gemini.upload.context"
local random = require "gemini.random"
local rest = require "gemini.rest"
local retry = require "gemini.retry"

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

-- All of the media as segments, or nil and the error. What is read from a function is gathered first.
local function gather(up)
  local segments, length, last = up.source:take(0, up.source.size or arguments.MOST_GATHERED)
  if not segments then return nil, context.failure(up, "io", length) end
  if last then return segments, length end
  return nil, context.failure(up, "limit", arguments.tooMuch(up.media.protocol))
end

-- The request's body, how many bytes of it come before the media, how many they are, and its type.
local function prepare(up)
  local segments, length = gather(up)
  if not segments then return nil, length end
  local before, behind, contentType = FRAMES[up.media.protocol](up)
  table.insert(segments, 1, before)
  segments[#segments + 1] = behind
  return segments, #before, length, contentType
end

local function clamp(value, most) return math.max(0, math.min(value, most)) end

-- Sends it once; the third result tells whether it may be sent again: a second file is not what was asked for.
local function send(up, segments, start, length, contentType)
  local sent
  local request = context.request(up, { body = segments, once = true }, {
    ["Content-Type"] = contentType,
    ["X-Goog-Upload-Protocol"] = up.media.protocol,
  })
  local reply, err = rest.exchange(up.client, request, {
    tick = function(transfer) up.progress:tick(clamp(transfer:sent() - start, length)) end,
    ended = function(_, transfer) sent = transfer:isSent() end,
    read = function(_, transfer) return rest.read(up.client, up.row, request, transfer) end,
  })
  return reply, err, err and retry.mayRepeat(err, request, sent)
end

---@param up gemini.UploadContext
---@return table? reply
---@return gemini.Error?
return function(up)
  local segments, start, length, contentType = prepare(up)
  if not segments then return nil, start end
  up.total = length
  up.progress:begin(0)
  while true do
    local reply, err, mayRepeat = send(up, segments, start, length, contentType)
    if reply then return reply end
    if not mayRepeat or not up.attempts:again(err, 0) then return nil, err end
  end
end
