---The bytes of a download, piece by piece: follows the server to where they are, and goes on behind a fault.

local attempts = require "gemini.attempts"
local deadline = require "gemini.deadline"
local errors = require "gemini.errors"
local headers = require "gemini.headers"
local loop = require "gemini.loop"
local rest = require "gemini.rest"
local retry = require "gemini.retry"
local tables = require "gemini.tables"
local wire = require "gemini.wire"

---@class gemini.Pieces
---@field received integer  bytes that were handed over
---@field total integer?  of all of them, once the server has said it
---@field private client gemini.State
---@field private built gemini.Request
---@field private ends number?
---@field private attempts gemini.Attempts
---@field private transfer userdata?
---@field private skip integer  bytes to come that were handed over before
---@field private seen { etag: string?, modified: string?, total: integer? }  what tells one file from another
---@field private err gemini.Error?
---@field private ended boolean?
local Pieces = {}
Pieces.__index = Pieces

local function fail(self, err)
  self.err = deadline.tell(err, self.ends, self.built.timeout)
  if self.transfer then loop.close(self.transfer) end
  self.transfer = nil
  return nil, err
end

local function differ(before, now) return before ~= nil and now ~= nil and before ~= now end

local function protocol(self, problem)
  return errors.new("protocol", problem, self.built.label)
end

-- The request for what is still to come.
local function request(self)
  local sent = tables.copy(self.built)
  local range = self.received > 0 and { Range = ("bytes=%d-"):format(self.received) } or nil
  sent.headers, sent.timeout = headers.merge(self.built.headers, range), deadline.limit(self.ends)
  return sent
end

-- Where an answer's bytes begin in the file, and how many the file has.
local function placeOf(transfer, fields)
  if transfer:status() ~= 206 then
    -- A length beside chunks says nothing.
    local coded = fields["content-encoding"] or fields["transfer-encoding"]
    return 0, not coded and headers.integer(fields["content-length"]) or nil
  end
  local first, total = (fields["content-range"] or ""):match("^bytes (%d+)%-%d+/([%d*]+)$")
  return headers.integer(first), headers.integer(total)
end

-- Takes an answer for what it is: all of the file, or what was still to come.
local function begin(self, transfer)
  local fields = transfer:headers()
  local first, total = placeOf(transfer, fields)
  if first ~= self.received and first ~= 0 then
    return protocol(self, "the server sends another part of the file than was asked for")
  end
  local seen = { etag = fields.etag, modified = fields["last-modified"], total = total }
  if differ(self.seen.etag, seen.etag) or differ(self.seen.modified, seen.modified) or differ(self.total, total) then
    return protocol(self, "the file was changed on the server while it was downloaded")
  end
  for name, value in next, seen do self.seen[name] = value end
  self.total = self.seen.total
  self.skip = self.received - first
end

-- Nothing was left to come, and only the end was missing.
local function isComplete(self, transfer, err)
  if self.received == 0 or err.code ~= 416 or differ(self.total, self.received) then return false end
  return headers.integer((transfer:headers()["content-range"] or ""):match("^bytes %*/(%d+)$")) == self.received
end

-- What a transfer that is over has ended in: nil for a good end.
local function outcome(self)
  local err = wire.failure(self.client.wire, self.transfer, self.built.label)
  if err and isComplete(self, self.transfer, err) then return nil end
  rest.heed(self.client, err)
  if err then return err end
  if self.skip > 0 then return protocol(self, "the server sends less of the file than before") end
  if differ(self.total, self.received) then
    local problem = ("the answer ended behind %d of %d bytes"):format(self.received, self.total)
    return errors.new("truncated", problem, self.built.label)
  end
end

-- Opens a transfer, or nil and the error.
local function connect(self)
  local transfer, err = rest.locate(self.client, request(self))
  if not transfer then return nil, err end
  self.transfer = transfer
  local status = transfer:status()
  local problem = status and status >= 200 and status < 300 and begin(self, transfer)
  if problem then return nil, problem end
  return true
end

-- A piece without what was handed over before; nil where nothing is left of it.
local function fresh(self, piece)
  local skipped = math.min(self.skip, #piece)
  self.skip = self.skip - skipped
  if skipped > 0 then piece = piece:sub(skipped + 1) end
  self.received = self.received + #piece
  return piece ~= "" and piece or nil
end

-- The next piece; nil and the error; or nil, nil and whether that is the end.
local function take(self)
  if not self.transfer then
    local ok, err = connect(self)
    if not ok then return nil, err end
  end
  loop.await(self.transfer)
  local piece = self.transfer:piece()
  if piece then return fresh(self, piece) end
  local err = outcome(self)
  return nil, err, not err
end

-- Whether to go on behind an error.
local function mayGoOn(self, err)
  if not retry.mayPass(err) or not self.attempts:again(err, self.received) then return false end
  if self.transfer then loop.close(self.transfer) end
  self.transfer = nil
  return true
end

---The next piece; waits for it.
---@return string? bytes  nil at the end; nil and the error
---@return gemini.Error?
function Pieces:next()
  if self.err then return nil, self.err end
  while not self.ended do
    local piece, err, ended = take(self)
    if piece then return piece end
    if err and not mayGoOn(self, err) then return fail(self, err) end
    self.ended = ended
  end
  if self.transfer then loop.close(self.transfer) end
  self.transfer = nil
end

---Ends the download, wherever it is.
function Pieces:close()
  if self.transfer then loop.close(self.transfer) end
  self.transfer, self.ended = nil, true
end

---@param client gemini.State
---@param built gemini.Request  a GET
---@return gemini.Pieces
return function(client, built)
  local ends = deadline.after(built.timeout)
  return setmetatable({
    client = client,
    built = built,
    ends = ends,
    attempts = attempts.new(built, 1, ends),
    received = 0,
    skip = 0,
    seen = {},
  }, Pieces)
end
