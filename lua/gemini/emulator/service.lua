-- From a request to a response: find the route, ask who calls, check the query and the body, call the handler.
local api = require "gemini.api"
local parameters = require "gemini.parameters"
local auth = require "gemini.emulator.auth"
local check = require "gemini.emulator.check"
local errors = require "gemini.emulator.errors"
local Faults = require "gemini.emulator.faults"
local http = require "gemini.emulator.http"
local json = require "gemini.emulator.json"
local names = require "gemini.emulator.names"
local query = require "gemini.emulator.query"
local router = require "gemini.emulator.router"
local sessions = require "gemini.emulator.sessions"
local Store = require "gemini.emulator.store"
local uploads = require "gemini.emulator.uploads"

local service = {}

-- One file a resource; each has `methods`, handlers by the REST method's full name, and may have `routes`: rows for the
-- router of what is no such method, such as upload sessions. Nobody asks for a key where a row is `open`. A row's
-- `receive` may give a sink for a body that is large.
local RESOURCES = {
  "agents", "answer", "authtokens", "batches", "cachedcontents", "chunks", "corpora", "credentials", "documents",
  "embed", "environmentfiles", "environments", "files", "filesearchstores", "generate", "generatedfiles",
  "interactions", "legacytext", "models", "operations", "permissions", "predict", "storedocuments", "triggers",
  "tunedmodels", "voices", "webhooks",
}
local VERBS = { GET = true, POST = true, PUT = true, PATCH = true, DELETE = true }
local JSON_TYPE = "application/json; charset=UTF-8"
-- Not of the API: one forgets everything, one is told how requests shall fail.
local RESET, FAIL = "/emulator:reset", "/emulator:fail"

local function handlers()
  local all = {}
  for _, name in ipairs(RESOURCES) do
    for method, handler in pairs(require("gemini.emulator." .. name).methods) do all[method] = handler end
  end
  return all
end

local function parameterTypes(row)
  local types = {}
  for _, name in ipairs(row.query or {}) do types[name] = parameters[name] or "string" end
  return types
end

-- A template of the API's rows; what they reach under several collections has rows of its own.
local function template(row, place)
  return ("/%s{version}/%s"):format(place, (row.path:gsub("|[^}]*", "")))
end

local function addRoutes(routes, row, handler)
  local types = parameterTypes(row)
  local function add(place, message, receive)
    routes[#routes + 1] = {
      row.verb, template(row, place), handler, body = message, query = types, receive = receive,
    }
  end
  if row.upload then add("upload/", nil, uploads.receive) end
  if row.upload ~= "required" then add("", row.body) end
end

local function ownRoutes()
  local routes = {}
  for _, name in ipairs(RESOURCES) do
    for _, row in ipairs(require("gemini.emulator." .. name).routes or {}) do routes[#routes + 1] = row end
  end
  return routes
end

local function allRoutes()
  local routes, known = ownRoutes(), handlers()
  for resource, rows in pairs(api) do
    for method, row in pairs(rows) do
      local handler = known[resource .. "." .. method]
      if handler then addRoutes(routes, row, handler) end
    end
  end
  return routes
end

local function jsonResponse(status, value, contentType)
  return { status = status, headers = { ["Content-Type"] = contentType or JSON_TYPE }, body = json.encode(value) }
end

local function decodeBody(text)
  if text:find("^%s*$") then return {} end
  local value, problem = json.decode(text)
  if problem then
    local description = "Invalid JSON payload received. " .. problem
    error(errors.badRequest({ { description = description } }), 0)
  end
  return value
end

-- The names of the path's variables as the body's message knows them: "corpus.name" gives a corpus its "name".
local function givenByPath(params)
  local given = {}
  for name in pairs(params) do given[name], given[name:match("[^.]+$")] = true, true end
  return given
end

local function readBody(row, params, text)
  if not row.body then return nil end
  local body, problem = check.request(row.body, decodeBody(text), givenByPath(params), row[1] == "PATCH")
  if problem then error(problem, 0) end
  return body
end

local NOT_OF_A_LIST = { pageSize = true, page_size = true, pageToken = true, page_token = true }

-- Says in one line what a list is asked for, page by page: the path and the parameters that choose among its items.
local function listed(row, request)
  local words = {}
  for _, pair in ipairs(request.query) do
    local name = pair[1]
    local known = row.query and (row.query[name] or row.query[names.camelCase(name)])
    if known and not NOT_OF_A_LIST[name] then words[#words + 1] = ("%s=%q"):format(name, pair[2]) end
  end
  table.sort(words)
  return request.path .. " " .. table.concat(words, " ")
end

local function readQuery(row, request)
  local given = query.read(request.query, row.query)
  given.listed = listed(row, request)
  return given
end

local function checkCaller(self, row, request)
  if not row.open then auth.check(request.headers, query.find(request.query, "key"), self.settings.key) end
end

local function contextOf(self, row, params, request)
  return {
    verb = request.verb,
    params = params,
    query = readQuery(row, request),
    parameters = request.query,
    raw = request.body,
    sink = request.sink,
    fault = request.fault,
    headers = request.headers,
    settings = self.settings,
    store = self.store,
    state = self.state,
  }
end

local function callHandler(self, row, params, request)
  checkCaller(self, row, request)
  local context = contextOf(self, row, params, request)
  context.body = readBody(row, params, request.body)
  return row[3](context)
end

-- Google labels the errors of a stream call as an event stream, though their body is plain JSON.
local function errorResponse(problem, request)
  if not errors.is(problem) then problem = errors.new("INTERNAL", tostring(problem)) end
  local streaming = request.path:find(":stream", 1, true) and query.find(request.query, "alt") == "sse"
  return jsonResponse(problem.error.code, { error = problem.error }, streaming and "text/event-stream")
end

local function reset(self)
  self.store:reset()
  self.faults:set {}
  self.state = { generated = 0 }
end

-- The requests that are about the emulator itself.
local OWN = {
  [RESET] = reset,
  [FAIL] = function(self, request)
    local given, problem = json.decode(request.body)
    problem = problem or self.faults:set(json.isObject(given) and given.faults)
    if problem then errors.raise("INVALID_ARGUMENT", problem) end
  end,
}

local function responseOf(result)
  if not result.json then return result end
  local response = jsonResponse(200, result.json)
  response.wait = result.wait
  return response
end

local function carryOut(self, request)
  local verb = request.verb == "HEAD" and "GET" or request.verb
  if not VERBS[verb] then return http.page(405) end
  local own = verb == "POST" and OWN[request.path]
  if own then
    own(self, request)
    return jsonResponse(200, {})
  end
  if request.fault and request.fault.status then return Faults.response(request.fault) end
  local row, params = self.route(verb, request.path)
  if not row then return http.page(404) end
  -- A value that JSON cannot hold is found when the answer is encoded.
  return self.store:transaction(function() return responseOf(callHandler(self, row, params, request)) end)
end

local function attempt(request, run, ...)
  local ok, result = pcall(run, ...)
  return ok and result or errorResponse(result, request)
end

local function save(self)
  self.store:keep("generated", self.state.generated)
  self.store:keepSafe()
end

-- What takes in the body of a request that asks for much room. What is wrong with it is said when it is answered.
local function receive(self, request)
  local row, params = self.route(request.verb, request.path)
  if not row or not row.receive then return nil end
  checkCaller(self, row, request)
  return row.receive(contextOf(self, row, params, request))
end

---Makes what answers requests. A handler gets `params`, `query` (typed, and `listed`, see paging) and `parameters` (as
---they came, in a list), `body` (checked), `raw` (the body's bytes) or the `sink` that took them, `headers`,
---`settings`, `store`, `state` (of which a file keeps `generated` alone) and the `fault` to suffer, and returns
---`{ json = value }` or a response: `status`, `headers`, and `body` or `stream` (an iterator over bytes to send and
---seconds to wait, perhaps of a `length`), and `wait`, seconds before the answer. It may raise an error object, and
---then has changed nothing in the store.
---@param settings table the options of emulator.new
---@return gemini.emulator.Service service also with `forget`, which forgets everything, and `fail`, see faults.set
function service.new(settings)
  local self = { settings = settings, store = Store.new(settings.state), faults = Faults.new() }
  self.state = { generated = self.store.kept.generated or 0 }
  self.route = router.new(allRoutes())
  sessions.recover(self.store)
  self.store:keepSafe()
  return {
    receive = function(request)
      if not OWN[request.path] then request.fault = self.faults:find(request) end
      local ok, sink = pcall(receive, self, request)
      return ok and sink or nil
    end,
    answer = function(request)
      local response = attempt(request, carryOut, self, request)
      if request.sink then request.sink:done() end
      local saved, problem = pcall(save, self)
      return saved and response or errorResponse(problem, request)
    end,
    forget = function()
      reset(self)
      save(self)
    end,
    fail = function(faults) return self.faults:set(faults) end,
  }
end

return service
