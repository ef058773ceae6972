---Uploads: what is sent, by which protocol, and what is waited for.

require("gemini.interpreted")()

local arguments = require "gemini.upload.arguments"
local errors = require "gemini.errors"
local mime = require "gemini.mime"
local options = require "gemini.options"
local own = require "gemini.own"
local path = require "gemini.path"
local request = require "gemini.request"
local source = require "gemini.upload.source"
local tables = require "gemini.tables"

local upload = {}

-- Media of at most so many bytes go in one request.
local MOST_AT_ONCE = 1024 * 1024

---Whether arguments are those of an upload of media, and not of metadata alone.
---@param row gemini.Row
---@param args table
---@return boolean
function upload.areMedia(row, args)
  return own.any(row, args, options.upload)
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

-- Names of files may be of any bytes: what is no UTF-8 becomes U+FFFD, as JSON holds no more than that.
local function legible(text)
  local quoted = text:gsub('[%z\1-\31"\\]', function(byte) return ("\\u%04x"):format(byte:byte()) end)
  return require("gemini.codec").decode('"' .. quoted .. '"')
end

-- The media's type, as it is said or told by what they are; nil and what is wrong. Nothing is guessed.
local function typeOf(row, args, opened)
  local found = args.mimeType or metadata(row, args).mimeType
    or mime.of(opened.name, function() return opened:head() end)
  if mime.isType(found) then return found end
  if found then return nil, ('mimeType must be a MIME type such as "text/plain", got %q'):format(tostring(found)) end
  local name = opened.name and (" %q"):format(opened.name) or ""
  return nil, ("mimeType is missing: neither the name%s nor the first bytes tell what this is"):format(name)
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
  local elsewhere = path.names(row.path)
  for _, name in ipairs(tables.sortedKeys(args)) do
    if not elsewhere[name] and name ~= "mimeType" then return ('%s can\'t be sent by protocol "raw"'):format(name) end
  end
end

local function settle(row, args, media, opened)
  local given = metadata(row, args)
  media.name = row.wrap and type(given.name) == "string" and given.name or nil
  if type(given.displayName) == "string" then change(row, args, "displayName", legible(given.displayName)) end
  settleProtocol(row, media, opened)
  local problem
  media.mimeType, problem = typeOf(row, args, opened)
  if problem then return problem end
  placeType(row, args, media.mimeType)
  return excess(row, args, media)
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
  if not media then return nil, problem end
  local opened
  opened, problem = source.open(media)
  if not opened then
    return nil, errors.new("io", problem, { method = method, url = client.baseUrl, attempts = 0 })
  end
  problem = settle(row, args, media, opened)
  if problem then return nil, problem end
  local built
  built, problem = request.build(client, method, row, args, call, "upload/")
  if not built then return nil, problem end
  built.media, built.source = media, opened
  return built
end

-- Waits for what the server still does with what it has got. An error does not hide that it has it.
local function await(client, reply, given)
  local done, err
  if type(reply.wait) == "function" then
    done, err = reply:wait(given)
  else
    done, err = require("gemini.active").wait(client, reply, given)
  end
  if err then err.partial = reply end
  return done, err
end

---@param client gemini.State
---@param row gemini.Row
---@param built gemini.Request
---@return table? reply
---@return gemini.Error?
function upload.send(client, row, built)
  local media = built.media
  local carryOut = require(media.protocol == "resumable" and "gemini.upload.resumable" or "gemini.upload.single")
  local reply, err = carryOut(require("gemini.upload.context").new(client, row, built))
  if not reply or not media.wait then return reply, err end
  return await(client, reply, media.wait)
end

return upload
