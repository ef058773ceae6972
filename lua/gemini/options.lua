---Options as data: what exists, what each takes, and a message for what does not fit.

require("gemini.interpreted")()

local nearest = require "gemini.nearest"

local options = {}

local function seconds(value)
  return type(value) == "number" and value > 0 -- and no NaN
end

local function ofType(...)
  local wanted = {}
  for i = 1, select("#", ...) do wanted[select(i, ...)] = true end
  return function(value) return wanted[type(value)] end
end

local function codec(value)
  return type(value) == "table" and type(value.encode) == "function" and type(value.decode) == "function"
end

local text = { ofType("string"), "a string" }
local duration = { seconds, "a positive number of seconds" }
local version = {
  function(value) return type(value) == "string" and value:find("^[%w_-]+$") end,
  'a version such as "v1beta"',
}
local map = { ofType("table"), "a table of names and values" }
local hook = { ofType("function"), "a function" }

---@class gemini.Options
---@field apiKey? string  else the environment's GEMINI_API_KEY, else GOOGLE_API_KEY
---@field token? string|fun():string  an OAuth access token, or what returns one, in the key's place
---@field baseUrl? string  else the environment's GOOGLE_GEMINI_BASE_URL, else Google's
---@field version? string  the API's version segment; "v1beta" when absent
---@field headers? table<string, string>  sent with every request
---@field timeout? number  seconds for a whole call; 600 when absent, for a stream none
---@field connectTimeout? number  seconds to connect; 20 when absent
---@field idleTimeout? number  seconds without a byte; 120 for streams when absent, else none
---@field proxy? string  a proxy's URL, "" for none; as the environment says when absent
---@field caFile? string  a file of trusted certificates, in the system's place
---@field json? { encode: function, decode: function }  another JSON codec, lua-cjson for one
---@field check? boolean  hold requests against the facts about the API before they are sent
---@field onRequest? fun(request: table)  sees method, verb, url, headers (the key redacted) and body of each request
---@field onResponse? fun(response: table)  sees method, url, status and headers of each answer
options.client = {
  apiKey = text,
  token = { ofType("string", "function"), "a string or a function" },
  baseUrl = text,
  version = version,
  headers = map,
  timeout = duration,
  connectTimeout = duration,
  idleTimeout = duration,
  proxy = text,
  caFile = text,
  json = { codec, "a table with encode and decode" },
  check = { ofType("boolean"), "true or false" },
  onRequest = hook,
  onResponse = hook,
}

---@class gemini.CallOptions
---@field timeout? number  seconds for this call
---@field idleTimeout? number  seconds without a byte
---@field headers? table<string, string>  sent with this request, over the client's
---@field version? string  the API's version segment
options.call = {
  timeout = duration,
  idleTimeout = duration,
  headers = map,
  version = version,
}

---@class gemini.WaitOptions
---@field interval? number  seconds between two looks; when absent 1, growing to 30
---@field timeout? number  seconds to wait at most; when absent without end
---@field onProgress? fun(operation: gemini.Operation)  called at each look at an operation that is not done
options.wait = { interval = duration, timeout = duration, onProgress = hook }

---@class gemini.ResultsOptions
---@field requests? table[]  the batch's requests, each with its key in `metadata.key` or `key`, for the results
options.results = { requests = { ofType("table"), "a list" } }

local function problemOf(name, value, known)
  if type(name) ~= "string" then return ("options have names, got one at [%s]"):format(tostring(name)) end
  local rule = known[name]
  if not rule then return ("unknown option '%s'%s"):format(name, nearest(name, known)) end
  if rule[1](value) then return nil end
  -- Of other options the value may be a secret.
  local got = rule == duration and type(value) == "number" and tostring(value) or type(value)
  return ("%s must be %s, got %s"):format(name, rule[2], got)
end

---Checks options given by a caller.
---@param given any  nil counts as none
---@param known table  one of the tables above
---@return string? problem  the first one in the order of names
function options.check(given, known)
  if given == nil then return nil end
  if type(given) ~= "table" then return "options must be a table, got " .. type(given) end
  local first, problem
  for name, value in next, given do
    local wrong = problemOf(name, value, known)
    if wrong and (not first or tostring(name) < first) then first, problem = tostring(name), wrong end
  end
  return problem
end

return options
