---Options as data: what exists, what each takes, and a message for what does not fit. A rule is a test, what fits in
---words, and, where tools ask for it, as a type.

require("gemini.interpreted")()

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

local function count(least)
  return function(value)
    return type(value) == "number" and value >= least and value % 1 == 0 and value < 2 ^ 53
  end
end

local function oneOf(...)
  local words = {}
  for i = 1, select("#", ...) do words[select(i, ...)] = true end
  return function(value) return words[value] end
end

local text = { ofType("string"), "a string" }
local duration = { seconds, "a positive number of seconds" }
local version = {
  function(value) return type(value) == "string" and value:find("^[%w_-]+$") end,
  'a version such as "v1beta"',
}
local function hookOf(kind) return { ofType("function"), "a function", kind } end

local function isRetry(value) return value == false or type(value) == "table" end

local retry = { isRetry, "false, or a table of options" }
local size = { count(1), "a positive number of bytes", "integer" }
local map = { ofType("table"), "a table of names and values" }
local hook = hookOf()

local function fileName(value)
  return type(value) == "string" and value ~= "" and not value:find("%z")
end

local file = { fileName, "the name of a file", "string" }

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
---@field allowHttp? boolean  talk plain http to other hosts than this one, where the key can be read on the way
---@field maxResponseSize? integer  bytes of an answer that is kept whole, or of all events of a stream; 256 MiB when
---  absent
---@field maxEventSize? integer  bytes of one event of a stream; 64 MiB when absent
---@field maxHeaderSize? integer  bytes of all headers of an answer; 256 KiB when absent. libcurl has limits of its own
---@field maxDepth? integer  levels of nesting in the JSON of answers; 1,000 when absent, which is the most
---@field maxRedirects? integer  how often a GET is sent on by its server, 0 for never; 5 when absent
---@field json? { encode: function, decode: function }  another JSON codec, lua-cjson for one
---@field check? boolean  hold requests against the facts about the API before they are sent
---@field limit? gemini.Limit  how much all calls of the client may do together
---@field retry? gemini.Retry|false  when requests are sent again; false for never
---@field replay? string  the file of a cassette, whose recorded answers are given in the server's place
---@field mode? "record"|"replay"|"auto"  of the cassette: all is sent and recorded, or nothing is sent, or what it does
---  not have yet is; "auto" when absent
---@field onRetry? fun(err: gemini.Error, attempt: integer, wait: number)  called before a request is sent again: what
---  broke, how many were sent, and the seconds that are waited
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
  allowHttp = { ofType("boolean"), "true or false" },
  maxResponseSize = size,
  maxEventSize = size,
  maxHeaderSize = size,
  maxDepth = {
    function(value) return count(1)(value) and value <= 1000 end, "a whole number from 1 to 1,000", "integer",
  },
  maxRedirects = { count(0), "a whole number from 0 on", "integer" },
  json = { codec, "a table with encode and decode" },
  check = { ofType("boolean"), "true or false" },
  limit = { ofType("table"), "a table of limits" },
  retry = retry,
  replay = file,
  mode = {
    oneOf("record", "replay", "auto"), '"record", "replay" or "auto"', '"record"|"replay"|"auto"',
  },
  onRetry = hook,
  onRequest = hook,
  onResponse = hook,
}

local function amount(value) return type(value) == "number" and value >= 0 and value < math.huge end

---@class gemini.Retry
---@field attempts? integer  requests for one call at most, the first included; 5 when absent
---@field delay? number  seconds before the second one, twice as many before each further one; 1 when absent. A random
---  part of them, from half to all, is waited
---@field maxDelay? number  seconds that are waited at most, on a server's behalf too; 60 when absent
---@field creates? boolean  repeat also what may have been carried out, where a second time may make a second thing
options.retry = {
  attempts = { count(1), "a positive number of requests", "integer" },
  delay = { amount, "a number of seconds", "number" },
  maxDelay = { amount, "a number of seconds", "number" },
  creates = { ofType("boolean"), "true or false" },
}

---@class gemini.Limit  where it is given, a 429 that names a delay lets all calls wait for so long
---@field concurrency? integer  requests at once
---@field perMinute? integer  calls that begin within any minute
options.limit = {
  concurrency = { count(1), "a positive number of requests", "integer" },
  perMinute = { count(1), "a positive number of calls", "integer" },
}

---@class gemini.CallOptions
---@field timeout? number  seconds for this call
---@field idleTimeout? number  seconds without a byte
---@field retry? gemini.Retry|false  over the client's
---@field onRetry? fun(err: gemini.Error, attempt: integer, wait: number)  in the client's place
---@field headers? table<string, string>  sent with this request, over the client's
---@field version? string  the API's version segment
---@field maxResponseSize? integer  bytes of an answer that is kept whole, or of all events of a stream
---@field maxEventSize? integer  bytes of one event of a stream
options.call = {
  maxResponseSize = size,
  maxEventSize = size,
  timeout = duration,
  idleTimeout = duration,
  retry = retry,
  onRetry = hook,
  headers = map,
  version = version,
}

---@class gemini.WaitOptions
---@field interval? number  seconds between two looks; when absent 1, growing to 30
---@field timeout? number  seconds to wait at most; when absent without end
---@field onProgress? fun(operation: gemini.Operation)  called at each look at an operation that is not done
options.wait = { interval = duration, timeout = duration, onProgress = hook }

---@class gemini.MapOptions
---@field concurrency? integer  calls at once; 8 when absent
options.map = { concurrency = { count(1), "a positive number of calls", "integer" } }

---@class gemini.StepOptions
---@field budget? number  seconds in which to handle what has come; what is left waits for the next step. The wait when
---  absent, 0.0005 at least
options.step = { budget = duration }

---@class gemini.UvOptions
---@field schedule? fun(fn: function)  calls it soon, where tasks may run; vim.schedule in Neovim, else at once
---@field report? fun(problem: string)  is told what a task raised that nobody waits for
options.uv = { schedule = hook, report = hook }

---@class gemini.ResultsOptions
---@field requests? table[]  the batch's requests, each with its key in `metadata.key` or `key`, for the results
options.results = { requests = { ofType("table"), "a list" } }

---@class gemini.WebhookOptions
---@field tolerance? number  seconds that the time of a delivery may be off; 300 when absent
---@field now? number  Unix seconds, in the clock's place: for a delivery that was kept
options.webhook = {
  tolerance = { amount, "a number of seconds", "number" },
  now = { amount, "a time in Unix seconds", "number" },
}

-- What batches of ours have in common.
local batch = {
  displayName = text,
  maxInlineSize = { count(0), "a number of bytes", "integer" },
  interval = duration,
  timeout = duration,
  stallTimeout = duration,
  onProgress = hook,
  retryFailed = { count(0), "a number of further batches", "integer" },
}

local function with(known, more)
  for name, rule in next, known do more[name] = rule end
  return more
end

local function isNames(value)
  if type(value) == "string" then return true end
  if type(value) ~= "table" or value[1] == nil then return false end
  for _, name in ipairs(value) do
    if type(name) ~= "string" then return false end
  end
  return true
end

local function isList(value)
  if type(value) ~= "table" then return false end
  local kinds = require "gemini.kinds"
  local kind = kinds.of(value)
  return kind == kinds.LIST or kind == kinds.EMPTY
end

local list = { isList, "a list" }

options.batchRun = with(batch, {
  model = text,
  requests = list,
  key = { ofType("function"), "a function of a request and its place" },
  name = { isNames, "the name of a batch, or a list of names" },
})

---@class gemini.BatchMapOptions
---@field concurrency? integer  as gemini.map takes it; all functions begin at once here
---@field displayName? string  of the batches
---@field maxInlineSize? integer  bytes from which on the requests go in a file; 16 MiB when absent
---@field interval? number  seconds between two looks at a batch; when absent 1, growing to 30
---@field timeout? number  seconds for the batches of a round of calls
---@field stallTimeout? number  seconds in which neither the state nor the counts of a batch change
---@field onProgress? fun(operation: gemini.Operation)  called at each look at a batch that is not done
---@field retryFailed? integer  how often requests that failed, or have no result, are sent again
options.batchMap = with(batch, { concurrency = options.map.concurrency })

-- A request of a batch, with what stands beside it.
local function anything() return true end
options.batchItem = {
  request = { ofType("table"), "a table" }, metadata = { ofType("table"), "a table" }, key = { anything, "a key" },
}

options.embedMany = {
  model = text,
  texts = list,
  packed = { ofType("boolean"), "true or false" },
  concurrency = options.map.concurrency,
  batchSize = {
    function(value) return count(1)(value) and value <= 100 end, "a whole number from 1 to 100", "integer",
  },
  taskType = text,
  title = text,
  outputDimensionality = { count(1), "a positive whole number", "integer" },
  onProgress = hook,
}

---@class gemini.Packing
---@field packed? boolean  give the embeddings as vectors, in place of lists of numbers
options.packing = { packed = { ofType("boolean"), "true or false", "boolean" } }

---@alias gemini.ToolHook fun(call: gemini.FunctionCall, context: gemini.ToolContext): (boolean|table)?, string?

---@class gemini.ToolOptions  how functions that a model calls are run
---@field maxToolRounds? integer  answers with calls that are carried out, one after the other; 10 when absent
---@field onToolCall? gemini.ToolHook  is asked before each call: false or nil, and why, refuses it; a table is what
---  the function gets for its arguments
---@field toolTimeout? number  seconds for a function whose declaration has no `timeout` of its own; none when absent
options.tools = {
  maxToolRounds = { count(0), "a whole number from 0 on", "integer" },
  onToolCall = hookOf "gemini.ToolHook",
  toolTimeout = { seconds, "a positive number of seconds", "number" },
}

local function isSession(value)
  return type(value) == "table" and type(value.url) == "string" and type(value.method) == "string"
end

---@class gemini.Media  what an upload sends, and how; of path, data and read there is one
---@field path? string  a file
---@field data? string  bytes
---@field read? fun(n: integer): string?, string?  gives strings of any length, about n bytes where it can, and nil at
---  the end; nil and a message where it fails
---@field size? integer  bytes that `read` gives in all, where that is known
---@field mimeType? string  by the file's name or the first bytes when absent
---@field protocol? "multipart"|"resumable"|"raw"  by the size when absent
---@field chunkSize? integer  bytes, made whole granules of the server's; 8 MiB when absent
---@field onProgress? fun(sent: integer, total: integer?, upload: gemini.Upload)  bytes
---@field wait? boolean|gemini.WaitOptions  wait until the file can be used, or the operation is done
---@field session? gemini.UploadSession  of an upload to go on with
options.upload = {
  path = file,
  data = { ofType("string"), "a string, the bytes to upload", "string" },
  read = {
    ofType("function"), "a function that returns strings, and nil at the end", "fun(n: integer): string?, string?",
  },
  size = { count(0), "a number of bytes", "integer" },
  protocol = {
    oneOf("multipart", "resumable", "raw"), '"multipart", "resumable" or "raw"', '"multipart"|"resumable"|"raw"',
  },
  chunkSize = { count(1), "a positive number of bytes", "integer" },
  onProgress = hookOf "fun(sent: integer, total: integer?, upload: gemini.Upload)",
  wait = { ofType("boolean", "table"), "true, or a table of options", "boolean|gemini.WaitOptions" },
  session = { isSession, "the table that an upload had as its session", "gemini.UploadSession" },
}

---@class gemini.Saving  where the bytes of a download go; into a string where it says neither
---@field path? string  a file, replaced when all bytes are there
---@field sink? fun(bytes: string)  gets them as they come
---@field onProgress? fun(received: integer, total: integer?)  bytes
options.download = {
  path = file,
  sink = { ofType("function"), "a function that takes bytes", "fun(bytes: string)" },
  onProgress = hookOf "fun(received: integer, total: integer?)",
}

-- How a value is shown: not where it may be a secret.
local function shown(rule, value)
  if type(value) == "number" and (rule == duration or rule[3]) then return tostring(value) end
  if type(value) == "string" and #value < 40 and rule[3] then return ("%q"):format(value) end
  return type(value)
end

local function problemOf(name, value, known)
  if type(name) ~= "string" then return ("options have names, got one at [%s]"):format(tostring(name)) end
  local rule = known[name]
  if not rule then return ("unknown option '%s'%s"):format(name, require("gemini.nearest")(name, known)) end
  if rule[1](value) then return nil end
  return ("%s must be %s, got %s"):format(name, rule[2], shown(rule, value))
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

---Checks an option that is a table of options.
---@param name string
---@param given any
---@param known table  one of the tables above
---@return string? problem
function options.within(name, given, known)
  local problem = given and options.check(given, known)
  return problem and ("%s: %s"):format(name, problem) or nil
end

return options
