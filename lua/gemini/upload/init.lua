---Uploads: what is sent, by which protocol, and what is waited for.

require("gemini.interpreted")()

local arguments = require "gemini.upload.arguments"
local context = require "gemini.upload.context"
local deadline = require "gemini.deadline"
local errors = require "gemini.errors"
local mime = require "gemini.mime"
local options = require "gemini.options"
local own = require "gemini.own"
local path = require "gemini.path"
local plain = require "gemini.plain"
local request = require "gemini.request"
local source = require "gemini.upload.source"
local tables = require "gemini.tables"

local upload = {}

-- The first segment of an upload's path.
local PLACE = "upload/"

-- Media of at most so many bytes go in one request.
local MOST_AT_ONCE = 1024 * 1024

---Whether arguments are those of an upload of media, and not of metadata alone.
---@param row gemini.Row
---@param args table
---@return boolean
function upload.areMedia(row, args)
  return own.any(row, args, options.upload) or arguments.misspelled(row, args) ~= nil
end

-- Fields of the metadata may stand in the one field that the body has.
local function metadata(row, args)
  local inner = row.wrap and args[row.wrap]
  return type(inner) == "table" and inner or args
end

-- The metadata, with what this call changes of it.
local function change(row, args, name, value)
  local inner = metadata(row, args)
  if inner == args then
    args[name] = value
  else
    args[row.wrap] = tables.copy(inner)
    args[row.wrap][name] = value
  end
end

-- Names of files may be of any bytes, and JSON holds no more than UTF-8.
local function nameLegibly(row, args)
  local name = metadata(row, args).displayName
  if type(name) == "string" then change(row, args, "displayName", plain.legible(name)) end
end

-- The media's type, as it is said or told by what they are; nil where neither tells. Nothing is guessed.
local function typeOf(row, args, media, opened)
  local given = args.mimeType or metadata(row, args).mimeType or (media.session or {}).mimeType
  local found = given or mime.of(opened.name, function() return opened:head() end)
  -- Where files are kept as they are, they need none.
  return found or not row.body and "application/octet-stream" or nil
end

local function fileFailure(client, method, problem)
  return errors.new("io", problem, { method = method, url = client.baseUrl, attempts = 0 })
end

-- What is wrong where no type is known: with the call, but where one file of many is of a kind that nobody knows.
local function unknownType(client, method, media, opened)
  local name = opened.name and (" %q"):format(opened.name) or ""
  local problem = ("mimeType is missing: neither the name%s nor the first bytes tell what this is"):format(name)
  return media.path and fileFailure(client, method, problem) or problem
end

-- Puts the type where the request has a place for it.
local function placeType(row, args, mimeType)
  args.mimeType = nil
  if row.body then change(row, args, "mimeType", mimeType) end
end

-- By size where it is not said. Of a row that names the file's place, there is one.
local function settleProtocol(row, media, opened)
  local atOnce = row.body and not media.session and opened.size and opened.size <= MOST_AT_ONCE
  media.protocol = media.protocol or atOnce and "multipart" or "resumable"
end

-- Bytes alone have no place for anything else.
local function excess(row, args, media)
  if media.protocol ~= "raw" then return nil end
  local elsewhere, first = path.names(row.path), nil
  for name in next, args do
    local other = type(name) == "string" and not elsewhere[name] and name ~= "mimeType"
    if other and (not first or name < first) then first = name end
  end
  return first and ('%s can\'t be sent by protocol "raw"'):format(first)
end

local function settle(client, method, row, args, media, opened)
  local given = metadata(row, args)
  media.name = row.wrap and type(given.name) == "string" and given.name or nil
  settleProtocol(row, media, opened)
  media.mimeType = typeOf(row, args, media, opened)
  if not media.mimeType then return unknownType(client, method, media, opened) end
  local problem = arguments.typeProblem(media.mimeType)
  if problem then return problem end
  placeType(row, args, media.mimeType)
  return excess(row, args, media)
end

-- What is wrong with all that is not about the media, known before a file is opened or a function called.
local function problemOfRest(client, method, row, args, call)
  local trial = tables.copy(args)
  placeType(row, trial, "application/octet-stream")
  local _, problem = request.build(client, method, row, trial, call, PLACE)
  return problem
end

---Like request.build, for a row that takes media and arguments that have them.
---@param client gemini.State
---@param method string
---@param row gemini.Row
---@param args table  changed
---@param call? gemini.CallOptions
---@return gemini.Request?  with its `media` and their `source`
---@return string|gemini.Error? problem  what is wrong with the arguments, or why a file can't be read
function upload.build(client, method, row, args, call)
  local media, problem = arguments.take(client, method, row, args)
  nameLegibly(row, args)
  problem = problem or problemOfRest(client, method, row, args, call)
  if problem then return nil, problem end
  local opened
  opened, problem = source.open(media, method)
  if not opened then return nil, fileFailure(client, method, problem) end
  problem = settle(client, method, row, args, media, opened)
  if problem then return nil, problem end
  local built
  built, problem = request.build(client, method, row, args, call, PLACE)
  if not built then return nil, problem end
  built.media, built.source = media, opened
  return built
end

-- Whether the text was another one when a cassette recorded the answer: the server may have had a longer name in it.
local function mayDiffer(up)
  return up.built.label.played and up.media.mimeType:find "^application/json" ~= nil
end

-- What was sent has to be what there was, and what the server has what was sent.
local function discrepancy(up, reply)
  local problem = up.source:problem()
  if problem then return context.failure(up, "io", problem) end
  local size = tonumber(reply.sizeBytes)
  if not size or not up.total or size == up.total or mayDiffer(up) then return nil end
  return context.failure(up, "protocol", ("the server has made %d bytes of %d"):format(size, up.total))
end

-- Waits for what the server still does with what it has got.
local function await(up, reply)
  local given = tables.copy(up.media.wait)
  local left = deadline.limit(up.ends)
  given.timeout = left and math.min(left, given.timeout or left) or given.timeout
  if type(reply.wait) == "function" then return reply:wait(given) end
  return require("gemini.active").wait(up.client, reply, given, up.call)
end

---@param client gemini.State
---@param row gemini.Row
---@param built gemini.Request
---@param _ table
---@param call? gemini.CallOptions
---@return table? reply
---@return gemini.Error?
function upload.send(client, row, built, _, call)
  local media, up = built.media, context.new(client, row, built, call)
  local carryOut = require(media.protocol == "resumable" and "gemini.upload.resumable" or "gemini.upload.single")
  local reply, err = carryOut(up)
  if not reply then return nil, deadline.tell(err, up.ends, built.timeout) end
  if up.total then up.progress:finish(up.total) end
  err = discrepancy(up, reply)
  local done = not err and reply or nil
  if done and media.wait then done, err = await(up, reply) end
  -- An error does not hide what the server has.
  if err then err.partial = reply end
  return done, err
end

return upload
