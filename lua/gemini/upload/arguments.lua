---Which arguments of an upload go together.

require("gemini.interpreted")()

local messages = require "gemini.messages"
local mime = require "gemini.mime"
local nearest = require "gemini.nearest"
local options = require "gemini.options"
local origin = require "gemini.origin"
local own = require "gemini.own"
local path = require "gemini.path"
local tables = require "gemini.tables"

local arguments = {}

-- Where the media come from.
local ORIGINS = { "path", "data", "read" }

---Bytes of a function that a request which needs a length may hold in memory.
arguments.MOST_GATHERED = 64 * 1024 * 1024

---@param protocol string
---@return string problem  with more bytes than these
function arguments.tooMuch(protocol)
  local problem = 'read gives more than %d bytes, which protocol %q holds in memory: "resumable" takes any number'
  return problem:format(arguments.MOST_GATHERED, protocol)
end

local function originProblem(row, media)
  local given, words = {}, {}
  for i, name in ipairs(ORIGINS) do
    words[i] = own.word(row, name)
    if media[name] ~= nil then given[#given + 1] = words[i] end
  end
  if #given == 0 then return ("%s, %s or %s is missing: what to upload"):format(words[1], words[2], words[3]) end
  if #given > 1 then return ("%s and %s exclude each other"):format(given[1], given[2]) end
  if media.size and not media.read then return ("size is for read alone: that of %s is known"):format(given[1]) end
end

local function waitProblem(row, media)
  if not media.wait then return nil end
  if not (row.wrap or row.reply == "google.longrunning.Operation") then
    return "wait: there is nothing to wait for here"
  end
  local problem = type(media.wait) == "table" and options.check(media.wait, options.wait)
  return problem and "wait: " .. problem or nil
end

-- A path that names the file's place takes sessions alone.
local function protocolProblem(row, media)
  if not media.protocol or media.protocol == "resumable" then return nil end
  if not row.body then return 'protocol must be "resumable" here' end
  if media.session then return 'session goes with protocol "resumable" alone' end
  if media.size and media.size > arguments.MOST_GATHERED then return arguments.tooMuch(media.protocol) end
end

-- The key goes along: a session that was saved has to be one of this server's.
local function settleSession(client, method, media)
  if not media.session then return nil end
  local url = origin.resolve(client.baseUrl, media.session.url)
  if not url then return "session.url is on another host" end
  if media.session.method ~= method then return ("session is one of %s"):format(media.session.method) end
  media.session = tables.copy(media.session)
  media.session.url = url
end

---@param mimeType any
---@return string? problem
function arguments.typeProblem(mimeType)
  if mimeType == nil or mime.isType(mimeType) then return nil end
  local shown = type(mimeType) == "string" and ("%q"):format(mimeType) or type(mimeType)
  return 'mimeType must be a MIME type such as "text/plain", got ' .. shown
end

-- Whether the API has a field or a parameter of this name.
local function isKnown(row, name)
  local fields = messages.get(row.body or "") or {}
  local inner = row.wrap and messages.get(fields[row.wrap].type) or {}
  if fields[name] or inner[name] or path.names(row.path)[name] then return true end
  for _, parameter in ipairs(row.query or {}) do
    if parameter == name then return true end
  end
  return false
end

---What is no name of the API's but nearly one of ours: it would go into the metadata.
---@param row gemini.Row
---@param args table
---@return string? problem
function arguments.misspelled(row, args)
  local words = {}
  for name in next, options.upload do words[own.word(row, name)] = true end
  for name in next, args do
    local hint = type(name) == "string" and not isKnown(row, name) and nearest(name, words) or ""
    if hint ~= "" then return ("unknown argument '%s'%s"):format(name, hint) end
  end
end

-- Counts that came as floats are shown as such no more.
local function whole(number) return number and math.floor(number) end

---Takes the arguments about media out of a call's.
---@param client gemini.State
---@param method string
---@param row gemini.Row
---@param args table  changed
---@return gemini.Media?
---@return string? problem
function arguments.take(client, method, row, args)
  local media, problem = own.take(row, args, options.upload)
  if not media then return nil, problem end
  problem = arguments.misspelled(row, args) or originProblem(row, media) or arguments.typeProblem(args.mimeType)
    or waitProblem(row, media) or protocolProblem(row, media) or settleSession(client, method, media)
  if problem then return nil, problem end
  media.size, media.chunkSize = whole(media.size), whole(media.chunkSize)
  media.wait = media.wait == true and {} or media.wait or nil
  return media
end

return arguments
