---Every method of the facts over the wire: with the least that it needs, as people write it, and with all that it takes.

local cjson = require "cjson"
local facts = require "spec.support.facts"
local sample = require "spec.support.sample"
local talk = require "spec.support.talk"

-- Globals are slow in a spec.
local pairs, type = pairs, type

local known = facts.read()
local samples = known and sample.new(known)

-- Bytes that are no text, and what looks like the line between a body's parts.
local BYTES = {}
for i = 0, 255 do BYTES[#BYTES + 1] = string.char(i) end
BYTES = table.concat(BYTES) .. "\r\n--lua-gemini\r\n--lua-gemini--\r\n"

local MEDIA_TYPE = "text/plain; charset=utf-8"
local TOKEN = "t/é+1=="
local SESSION = "/upload/session?upload_id=a%2Fb&n=1"

-- A segment of a path and what it is on the wire, and a path of any depth.
local SEGMENTS = {
  short = { "x1", "x1" },
  full = { "a b:é%&=+;@~", "a%20b%3A%C3%A9%25%26%3D%2B%3B%40~" },
}
local PATHS = {
  short = { "f.txt", "f.txt" },
  full = { "d 1/é/f.txt", "d%201/%C3%A9/f.txt" },
}

-- Parameters that are no text. A true `stream` is for the specs of streams.
local PARAMETERS = {
  extract = true,
  force = true,
  include_input = true,
  overwrite = true,
  pageSize = 50,
  page_size = 50,
  recursive = true,
  returnPartialSuccess = false,
  stream = false,
}

local MASK = "displayName,a.b"
local MASKS = { updateMask = true, update_mask = true }

-- The facts list no message for this one.
local BODIES = { ["webhooks.rotateSigningSecret"] = "RotateSigningSecretRequest" }

---@class spec.Case  a call, and the request that it should be
---@field row spec.FactRow
---@field size "short"|"full"
---@field choice integer  which of each oneof's fields
---@field args table
---@field path string
---@field query table<string, string>
---@field body? table

-- Fills a variable of the path: what a caller writes goes to the arguments, and the whole name to `names`.
local function fill(case, names, plus, variable, pattern)
  local text = plus == "+" and PATHS[case.size] or SEGMENTS[case.size]
  if pattern == "" then pattern = "*" end
  local encoded, stars = pattern:gsub("%*", function() return text[2] end)
  -- One row's variable stands for a word.
  if stars == 0 then return pattern end
  local argument = variable:match("[^.]+$")
  names[argument] = pattern:gsub("%*", function() return text[1] end)
  case.args[argument] = case.size == "short" and stars == 1 and text[1] or names[argument]
  return encoded
end

-- Returns the whole names of what is in the path.
local function addPath(case)
  local names = {}
  case.path = case.row.path:gsub("{(%+?)([%w_.]+)=?([^}]*)}", function(...) return fill(case, names, ...) end)
  return names
end

local function addParameter(case, name)
  local value = PARAMETERS[name]
  if value == nil then value = MASKS[name] and MASK or sample.TEXT end
  case.args[name], case.query[name] = value, tostring(value)
end

-- A short call has no parameters but the mask, which else is derived.
local function addQuery(case)
  if case.row.stream then case.query.alt = "sse" end
  for _, name in ipairs(case.row.query) do
    local fixed, value = name:match("^(.-)=(.*)$")
    if fixed then
      case.query[fixed] = value
    elseif (case.size == "short") == (MASKS[name] == true) then
      addParameter(case, name)
    end
  end
end

-- What is in the path is not in the body. A batch has its model itself, where the call has none beside it.
local function withoutPath(case, names, given, wire)
  for name, whole in pairs(names) do
    given[name], wire[name] = nil, nil
    if name == "model" and given.batch then
      given.batch.model = case.size == "full" and whole or nil
      wire.batch.model = given.batch.model
      if case.size == "full" then case.args.model = nil end
    end
  end
end

-- Metadata of uploads to `files` is wrapped, by the caller or else for him, and the media's type is in it.
local function addMedia(case, given, wire)
  local fields = wire
  if case.row.body == "CreateFileRequest" then
    wire.file = wire.file or {}
    fields = wire.file
    if case.choice == 1 then given = given.file or {} end
  end
  if case.row.path:find("^/upload/") then
    case.args.data, case.args.mimeType = BYTES, MEDIA_TYPE
    fields.mimeType, given.mimeType = MEDIA_TYPE, nil
  end
  return given
end

local function addBody(case, names)
  local message = BODIES[case.row.full] or case.row.body
  if not message then return end
  local given, wire
  if case.size == "short" then
    given, wire = samples:short(message, names)
  else
    given, wire = samples:request(message, case.choice), samples:request(message, case.choice)
  end
  withoutPath(case, names, given, wire)
  given = addMedia(case, given, wire)
  for name, value in pairs(given) do case.args[name] = value end
  for _, name in ipairs(case.row.query) do
    if MASKS[name] then case.query[name] = case.query[name] or samples:mask(message, wire) end
  end
  case.body = wire
end

local function caseOf(row, size, choice)
  local case = { row = row, size = size, choice = choice, args = {}, query = {} }
  local names = addPath(case)
  addQuery(case)
  if row.body ~= "bytes" then addBody(case, names) else case.args.data, case.args.mimeType = BYTES, MEDIA_TYPE end
  return case
end

local function answering(case, ...)
  local scripts = {}
  for i = 1, select("#", ...) do scripts[i] = talk.last((select(i, ...))) end
  -- What is legal passes a client that checks.
  return talk.scripted(scripts, { check = case.size == "full" })
end

local function copied(value)
  if type(value) ~= "table" then return value end
  local copy = {}
  for name, inner in pairs(value) do copy[name] = copied(inner) end
  return copy
end

-- What the call returns; its arguments are as they were.
local function call(client, case)
  local resource, before = client, copied(case.args)
  for name in case.row.resource:gmatch("[^.]+") do resource = resource[name] end
  local result, err = resource[case.row.method](resource, next(case.args) and case.args)
  assert.same(before, case.args)
  return result, err
end

local function unescape(text)
  return (text:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

local function queryOf(text)
  local query = {}
  for name, value in text:gmatch("([^&=]+)=([^&]*)") do
    assert.is_nil(query[name], name)
    query[name] = unescape(value)
  end
  return query
end

local function received(server, n)
  local raw = assert(server:requests()[n], "the server got no such request")
  local verb, target, head, text = raw:match("^(%S+) (%S+) HTTP/1.1\r\n(.-\r\n)\r\n(.*)$")
  local got = { verb = verb, target = target, text = text, headers = {} }
  for name, value in head:gmatch("([^:\r\n]+): *([^\r\n]*)") do got.headers[name:lower()] = value end
  got.path, got.search = target:match("^([^?]*)%??(.*)$")
  return got
end

local function assertJson(expected, text)
  assert.same(expected, cjson.decode(text))
  -- No object of the samples' is an empty list, and no number has a fraction of zero.
  assert.is_nil(text:find("[]", 1, true))
  assert.is_nil(text:find("%d%.0%f[%D]"))
end

local WITH_BODY = { POST = true, PUT = true, PATCH = true }

local function assertSent(got, case, contentType)
  assert.equal(case.row.verb .. " " .. case.path, got.verb .. " " .. got.path)
  assert.same(case.query, queryOf(got.search))
  assert.equal("k-secret-1", got.headers["x-goog-api-key"])
  assert.equal(contentType, got.headers["content-type"])
  assert.equal(WITH_BODY[got.verb] and tostring(#got.text) or nil, got.headers["content-length"])
end

local function assertPlain(got, case)
  assertSent(got, case, case.body and "application/json")
  if case.body then assertJson(case.body, got.text) else assert.equal("", got.text) end
end

local function json(value)
  return talk.ok(cjson.encode(value))
end

local drive = {}

function drive.plain(case)
  local reply = samples:reply(case.row.reply, case.choice)
  local client, server = answering(case, json(reply))
  local result = assert(call(client, case))
  assert.same(case.row.full == "media.upload" and reply.file or reply, result)
  assertPlain(received(server, 1), case)
end

local function pagesOf(case, following)
  local items, pages = facts.items(case.row), {}
  for i = 1, 2 do
    pages[i] = samples:reply(case.row.reply, i)
    pages[i][items] = pages[i][items] or { samples:reply(items, 1), samples:reply(items, 1) }
    pages[i][following] = i == 1 and TOKEN or nil
  end
  return pages, items
end

function drive.list(case)
  local snake = case.row.origin == "agents"
  local pages, items = pagesOf(case, snake and "next_page_token" or "nextPageToken")
  local client, server = answering(case, json(pages[1]), json(pages[2]))
  local expected, got = {}, {}
  for _, page in ipairs(pages) do
    for _, item in ipairs(page[items]) do expected[#expected + 1] = item end
  end
  for item in call(client, case) do got[#got + 1] = item end
  assert.is_true(#expected >= 4)
  assert.same(expected, got)
  assertPlain(received(server, 1), case)
  case.query[snake and "page_token" or "pageToken"] = TOKEN
  assertPlain(received(server, 2), case)
end

function drive.stream(case)
  local chunks, events, got = {}, {}, {}
  for i = 1, 3 do
    chunks[i] = samples:reply(case.row.reply, i)
    events[i] = "data: " .. cjson.encode(chunks[i]) .. "\r\n\r\n"
  end
  local client, server = answering(case, talk.sse(table.concat(events)))
  for chunk in call(client, case) do got[#got + 1] = chunk end
  assert.same(chunks, got)
  assertPlain(received(server, 1), case)
end

function drive.download(case)
  local client, server = answering(case, talk.http("200 OK", BYTES, "Content-Type: application/octet-stream\r\n"))
  assert.equal(BYTES, assert(call(client, case)))
  assertPlain(received(server, 1), case)
end

local function split(text, mark)
  local pieces, from = {}, 1
  repeat
    local first, last = text:find(mark, from, true)
    pieces[#pieces + 1] = text:sub(from, first and first - 1)
    from = last and last + 1
  until not from
  return pieces
end

-- One body of two parts: what the media is, and the media.
function drive.multipart(case)
  local reply = samples:reply(case.row.reply, case.choice)
  -- A file of another size would be a fault.
  if reply.file then reply.file.sizeBytes = tostring(#BYTES) end
  local client, server = answering(case, json(reply))
  local result = assert(call(client, case))
  assert.same(case.row.full == "media.upload" and reply.file or reply, result)
  local got = received(server, 1)
  local boundary = got.headers["content-type"]:match("^multipart/related; boundary=([%w-]+)$")
  assertSent(got, case, "multipart/related; boundary=" .. boundary)
  assert.equal("multipart", got.headers["x-goog-upload-protocol"])
  local parts = split("\r\n" .. got.text, "\r\n--" .. boundary)
  assert.same({ 4, "", "--\r\n" }, { #parts, parts[1], parts[4] })
  assertJson(case.body, parts[2]:match("^\r\nContent%-Type: application/json; charset=UTF%-8\r\n\r\n(.*)$"))
  assert.equal("\r\nContent-Type: " .. MEDIA_TYPE .. "\r\n\r\n" .. BYTES, parts[3])
end

local function uploadHeaders(got)
  local out = {}
  for name, value in pairs(got.headers) do out[name:match("^x%-goog%-upload%-(.*)$") or 0] = value end
  out[0] = nil
  return out
end

-- A session: it is opened with the row's own verb, and takes the bytes.
function drive.session(case)
  local reply = samples:reply(case.row.reply, 1)
  local opened = talk.http("200 OK", "", ("X-Goog-Upload-Status: active\r\nX-Goog-Upload-URL: %s\r\n"):format(SESSION))
  local client, server = answering(case, opened, json(reply))
  assert.same(reply, (assert(call(client, case))))
  local start, bytes = received(server, 1), received(server, 2)
  assert.same({
    protocol = "resumable",
    command = "start",
    ["header-content-length"] = tostring(#BYTES),
    ["header-content-type"] = MEDIA_TYPE,
  }, uploadHeaders(start))
  assert.equal("POST " .. SESSION, bytes.verb .. " " .. bytes.target)
  assert.same({ command = "upload, finalize", offset = "0" }, uploadHeaders(bytes))
  assert.equal(BYTES, bytes.text)
  assertPlain(start, case)
end

local function kind(row)
  if row.method == "list" then return "list" end
  if row.stream then return "stream" end
  if row.reply == "bytes" then return "download" end
  if row.body == "bytes" then return "session" end
  return row.path:find("^/upload/") and "multipart" or "plain"
end

local function run(row, size, choice)
  drive[kind(row)](caseOf(row, size, choice))
end

describe("over the wire,", function()
  after_each(talk.stop)

  if not known then pending "every method of the facts" end

  for _, row in ipairs(known and known.rows or {}) do
    it(("%s (%s) takes the least"):format(row.full, row.path), function() run(row, "short", 1) end)

    it(("%s (%s) takes all"):format(row.full, row.path), function()
      for choice = row.body and 1 or 2, 2 do run(row, "full", choice) end
    end)

    -- Tuned and dynamic models are models too.
    if row.path:find("model=", 1, true) and row.resource ~= "models" then
      it(("%s is one of models, by a whole name"):format(row.full), function()
        run(setmetatable({ resource = "models" }, { __index = row }), "full", 2)
      end)
    end
  end
end)
