---A request as a cassette holds it: what was asked for, not by whom nor where.

require("gemini.interpreted")()

local codec = require "gemini.codec"
local errors = require "gemini.errors"
local values = require "gemini.cassette.values"

-- Bytes of a file that are read at a time.
local PIECE = 64 * 1024

-- Bytes of media up to which they are looked at as JSON.
local MOST_JSON = 1024 * 1024

-- Headers that say what is asked for. How long a JSON text is depends on what the server is called in it.
local function tells(name, headers)
  if name == "x-goog-upload-header-content-length" then
    local mimeType = headers["x-goog-upload-header-content-type"]
    return not (mimeType and mimeType:find "^application/json")
  end
  return name == "range" or name:find("^x%-goog%-upload%-") ~= nil
end

local function headersOf(request)
  local out
  for name, value in next, request.headers do
    if tells(name, request.headers) then
      out = out or {}
      out[name] = value
    end
  end
  return out
end

local function pathOf(url, baseUrl)
  if url:sub(1, #baseUrl) == baseUrl then return url:sub(#baseUrl + 1) end
  return (url:gsub("^%a[%w+.-]*://[^/?#]*", ""))
end

-- Hands a window of a file to a function; nil and what is wrong where it can't be read.
local function readFile(window, take)
  local file, problem = io.open(window.path, "rb")
  if not file then return nil, problem end
  file:seek("set", window.offset or 0)
  local left = window.length or math.huge
  while left > 0 do
    local piece = file:read(math.min(left, PIECE))
    if not piece then break end
    take(piece)
    left = left - #piece
  end
  file:close()
  return true
end

local function read(segment, take)
  if type(segment) == "string" then return true, take(segment) end
  if segment.path then return readFile(segment, take) end
  local first = (segment.offset or 0) + 1
  return true, take(segment.data:sub(first, segment.length and first + segment.length - 1))
end

-- The values of a JSON text, or of one that has one a line; nil where it is neither.
local function valuesOf(text)
  local whole = values.decoded(text)
  if whole then return { whole } end
  local list = {}
  for line in text:gmatch "[^\n]+" do
    local value = values.decoded(line)
    if not value then return nil end
    list[#list + 1] = value
  end
  return list[1] and list
end

-- What segments are: the values of JSON, whose names have no order, else their size and hash; or nil and what is wrong.
local function measured(segments, first, last)
  local hash, size, pieces = codec.sha256(), 0, {}
  for i = first, last do
    local ok, problem = read(segments[i], function(bytes)
      hash:add(bytes)
      size = size + #bytes
      if size <= MOST_JSON then pieces[#pieces + 1] = bytes end
    end)
    if not ok then return nil, problem end
  end
  local json = size <= MOST_JSON and valuesOf(table.concat(pieces)) or nil
  return json and { json = json } or { size = size, sha256 = hash:hex() }
end

local function plain(text) return (text:gsub("%W", "%%%0")) end

-- What a multipart body says of its media before they come. Its boundary is another one each time.
local function preface(head, boundary)
  local form = "^%-%-B\r\n[^\r]*\r\n\r\n(.*)\r\n%-%-B\r\n[Cc]ontent%-[Tt]ype: ([^\r]*)\r\n\r\n$"
  return head:match((form:gsub("B", function() return plain(boundary) end)))
end

local function media(request)
  local segments, boundary = request.body, (request.headers["content-type"] or ""):match("boundary=(.+)$")
  if not boundary then return measured(segments, 1, #segments) end
  local found, problem = measured(segments, 2, #segments - 1)
  if not found then return nil, problem end
  local said, mimeType = preface(segments[1], boundary)
  found.metadata, found.mimeType = values.decoded(said), mimeType
  return found
end

---@param request gemini.Request
---@param baseUrl string
---@return table? asked  nil and the error where a file can't be read
---@return gemini.Error?
return function(request, baseUrl)
  local asked = {
    method = request.label.method,
    verb = request.method,
    path = pathOf(request.url, baseUrl),
    headers = headersOf(request),
  }
  if type(request.body) ~= "table" then return values.put(asked, request.body or "") end
  local found, problem = media(request)
  asked.media = found
  if not found then return nil, errors.new("io", problem, request.label) end
  return asked
end
