---The answers of upload sessions. An input is a line that says what is uploaded, and answers, with `--` lines between:
---
---  data 20             a string of 20 bytes; `read 20` a function that gives them, `read 20 known` with its size;
---  200                 `named` behind it gives the file a name. A status, and behind it the kind of a failure in
---  x-goog-upload-url: /u          which the transfer ends; 000 for none
---
---  {"file":{}}         the body, behind an empty line
---
---Holds: nothing is raised, and an error is one that a person may see; every request goes to the client's own server,
---as libcurl reads its URL, with the key in its header alone; every chunk is what the media have at its place, whole
---granules but for the last; only an upload that was sent to its end succeeds; the requests come to an end; a session
---that an error holds can be gone on with.

local core = require "fuzz.core"
local shown = require "fuzz.shown"
local transport = require "fuzz.transport"

package.loaded["gemini.transport"] = transport
local gemini = require "gemini"

local HOST = "gemini.example"
local client = gemini.new { apiKey = shown.SECRET, baseUrl = "https://" .. HOST }

local MOST = 4096 -- bytes of media

-- Requests that no answer is left for, in both calls together.
local MORE = 40

-- ---- The input. ----

local function parseAnswer(text)
  local line, rest = text:match("^([^\n]*)\n?(.*)$")
  local status, failure = line:match("^(%d%d%d) ?(%l*)")
  local head, body = rest:match("^(.-\n)\n(.*)$")
  status = math.tointeger(tonumber(status or "200"))
  local kinds = { network = true, timeout = true, tls = true, protocol = true, truncated = true, limit = true }
  return {
    status = status >= 100 and status or nil,
    failure = kinds[failure] and failure or status < 100 and "network" or nil,
    head = head or rest, body = body or "",
  }
end

local function parse(input)
  local first, rest = input:match("^([^\n]*)\n?(.*)$")
  local answers = {}
  for text in (rest .. "\n--\n"):gmatch("(.-)\n%-%-\n") do answers[#answers + 1] = parseAnswer(text) end
  return {
    size = math.min(tonumber(first:match(" (%d%d?%d?%d?)") or "20"), MOST) // 1,
    read = first:find("^read") ~= nil, known = first:find " known" ~= nil, named = first:find " named" ~= nil,
  }, answers
end

-- Bytes that are others at every place.
local function mediaOf(size)
  local out = {}
  for i = 1, size do out[i] = string.char(i * 7 % 251) end
  return table.concat(out)
end

local function reader(media)
  local at = 0
  return function()
    if at >= #media then return nil end
    at = at + 5
    return media:sub(at - 4, at)
  end
end

-- ---- What holds for each request. ----

-- What libcurl refuses goes nowhere.
local function checkPlace(url)
  local scheme, host, port, user = core.url(url)
  if not scheme then return end
  local own = scheme == "https" and host:lower() == HOST and port == "443" and not user
  assert(own, "it goes to another server: " .. url)
end

local function headersOf(lines)
  local headers, tellers = {}, 0
  for _, line in ipairs(lines) do
    assert(not line:find "%c", "a header has a control character")
    if line:find(shown.SECRET, 1, true) then tellers = tellers + 1 end
    local name, value = line:match("^([^:;]+)[:;] ?(.*)$")
    headers[name:lower()] = value
  end
  assert(tellers == 1 and headers["x-goog-api-key"] == shown.SECRET, "the key is not in its header alone")
  return headers
end

local function bytesOf(body)
  if type(body) ~= "table" then return body or "" end
  local out = {}
  for i, part in ipairs(body) do
    local from = part.offset or 0
    out[i] = part.data:sub(from + 1, from + (part.length or #part.data))
  end
  return table.concat(out)
end

local function checkChunk(upload, headers, bytes, last)
  local offset = math.tointeger(tonumber(headers["x-goog-upload-offset"]))
  assert(offset >= 0 and offset + #bytes <= #upload.media, "it is beyond the media")
  assert(bytes == upload.media:sub(offset + 1, offset + #bytes), "these are no bytes of that place")
  assert(not last or offset + #bytes == #upload.media, "the last chunk ends before the media do")
  assert(last or #bytes > 0 and #bytes % upload.session.granularity == 0, "it is not of whole granules")
  upload.ended = upload.ended or last
end

local function checkRequest(upload, request, lines)
  checkPlace(request.url)
  assert(not request.url:find(shown.SECRET, 1, true), "the key is in a URL")
  local headers, bytes = headersOf(lines), bytesOf(request.body)
  local command = headers["x-goog-upload-command"]
  if command == "upload" or command == "upload, finalize" then
    checkChunk(upload, headers, bytes, command ~= "upload")
  elseif command == "query" then
    assert(bytes == "" and upload.session, "a query has a body, or no session")
  else
    assert(command == "start" or request.method == "GET" and upload.ended, "an unknown request")
  end
  return #bytes
end

-- ---- An upload. ----

local function arguments(given, upload, session)
  return {
    mimeType = "text/plain", protocol = "resumable", chunkSize = 8, session = session,
    data = not given.read and upload.media or nil,
    read = given.read and reader(upload.media) or nil,
    size = given.read and given.known and #upload.media or nil,
    name = given.named and "files/mine" or nil,
    onProgress = function(sent, total, about)
      upload.session = about.session
      -- Of media whose size is not known, another process may have sent any number.
      local most = session and not total and math.huge or #upload.media
      assert(sent >= 0 and sent <= most and (total == nil or total == #upload.media), "no such progress")
    end,
  }
end

local function checkResult(upload, reply, err)
  if not reply then return shown.check(err) end
  assert(type(reply) == "table" and upload.ended, "it is done before its end was sent")
end

return function(input)
  local given, answers = parse(input)
  local upload = { media = mediaOf(given.size) }
  transport.script(answers, function(request, number, lines)
    assert(number <= #answers + MORE, "it sends and sends")
    return checkRequest(upload, request, lines)
  end)
  local reply, err = client.media:upload(arguments(given, upload))
  checkResult(upload, reply, err)
  local session = err and err.session
  if not session then return end
  -- What another process had sent is not known.
  upload.session, upload.ended = session, true
  checkResult(upload, client.media:upload(arguments(given, upload, session)))
end
