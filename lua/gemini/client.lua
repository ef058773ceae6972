---Clients: a key, a place and how to talk to it.

-- A client that is only made needs little.
local lazy = require "gemini.lazy"
local headers, options, place = lazy "gemini.headers", lazy "gemini.options", lazy "gemini.place"
local resource, retry, tables = lazy "gemini.resource", lazy "gemini.retry", lazy "gemini.tables"

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
---@field cassette? gemini.Cassette
---@field played? boolean  the last answer was the cassette's, given for the first time
---@field retry gemini.Retry  what was given, until the first resource is named
---@field onRetry? fun(err: gemini.Error, attempt: integer, wait: number)
---@field onRequest? fun(request: table)
---@field onResponse? fun(response: table)

---@class gemini.Client
---@field chat fun(self, options: gemini.ChatOptions): gemini.Chat  begins a chat, or goes on with one; sends nothing.
---  Raises on options that do not fit
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

-- The same header at each request.
local function always(header, secret)
  local function reveal() return secret end
  return function(label)
    label.secret = reveal
    return header
  end
end

-- What a cassette has can be played without a key.
local function nobody(given)
  local problem = "no API key: give apiKey, or set GEMINI_API_KEY in the environment"
  if not given.replay then return nil, problem end
  return function(label) return nil, require("gemini.errors").new("io", problem, label) end
end

-- How a request says who asks; or nil and what is wrong.
local function credentials(given)
  local token = given.token
  if type(token) == "function" then return require("gemini.token")(token, secretProblem) end
  if token then
    local problem = secretProblem("token", token)
    if problem then return nil, problem end
    return always({ Authorization = "Bearer " .. token }, token)
  end
  local key, name = given.apiKey, "apiKey"
  if not key then key, name = environment("GEMINI_API_KEY", "GOOGLE_API_KEY") end
  if not key then return nobody(given) end
  local problem = secretProblem(name, key)
  if problem then return nil, problem end
  return always({ ["x-goog-api-key"] = key }, key)
end

-- What holds the state may be within the user's reach, a stream for one: dumps of it find nothing there.
local function sealed(state)
  return setmetatable({}, { __index = state, __newindex = state, __metatable = false })
end

-- Whether a key is all that is given, at most: no rules need be loaded for that.
local function isPlain(given)
  local name, value = next(given)
  return name == nil or name == "apiKey" and type(value) == "string" and next(given, name) == nil
end

-- The options as they are now; or nil and what is wrong with their types.
local function copied(given)
  if given == nil then return {} end
  if type(given) == "table" and isPlain(given) then return { apiKey = rawget(given, "apiKey") } end
  local problem = options.check(given, options.client)
  if problem then return nil, problem end
  return tables.copy(given)
end

-- The cassette, nil where there is none; or nil and what is wrong with it.
local function cassetteOf(given, baseUrl, who)
  if not given.replay then return nil, given.mode and "mode is for a cassette: give replay, the name of its file" end
  local label = {}
  if type(given.token) ~= "function" then who(label) end
  return require("gemini.cassette").open {
    path = given.replay, mode = given.mode or "auto", baseUrl = baseUrl, secret = label.secret,
  }
end

-- What is wrong with options that are of the right types.
local function problemOf(given, baseUrl)
  local problem = given.limit and options.within("limit", given.limit, options.limit)
    or given.retry and options.within("retry", given.retry, options.retry)
  if problem then return problem end
  if given.maxDepth and given.json then return "maxDepth is for the codec of our own: json has a limit of its own" end
  local name = given.baseUrl and "baseUrl" or "GOOGLE_GEMINI_BASE_URL"
  return baseUrl ~= GOOGLE and place.problem(name, baseUrl, given.allowHttp)
    or given.proxy and place.proxyProblem(given.proxy, baseUrl, given.allowHttp)
    or given.headers and headers.check(given.headers)
end

-- The client's state, or nil and what is wrong with the options.
local function open(given)
  if given == package.loaded.gemini then return nil, "call it with a dot: gemini.new{…}" end
  local problem
  given, problem = copied(given)
  if not given then return nil, problem end
  local baseUrl = given.baseUrl or environment("GOOGLE_GEMINI_BASE_URL") or GOOGLE
  problem = problemOf(given, baseUrl)
  if problem then return nil, problem end
  local who
  who, problem = credentials(given)
  if not who then return nil, problem end
  baseUrl = baseUrl:gsub("/+$", "")
  local cassette
  cassette, problem = cassetteOf(given, baseUrl, who)
  if problem then return nil, problem end
  return sealed {
    baseUrl = baseUrl,
    version = given.version or "v1beta",
    headers = given.headers and headers.merge(given.headers) or {},
    sharedHeaders = {},
    json = given.json,
    maxDepth = given.maxDepth,
    credentials = who,
    timeout = given.timeout,
    connectTimeout = given.connectTimeout or 20,
    idleTimeout = given.idleTimeout,
    proxy = (given.proxy or baseUrl ~= GOOGLE) and place.proxy(given.proxy, baseUrl) or nil,
    caFile = given.caFile,
    maxResponseSize = given.maxResponseSize,
    maxEventSize = given.maxEventSize,
    maxHeaderSize = given.maxHeaderSize,
    maxRedirects = given.maxRedirects or 5,
    check = given.check,
    gate = given.limit and given.mode ~= "replay" and require("gemini.gate").new(given.limit) or nil,
    cassette = cassette,
    retry = given.retry and tables.copy(given.retry) or given.retry,
    onRetry = given.onRetry,
    onRequest = given.onRequest,
    onResponse = given.onResponse,
  }
end

-- The state with what calls need, which is loaded with the first resource.
local function complete(state)
  if state.wire then return state end
  state.retry = retry.policy(state.retry, retry.USUAL)
  state.wire = require("gemini.wire").new(state.json, state.maxDepth)
  return state
end

-- Nothing but a method, for `client:chat`.
local function chats(state, owner)
  return function(self, given)
    if self ~= owner then error("chat: call it with a colon: client:chat{…}", 2) end
    local made, problem = require "gemini.chat"(complete(state), given)
    if not made then error("chat: " .. problem, 2) end
    return made
  end
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
      local made = name == "chat" and chats(state, self) or resource.new(complete(state), name)
      if not made then
        local hint = require("gemini.nearest")(tostring(name), resource.names())
        error(("the API has no resource '%s'%s"):format(tostring(name), hint), 2)
      end
      rawset(self, name, made)
      return made
    end,
  })
end

return Client
