-- From a request to a response: find the route, ask who calls, check the query and the body, call the handler.
local api = require "gemini.api"
local parameters = require "gemini.parameters"
local auth = require "gemini.emulator.auth"
local check = require "gemini.emulator.check"
local errors = require "gemini.emulator.errors"
local http = require "gemini.emulator.http"
local json = require "gemini.emulator.json"
local names = require "gemini.emulator.names"
local query = require "gemini.emulator.query"
local router = require "gemini.emulator.router"
local Store = require "gemini.emulator.store"

local service = {}

-- One file a resource; each has `methods`, handlers by the REST method's full name, and may have `routes`: rows for the
-- router of what is no such method, such as upload sessions. Nobody asks for a key where a row is `open`.
local RESOURCES = {
  "agents", "answer", "authtokens", "batches", "cachedcontents", "chunks", "corpora", "credentials", "documents",
  "embed", "environmentfiles", "environments", "files", "filesearchstores", "generate", "generatedfiles",
  "interactions", "legacytext", "models", "operations", "permissions", "predict", "storedocuments", "triggers",
  "tunedmodels", "voices", "webhooks",
}
local VERBS = { GET = true, POST = true, PUT = true, PATCH = true, DELETE = true }
local JSON_TYPE = "application/json; charset=UTF-8"
-- Not of the API: forgets everything.
local RESET = "/emulator:reset"

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
  local function add(place, raw)
    routes[#routes + 1] = { row.verb, template(row, place), handler, body = not raw and row.body or nil, query = types }
  end
  if row.upload then add("upload/", true) end
  if row.upload ~= "required" then add("") end
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

local function callHandler(self, row, params, request)
  if not row.open then auth.check(request.headers, query.find(request.query, "key"), self.settings.key) end
  return row[3] {
    params = params,
    query = readQuery(row, request),
    parameters = request.query,
    body = readBody(row, params, request.body),
    raw = request.body,
    headers = request.headers,
    settings = self.settings,
    store = self.store,
    state = self.state,
  }
end

-- Google labels the errors of a stream call as an event stream, though their body is plain JSON.
local function errorResponse(problem, request)
  if not errors.is(problem) then problem = errors.new("INTERNAL", tostring(problem)) end
  local streaming = request.path:find(":stream", 1, true) and query.find(request.query, "alt") == "sse"
  return jsonResponse(problem.error.code, { error = problem.error }, streaming and "text/event-stream")
end

local function reset(self)
  self.store:reset()
  self.state = { generated = 0 }
end

local function responseOf(result)
  if not result.json then return result end
  local response = jsonResponse(200, result.json)
  response.wait = result.wait
  return response
end

local function answer(self, request)
  local verb = request.verb == "HEAD" and "GET" or request.verb
  if not VERBS[verb] then return http.page(405) end
  if verb == "POST" and request.path == RESET then
    reset(self)
    return jsonResponse(200, {})
  end
  local row, params = self.route(verb, request.path)
  if not row then return http.page(404) end
  -- A value that JSON cannot hold is found when the answer is encoded.
  local ok, result = pcall(self.store.transaction, self.store, function()
    return responseOf(callHandler(self, row, params, request))
  end)
  self.store:keep("generated", self.state.generated)
  return ok and result or errorResponse(result, request)
end

---Makes the function that answers requests. A handler gets `params`, `query` (typed, and `listed`, see paging) and
---`parameters` (as they came, in a list), `body` (checked), `raw` (the body's bytes), `headers`, `settings`, `store`
---and `state` (of which a file keeps `generated` alone), and returns `{ json = value }` or a response: `status`,
---`headers`, and `body` or `stream` (an iterator over bytes to send and seconds to wait), and `wait`, seconds before
---the answer. It may raise an error object, and then has changed nothing in the store.
---@param settings table the options of emulator.new
---@return fun(request: table): table handle
---@return fun() reset forgets everything
function service.new(settings)
  local self = { settings = settings, store = Store.new(settings.state) }
  self.state = { generated = self.store.kept.generated or 0 }
  self.route = router.new(allRoutes())
  local function handle(request)
    local ok, response = pcall(answer, self, request)
    local saved, problem = pcall(self.store.save, self.store)
    if not saved then ok, response = false, problem end
    return ok and response or errorResponse(response, request)
  end
  local function forget()
    reset(self)
    self.store:save()
  end
  return handle, forget
end

return service
