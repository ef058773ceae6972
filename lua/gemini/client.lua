---Clients: a key, a place and how to talk to it.

local errors = require "gemini.errors"
local headers = require "gemini.headers"
local nearest = require "gemini.nearest"
local options = require "gemini.options"
local place = require "gemini.place"
local resource = require "gemini.resource"
local retry = require "gemini.retry"
local tables = require "gemini.tables"
local version = require "gemini.version"

local GOOGLE = "https://generativelanguage.googleapis.com"

---@class gemini.State  what a client's calls share; it shows nothing of itself, for it leads to the key
---@field baseUrl string
---@field version string
---@field wire gemini.Wire
---@field json? { encode: function, decode: function }
---@field maxDepth? integer
---@field headers table<string, string>
---@field sharedHeaders table<string, table<string, string>>  what calls without any of their own have
---@field credentials fun(label: gemini.Label): table<string, string>?, gemini.Error?  headers that say who asks, not
---  to be changed
---@field names fun(): table<string, string>  headers that name the client
---@field secret? fun(): string  the credentials sent last, which no error may show
---@field operationMeta? table  what gemini.operation gives operations
---@field timeout? number
---@field connectTimeout number
---@field idleTimeout? number
---@field proxy? string
---@field caFile? string
---@field maxResponseSize? integer
---@field maxEventSize? integer
---@field maxHeaderSize? integer
---@field maxRedirects integer
---@field check? boolean
---@field gate? gemini.Gate
---@field retry gemini.Retry
---@field onRetry? fun(err: gemini.Error, attempt: integer, wait: number)
---@field onRequest? fun(request: table)
---@field onResponse? fun(response: table)

---@class gemini.Client
local Client = {}

-- The first variable that is set, and its name.
local function environment(...)
  for _, name in ipairs { ... } do
    local value = os.getenv(name)
    if value and value ~= "" then return value, name end
  end
end

local function secretProblem(name, value)
  if value == "" then return name .. " is empty" end
  if value:find("[%c ]") then return name .. " holds a space, a line end or another control character" end
end

-- Asks a function for the token, anew at each request.
local function tokenFrom(token, label)
  local value, problem = token()
  if value == nil then
    return nil, errors.new("network", "no access token: " .. tostring(problem or "the function gave none"), label)
  end
  if type(value) ~= "string" then
    error(("%s: token: the function must return a string, got %s"):format(label.method, type(value)), 0)
  end
  problem = secretProblem("token", value)
  if problem then error(("%s: %s"):format(label.method, problem), 0) end
  return value
end

local function byToken(token)
  return function(label)
    local value, err = token, nil
    if type(token) == "function" then value, err = tokenFrom(token, label) end
    if not value then return nil, err end
    label.secret = function() return value end
    return { Authorization = "Bearer " .. value }
  end
end

local function byKey(key)
  local header = { ["x-goog-api-key"] = key }
  local function secret() return key end
  return function(label)
    label.secret = secret
    return header
  end
end

-- How a request says who asks; or nil and what is wrong.
local function credentials(given)
  if given.token then
    local problem = type(given.token) == "string" and secretProblem("token", given.token)
    if problem then return nil, problem end
    return byToken(given.token)
  end
  local key, name = given.apiKey, "apiKey"
  if not key then key, name = environment("GEMINI_API_KEY", "GOOGLE_API_KEY") end
  if not key then return nil, "no API key: give apiKey, or set GEMINI_API_KEY in the environment" end
  local problem = secretProblem(name, key)
  if problem then return nil, problem end
  return byKey(key)
end

-- How the client names itself. libcurl's version is known once it is loaded, at the first request.
local function names()
  local made
  return function()
    if not made then
      local lua = type(jit) == "table" and jit.version:gsub(" ", "-") or _VERSION:match("%S+$") -- luacheck: globals jit
      local text = ("lua-gemini/%s gl-lua/%s libcurl/%s"):format(version, lua, require("gemini.transport").curlVersion)
      made = { ["User-Agent"] = text, ["x-goog-api-client"] = text }
    end
    return made
  end
end

-- What holds the state may be within the user's reach, a stream for one: dumps of it find nothing there.
local function sealed(state)
  return setmetatable({}, { __index = state, __newindex = state, __metatable = false })
end

-- What is wrong with options that are of the right types.
local function problemOf(given, baseUrl)
  local problem = options.within("limit", given.limit, options.limit)
    or options.within("retry", given.retry, options.retry)
  if problem then return problem end
  if given.maxDepth and given.json then return "maxDepth is for the codec of our own: json has a limit of its own" end
  return place.problem(given.baseUrl and "baseUrl" or "GOOGLE_GEMINI_BASE_URL", baseUrl, given.allowHttp)
    or given.proxy and place.proxyProblem(given.proxy, baseUrl, given.allowHttp)
    or given.headers and headers.check(given.headers)
end

-- The client's state, or nil and what is wrong with the options.
local function open(given)
  if given == package.loaded.gemini then return nil, "call it with a dot: gemini.new{…}" end
  local problem = options.check(given, options.client)
  if problem then return nil, problem end
  given = tables.copy(given or {})
  local baseUrl = given.baseUrl or environment("GOOGLE_GEMINI_BASE_URL") or GOOGLE
  problem = problemOf(given, baseUrl)
  if problem then return nil, problem end
  local who
  who, problem = credentials(given)
  if not who then return nil, problem end
  return sealed {
    baseUrl = baseUrl:gsub("/+$", ""),
    version = given.version or "v1beta",
    headers = given.headers and headers.merge(given.headers) or {},
    sharedHeaders = {},
    json = given.json,
    maxDepth = given.maxDepth,
    credentials = who,
    names = names(),
    timeout = given.timeout,
    connectTimeout = given.connectTimeout or 20,
    idleTimeout = given.idleTimeout,
    proxy = place.proxy(given.proxy, baseUrl),
    caFile = given.caFile,
    maxResponseSize = given.maxResponseSize,
    maxEventSize = given.maxEventSize,
    maxHeaderSize = given.maxHeaderSize,
    maxRedirects = given.maxRedirects or 5,
    check = given.check,
    gate = given.limit and require("gemini.gate").new(given.limit),
    retry = retry.policy(given.retry, retry.USUAL),
    onRetry = given.onRetry,
    onRequest = given.onRequest,
    onResponse = given.onResponse,
  }
end

-- Reads and writes JSON: what needs it is loaded with the first resource.
local function withWire(state)
  state.wire = state.wire or require("gemini.wire").new(state.json, state.maxDepth)
  return state
end

local function describe(baseUrl)
  return function() return ("gemini.client: %s"):format(baseUrl) end
end

---Makes a client. Nothing is sent, and no connection made, before the first call.
---@param given? gemini.Options
---@return gemini.Client  raises on options that do not fit and where no key is found
function Client.new(given)
  local state, problem = open(given)
  if not state then error("gemini.new: " .. problem, 2) end
  return setmetatable({}, {
    __name = "gemini.client",
    __tostring = describe(state.baseUrl),
    __index = function(self, name)
      local made = resource.new(withWire(state), name)
      if not made then
        local hint = nearest(tostring(name), resource.names())
        error(("the API has no resource '%s'%s"):format(tostring(name), hint), 2)
      end
      rawset(self, name, made)
      return made
    end,
  })
end

return Client
