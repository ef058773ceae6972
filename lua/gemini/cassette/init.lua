---Cassettes: files of requests and their answers, which give the same answers again without a server.

local canonical = require "gemini.canonical"
local describe = require "gemini.cassette.asked"
local difference = require "gemini.cassette.difference"
local errors = require "gemini.errors"
local file = require "gemini.cassette.file"
local player = require "gemini.cassette.player"
local portable = require "gemini.cassette.portable"
local pretty = require "gemini.cassette.pretty"
local recorder = require "gemini.cassette.recorder"

---@class gemini.Exchanged
---@field request table
---@field response table?  nil until it has ended
---@field text string?  both as they stand in the file

---@class gemini.Cassette
---@field private path string
---@field private mode "record"|"replay"|"auto"
---@field private baseUrl string
---@field private secret? fun(): string
---@field private exchanges gemini.Exchanged[]  in the order in which their requests went out
---@field private same table<string, gemini.Exchanged[]>  those of the file, by what was asked
---@field private played table<string, integer>  how many of them were given
---@field private checked boolean  the file can be written
---@field private problem? string  why it could not be
local Cassette = {}
Cassette.__index = Cassette

-- The same text for requests that ask for the same.
local function keyOf(request)
  return canonical {
    verb = request.verb, path = request.path, headers = request.headers, media = request.media,
    body = request.body, text = request.text, base64 = request.base64,
  }
end

local function textOf(request, response)
  return pretty({ request = request, response = response }, file.DEPTH)
end

local function load(self, exchanges)
  for i, exchange in ipairs(exchanges) do
    local request, response = exchange.request, exchange.response
    local key = keyOf(request)
    self.exchanges[i] = { request = request, response = response, text = textOf(request, response) }
    self.same[key] = self.same[key] or {}
    table.insert(self.same[key], self.exchanges[i])
  end
end

-- The k-th of equal requests gets the k-th answer. Where nothing may be sent, one that only looks gets the last again.
local function recorded(self, asked)
  local key = keyOf(asked)
  local all, count = self.same[key] or {}, (self.played[key] or 0) + 1
  local again = self.mode == "replay" and asked.verb == "GET" and all[#all]
  self.played[key] = count
  return all[count] or again or nil, #all, count > #all
end

local function missing(self, asked, count, request)
  local why = count > 0 and ("its answers to that are used up (recorded: %d)"):format(count)
    or difference(asked, self.exchanges)
  local problem = ("%s has no answer for %s %s: %s"):format(self.path, asked.verb, asked.path, why)
  return errors.new("io", problem, request.label)
end

-- What is wrong with the file before anything is sent that could not be kept.
local function unwritable(self, request)
  self.problem = self.problem or not self.checked and file.problem(self.path) or nil
  self.checked = true
  return self.problem and errors.new("io", "the cassette can't be written: " .. self.problem, request.label)
end

---@class gemini.Turn  a request that is about to be answered
---@field asked table
---@field exchange gemini.Exchanged?  that answers it; nil where it has to be sent
---@field isRepeated boolean?  it has answered another one before

---What is to become of a request.
---@param request gemini.Request
---@return gemini.Turn?  nil and the error: the cassette does not have it, and nothing may be sent
---@return gemini.Error?
function Cassette:turn(request)
  local asked, err = describe(request, self.baseUrl)
  if not asked then return nil, err end
  local secret = self.secret or request.label.secret
  asked = portable.pack(asked, self.baseUrl, secret and secret())
  local exchange, count, isRepeated = recorded(self, asked)
  request.label.played, request.label.recorded = exchange ~= nil, exchange and exchange.response.time
  if exchange then return { asked = asked, exchange = exchange, isRepeated = isRepeated } end
  err = self.mode == "replay" and missing(self, asked, count, request) or unwritable(self, request)
  if err then return nil, err end
  return { asked = asked }
end

---@param turn gemini.Turn
---@param request gemini.Request
---@return gemini.Player transfer  with the recorded answer
function Cassette:play(turn, request)
  return player(portable.unpack(turn.exchange.response, self.baseUrl), request)
end

local function save(self)
  local texts = {}
  for _, exchange in ipairs(self.exchanges) do texts[#texts + 1] = exchange.text end
  self.problem = file.write(self.path, texts)
end

-- A length is that of the bytes that came, which others may stand for.
local function packed(self, response, secret)
  local out = portable.pack(response, self.baseUrl, secret)
  out.text = out.text and portable.cut(out.text, secret)
  if out.headers and out.text ~= response.text then out.headers["content-length"] = nil end
  return out
end

---@param turn gemini.Turn
---@param request gemini.Request
---@param transfer userdata
---@return gemini.Recorder transfer  in its place
function Cassette:record(turn, request, transfer)
  local reveal = request.label.secret
  local secret = reveal and reveal() or nil
  local exchange = { request = portable.hide(turn.asked, secret) }
  table.insert(self.exchanges, exchange)
  return recorder(transfer, request.reading, function(response)
    if not response then return end
    exchange.response = packed(self, response, secret)
    exchange.response.time = request.label.dated and os.time() or nil
    exchange.text = textOf(exchange.request, exchange.response)
    save(self)
  end)
end

local cassette = {}

---@param given { path: string, mode: string, baseUrl: string, secret: (fun(): string)? }
---@return gemini.Cassette?  nil and what is wrong with the file
---@return string? problem
function cassette.open(given)
  local self = setmetatable({
    path = given.path, mode = given.mode, baseUrl = given.baseUrl, secret = given.secret,
    exchanges = {}, same = {}, played = {}, checked = false,
  }, Cassette)
  local exchanges, problem, absent = file.read(given.path)
  if not exchanges and not (absent and given.mode ~= "replay") then return nil, problem end
  -- What is no cassette is not replaced by one.
  if given.mode ~= "record" then load(self, exchanges or {}) end
  return self
end

return cassette
