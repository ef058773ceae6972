---A row of the API and a caller's arguments to a request, ready to be sent.

require("gemini.interpreted")()

local headers = require "gemini.headers"
local memo = require "gemini.memo"
local nearest = require "gemini.nearest"
local options = require "gemini.options"
local own = require "gemini.own"
local parameters = require "gemini.parameters"
local path = require "gemini.path"
local query = require "gemini.query"
local retry = require "gemini.retry"
local shape = require("gemini.lazy") "gemini.shape"
local tables = require "gemini.tables"

local request = {}

---@class gemini.Row  a method's row; gemini.api says what each field means
---@field verb string
---@field path string
---@field query? string[]
---@field fixed? string
---@field body? string
---@field wrap? string
---@field reply? string
---@field items? string
---@field stream? boolean|string
---@field upload? "required"|"optional"
---@field download? boolean
---@field once? boolean
---@field packed? string

local NONE = {}

-- The arguments that do not go into the body.
local elsewhere = memo(function(row)
  local names = tables.copy(path.names(row.path))
  for _, name in ipairs(row.query or NONE) do names[name] = true end
  return names
end, "k")

-- What is wrong with an argument that is neither in the path nor in the query.
local function misplaced(row, name, taken)
  if type(name) ~= "string" then return ("arguments have names, got one at [%s]"):format(tostring(name)) end
  if not row.body then return ("unknown argument '%s'%s"):format(name, nearest(name, taken)) end
end

-- What is neither in the path nor in the query, for the body; or nil and what is wrong, with the first by name.
local function remaining(row, args)
  local taken, rest, first, problem = elsewhere(row), {}, nil, nil
  for name, value in next, args do
    if not taken[name] then
      local wrong = misplaced(row, name, taken)
      if wrong and (not first or tostring(name) < first) then first, problem = tostring(name), wrong end
      rest[name] = value
    end
  end
  if problem then return nil, problem end
  return rest
end

-- What the path has been given, by the arguments' names, where requests in the request need it.
local function inPath(row, args)
  local given = {}
  if not shape.repeats(row.body) then return given end
  for name in next, path.names(row.path) do given[name] = args[name] end
  return given
end

-- Callers give the fields of the one field that such a body has, or that field.
local function wrapped(row, rest)
  return row.wrap and rest[row.wrap] == nil and { [row.wrap] = rest } or rest
end

-- The body's fields in the API's form, nil for a row that has none; or nil and what is wrong.
local function body(row, args)
  local rest, problem = remaining(row, args)
  if not rest then return nil, problem end
  if not row.body then return nil end
  return shape.request(row.body, wrapped(row, rest), inPath(row, args))
end

-- What is wrong with a request by the facts about the API, for clients that want to know before the server does.
local function violation(row, args, fields)
  local check = require "gemini.check"
  for _, name in ipairs(row.query or NONE) do
    local several = type(args[name]) == "table" and not parameters[name]
    for _, value in ipairs(several and args[name] or { args[name] }) do
      local problem = check.parameter(name, value, parameters[name] or "string")
      if problem then return problem end
    end
  end
  local given = {}
  for name, variable in next, path.names(row.path) do given[name], given[variable] = true, true end
  return fields and check.body(row.body, fields, given, row.verb == "PATCH")
end

-- The server is told how long a caller waits who said so.
local function serverTimeout(seconds)
  if not seconds or seconds >= 1e9 then return nil end
  return { ["X-Server-Timeout"] = ("%d"):format(math.ceil(seconds)) }
end

local function checkCall(call)
  local problem = options.check(call, options.call)
  if problem then return problem end
  return options.within("retry", call.retry, options.retry) or call.headers and headers.check(call.headers)
end

---The options of a call as they are now, for requests to come.
---@param call? gemini.CallOptions  what is no table is for the check to refuse
---@return gemini.CallOptions?
function request.keep(call)
  if type(call) ~= "table" then return call end
  local kept = tables.copy(call)
  if type(kept.headers) == "table" then kept.headers = tables.copy(kept.headers) end
  return kept
end

---@class gemini.Request  what rest.submit sends
---@field label gemini.Label
---@field method string  the HTTP verb
---@field url string
---@field headers table<string, string>  by lower-case name, without the credentials, which are fetched at each sending
---@field body? string|table[]  a text, or segments (see luarequest.h)
---@field reading? "events"|"pieces"  how a good answer is read; whole when absent
---@field once? boolean  not sent again, by libcurl or by us, where it may have been carried out
---@field packed? string  the key whose lists of numbers become vectors
---@field retry gemini.Retry
---@field onRetry? fun(err: gemini.Error, attempt: integer, wait: number)
---@field timeout? number  seconds, like all that follow
---@field connectTimeout number
---@field idleTimeout? number
---@field proxy? string
---@field caFile? string
---@field maxBytes integer  of an answer that is kept whole, or of one event
---@field maxTotalBytes integer  of an answer in all, where that is kept
---@field takenBytes? integer  of these, what came before
---@field maxHeaderBytes integer

-- Seconds for a call that nobody gave a time, and without a byte for one that takes as long as its bytes do.
local TIMEOUT, IDLE_TIMEOUT = 600, 120

local MIB = 1024 * 1024

local JSON = { ["Content-Type"] = "application/json" }

local function headersOf(client, text, timeout, more)
  return headers.merge(require "gemini.identity", text and JSON or nil, serverTimeout(timeout), client.headers, more)
end

-- Those of calls that have none of their own: the same table again, not to be changed.
local function sharedHeaders(client, text)
  local kept, key = client.sharedHeaders, text and "json" or "plain"
  kept[key] = kept[key] or headersOf(client, text, client.timeout)
  return kept[key]
end

-- What an answer may have, in bytes: in all, and at a time.
local function limits(client, call, reading)
  local total = call.maxResponseSize or client.maxResponseSize or 256 * MIB
  if reading ~= "events" then return total, total end
  return total, call.maxEventSize or client.maxEventSize or 64 * MIB
end

-- As one table that need not grow. `lasting` for a stream and for media.
local function assemble(client, method, row, call, url, text, reading, packed, lasting)
  local timeout, special = call.timeout or client.timeout, call.timeout or call.headers
  local maxTotalBytes, maxBytes = limits(client, call, reading)
  return {
    label = { method = method, url = url, attempts = 0, secret = false },
    method = row.verb,
    url = url,
    headers = special and headersOf(client, text, timeout, call.headers) or sharedHeaders(client, text),
    body = text,
    reading = reading,
    packed = packed,
    maxTotalBytes = maxTotalBytes,
    maxBytes = maxBytes,
    maxHeaderBytes = client.maxHeaderSize or MIB / 4,
    timeout = timeout or not lasting and TIMEOUT or nil,
    connectTimeout = client.connectTimeout,
    idleTimeout = call.idleTimeout or client.idleTimeout or lasting and IDLE_TIMEOUT or nil,
    proxy = client.proxy,
    caFile = client.caFile,
    once = row.once,
    retry = call.retry == nil and client.retry or retry.policy(call.retry, client.retry),
    onRetry = call.onRetry or client.onRetry,
  }
end

---Whether a call with these arguments is answered with a stream.
---@param row gemini.Row
---@param args table
---@return boolean
function request.streams(row, args)
  return row.stream == true or row.stream ~= nil and args[row.stream] == true
end

-- The argument that asks for a stream decides how the answer is read.
local function switchProblem(row, args)
  local switch = args[row.stream]
  if switch == nil or type(switch) == "boolean" then return nil end
  return ("%s must be true or false, got %s"):format(row.stream, type(switch))
end

local function inBody(message, field)
  return (require("gemini.messages").get(message) or NONE)[field] ~= nil
end

-- The arguments with their mask, and the query; or nil and what is wrong.
local function search(row, args, fields)
  if not (row.query or row.fixed) then return args, "" end
  local masked, problem = query.masked(row, args, fields)
  if not masked then return nil, problem end
  local text
  text, problem = query.text(row, masked)
  return text and masked, text or problem
end

-- Path, query and the body's fields; or nil and what is wrong.
local function parts(client, row, args)
  local where, fields, problem
  where, problem = path.expand(row.path, args, row.body, inBody)
  if where and type(row.stream) == "string" then problem = switchProblem(row, args) end
  if problem then return nil, problem end
  fields, problem = body(row, args)
  if problem then return nil, problem end
  local masked, text = search(row, args, fields)
  if not masked then return nil, text end
  problem = client.check and violation(row, masked, fields)
  if problem then return nil, problem end
  return where .. text, fields
end

-- The key whose lists become vectors, nil for none; or nil and what is wrong.
local function packedKey(row, args)
  local taken, problem = own.take(row, args, options.packing)
  return taken and taken.packed and row.packed or nil, problem
end

---@param client gemini.State
---@param method string  "models.generateContent"
---@param row gemini.Row
---@param args table  a copy of the caller's: what is our own is taken out
---@param call? gemini.CallOptions
---@param place? string  a path's first segment, before the version
---@return gemini.Request?
---@return string? problem  what is wrong with the arguments
function request.build(client, method, row, args, call, place)
  local packed, text, problem
  if call ~= nil then problem = checkCall(call) end
  if row.packed and not problem then packed, problem = packedKey(row, args) end
  if problem then return nil, problem end
  local where, fields = parts(client, row, args)
  if not where then return nil, fields end
  if fields then text, problem = client.wire.encode(fields) end
  if problem then return nil, problem end
  call = call or NONE
  local url = client.baseUrl .. "/" .. (place or "") .. (call.version or client.version) .. "/" .. where
  local reading = row.stream and request.streams(row, args) and "events" or row.download and "pieces" or nil
  return assemble(client, method, row, call, url, text, reading, packed, reading ~= nil or place ~= nil)
end

return request
