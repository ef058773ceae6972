---Carries out an upload of bytes that are in memory.

local errors = require "gemini.errors"
local headers = require "gemini.headers"
local origin = require "gemini.origin"
local request = require "gemini.request"
local rest = require "gemini.rest"
local tables = require "gemini.tables"

local upload = {}

local BYTES, MIME_TYPE = "a string, the bytes to upload", 'a string such as "text/plain"'

local function notText(name, value, expected)
  if value == nil then return ("%s is missing: %s"):format(name, expected) end
  if type(value) ~= "string" then return ("%s must be %s, got %s"):format(name, expected, type(value)) end
end

-- What is wrong with the media, nil if nothing is.
local function problemOf(data, mimeType)
  local problem = notText("data", data, BYTES) or notText("mimeType", mimeType, MIME_TYPE)
  if problem then return problem end
  if not mimeType:find("^[%w!#$&^_.+-]+/[%w!#$&^_.+-]+[%w!#$&^_.+;= \"'-]*$") then
    return ("mimeType is no MIME type: %q"):format(mimeType)
  end
end

-- A line that is in none of the parts.
local function boundaryFor(json, data)
  local boundary, n = "lua-gemini", 0
  while data:find(boundary, 1, true) or json:find(boundary, 1, true) do
    n = n + 1
    boundary = ("lua-gemini-%d-%d"):format(n, #data)
  end
  return boundary
end

local function multipart(built, data, mimeType)
  local sent, json = tables.copy(built), built.body or "{}"
  local boundary = boundaryFor(json, data)
  sent.body = {
    ("--%s\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n"):format(boundary), json,
    ("\r\n--%s\r\nContent-Type: %s\r\n\r\n"):format(boundary, mimeType), data,
    ("\r\n--%s--\r\n"):format(boundary),
  }
  sent.headers = headers.merge(built.headers, {
    ["Content-Type"] = "multipart/related; boundary=" .. boundary,
    ["X-Goog-Upload-Protocol"] = "multipart",
  })
  return sent
end

-- The request that opens a session: its method is the row's own.
local function start(built, data, mimeType)
  local sent = tables.copy(built)
  sent.headers = headers.merge(built.headers, {
    ["X-Goog-Upload-Protocol"] = "resumable",
    ["X-Goog-Upload-Command"] = "start",
    ["X-Goog-Upload-Header-Content-Length"] = ("%d"):format(#data),
    ["X-Goog-Upload-Header-Content-Type"] = mimeType,
  })
  return sent
end

-- The session's URL, or nil and the error.
local function open(client, built)
  return rest.exchange(client, built, function(transfer)
    local location = transfer:headers()["x-goog-upload-url"]
    local url = location and origin.resolve(client.baseUrl, location)
    if url then return url end
    local problem = location and "the upload's session is at no place on this host"
      or "the server named no session for the upload"
    return nil, errors.new("protocol", problem, built.label)
  end)
end

local function finalize(built, url, data)
  local sent = tables.copy(built)
  sent.method, sent.url, sent.body = "POST", url, data
  sent.headers = headers.merge(built.headers, {
    ["X-Goog-Upload-Command"] = "upload, finalize",
    ["X-Goog-Upload-Offset"] = "0",
  })
  return sent
end

-- The type, which the row's one field may have as well.
local function typeOf(row, args)
  local inner = row.wrap and args[row.wrap]
  return args.mimeType or type(inner) == "table" and inner.mimeType or nil
end

-- The type stays among the arguments where the request has a place for it.
local function placeType(row, args, mimeType)
  local inner = row.wrap and args[row.wrap]
  if type(inner) == "table" then
    args[row.wrap] = tables.copy(inner)
    args[row.wrap].mimeType = mimeType
  end
  if type(inner) == "table" or not row.body then args.mimeType = nil end
end

---Like request.build, for a row that takes media and arguments that have it as `data`, with its `mimeType`.
---@param client gemini.State
---@param method string
---@param row gemini.Row
---@param args table  changed
---@param call? gemini.CallOptions
---@return gemini.Request?  its `media` holds what to send
---@return string? problem
function upload.build(client, method, row, args, call)
  local data, mimeType = args.data, typeOf(row, args)
  local problem = problemOf(data, mimeType)
  if problem then return nil, problem end
  args.data = nil
  placeType(row, args, mimeType)
  local built
  built, problem = request.build(client, method, row, args, call, "upload/")
  if not built then return nil, problem end
  built.media = { data = data, mimeType = mimeType }
  return built
end

---@param client gemini.State
---@param row gemini.Row
---@param built gemini.Request
---@return table? reply
---@return gemini.Error?
function upload.send(client, row, built)
  local data, mimeType = built.media.data, built.media.mimeType
  -- A path that names the file's place takes bytes alone.
  if row.body then return rest.call(client, row, multipart(built, data, mimeType)) end
  local url, err = open(client, start(built, data, mimeType))
  if not url then return nil, err end
  return rest.call(client, row, finalize(built, url, data))
end

return upload
