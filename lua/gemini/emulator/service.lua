-- From a request to a response: find the route, ask who calls, check the query and the body, call the handler.
local auth = require "gemini.emulator.auth"
local check = require "gemini.emulator.check"
local errors = require "gemini.emulator.errors"
local http = require "gemini.emulator.http"
local json = require "gemini.emulator.json"
local query = require "gemini.emulator.query"
local router = require "gemini.emulator.router"

local service = {}

-- One file a resource; each has its `routes`.
local RESOURCES = { "gemini.emulator.models", "gemini.emulator.generate" }
local VERBS = { GET = true, POST = true, PUT = true, PATCH = true, DELETE = true }
local JSON_TYPE = "application/json; charset=UTF-8"

local function allRoutes()
  local rows = {}
  for _, name in ipairs(RESOURCES) do
    for _, row in ipairs(require(name).routes) do rows[#rows + 1] = row end
  end
  return rows
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

-- The names of the path's variables as the body's message knows them: "corpus.name" gives its "name".
local function givenByPath(params)
  local given = {}
  for name in pairs(params) do given[name:match("[^.]+$")] = true end
  return given
end

local function readBody(row, params, text)
  if not row.body then return nil end
  local body, problem = check.request(row.body, decodeBody(text), givenByPath(params))
  if problem then error(problem, 0) end
  return body
end

local function callHandler(self, row, params, request)
  auth.check(request.headers, query.find(request.query, "key"), self.settings.key)
  return row[3] {
    params = params,
    query = query.read(request.query, row.query),
    body = readBody(row, params, request.body),
    headers = request.headers,
    settings = self.settings,
    state = self.state,
  }
end

-- Google labels the errors of a stream call as an event stream, though their body is plain JSON.
local function errorResponse(problem, request)
  if not errors.is(problem) then problem = errors.new("INTERNAL", tostring(problem)) end
  local streaming = request.path:find(":stream", 1, true) and query.find(request.query, "alt") == "sse"
  return jsonResponse(problem.error.code, { error = problem.error }, streaming and "text/event-stream")
end

local function answer(self, request)
  local verb = request.verb == "HEAD" and "GET" or request.verb
  if not VERBS[verb] then return http.page(405) end
  local row, params = self.route(verb, request.path)
  if not row then return http.page(404) end
  local ok, result = pcall(callHandler, self, row, params, request)
  if not ok then return errorResponse(result, request) end
  if not result.json then return result end
  local response = jsonResponse(200, result.json)
  response.wait = result.wait
  return response
end

---Makes the function that answers requests. A handler gets `params`, `query`, `body` (checked), `headers`, `settings`
---and `state`, and returns `{ json = value }` or a response: `status`, `headers`, and `body` or `stream` (an iterator
---over bytes to send and seconds to wait), and `wait`, seconds before the answer. It may raise an error object.
---@param settings table the options of emulator.new
---@return fun(request: table): table
function service.new(settings)
  local self = { settings = settings, state = { generated = 0 }, route = router.new(allRoutes()) }
  return function(request)
    -- A value that JSON cannot hold is found when the answer is encoded.
    local ok, response = pcall(answer, self, request)
    return ok and response or errorResponse(response, request)
  end
end

return service
