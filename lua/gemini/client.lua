---Clients: a key, a place and how to talk to it.

local headers = require "gemini.headers"
local nearest = require "gemini.nearest"
local options = require "gemini.options"
local resource = require "gemini.resource"
local version = require "gemini.version"

local GOOGLE = "https://generativelanguage.googleapis.com"

---@class gemini.State  what a client's calls share; never within the user's reach, for it holds the key
---@field baseUrl string
---@field version string
---@field wire gemini.Wire
---@field headers table<string, string>
---@field credentials fun(): table<string, string>
---@field names fun(): table<string, string>

---@class gemini.Client
---@field models table
local Client = {}

local function environment(...)
  for i = 1, select("#", ...) do
    local value = os.getenv((select(i, ...)))
    if value and value ~= "" then return value end
  end
end

local function secretProblem(name, value)
  if value == "" then return name .. " is empty" end
  if value:find("[%c ]") then return name .. " holds a space, a line end or another control character" end
end

local function urlProblem(name, url)
  local authority, rest = url:match("^[hH][tT][tT][pP][sS]?://([^/?#]*)(.*)$")
  if not authority or authority == "" then return ("%s must be an http or https URL, got %q"):format(name, url) end
  if authority:find("@", 1, true) then return name .. " must not hold a user name" end
  if (authority .. rest):find("[%c%s?#]") then
    return ("%s must not hold a query, a fragment or spaces: %q"):format(name, url)
  end
end

local function tokenHeader(token)
  if type(token) ~= "string" then error("token: the function must return a string, got " .. type(token), 0) end
  local problem = secretProblem("token", token)
  if problem then error(problem, 0) end
  return { Authorization = "Bearer " .. token }
end

-- How a request says who asks; or nil and what is wrong.
local function credentials(given)
  local token = given.token
  if type(token) == "function" then
    return function() return tokenHeader(token()) end
  end
  if token then
    local problem = secretProblem("token", token)
    if problem then return nil, problem end
    return function() return tokenHeader(token) end
  end
  local key = given.apiKey or environment("GEMINI_API_KEY", "GOOGLE_API_KEY")
  if not key then return nil, "no API key: give apiKey, or set GEMINI_API_KEY in the environment" end
  local problem = secretProblem("apiKey", key)
  if problem then return nil, problem end
  return function() return { ["x-goog-api-key"] = key } end
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

local function lazyWire(state, json)
  return setmetatable(state, {
    __index = function(self, name)
      if name ~= "wire" then return nil end
      local wire = require("gemini.wire").new(json)
      rawset(self, "wire", wire)
      return wire
    end,
  })
end

-- The client's state, or nil and what is wrong with the options.
local function open(given)
  local problem = options.check(given, options.client)
  if problem then return nil, problem end
  given = given or {}
  local baseUrl = given.baseUrl or environment("GOOGLE_GEMINI_BASE_URL") or GOOGLE
  problem = urlProblem(given.baseUrl and "baseUrl" or "GOOGLE_GEMINI_BASE_URL", baseUrl)
    or given.headers and headers.check(given.headers)
  if problem then return nil, problem end
  local who
  who, problem = credentials(given)
  if not who then return nil, problem end
  return lazyWire({
    baseUrl = baseUrl:gsub("/+$", ""),
    version = given.version or "v1beta",
    headers = given.headers and headers.merge(given.headers) or {},
    credentials = who,
    names = names(),
    timeout = given.timeout,
    connectTimeout = given.connectTimeout or 20,
    idleTimeout = given.idleTimeout,
    proxy = given.proxy,
    caFile = given.caFile,
    onRequest = given.onRequest,
    onResponse = given.onResponse,
  }, given.json)
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
      local made = resource.new(state, name)
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
