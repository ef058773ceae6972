---A row of the API and a caller's arguments to a request, ready to be sent.

require("gemini.interpreted")()

local content = require "gemini.content"
local headers = require "gemini.headers"
local nearest = require "gemini.nearest"
local options = require "gemini.options"
local path = require "gemini.path"

local request = {}

---@class gemini.Row  a method's row in gemini.api
---@field verb string
---@field path string
---@field query? string[]
---@field fixed? string
---@field body? string
---@field reply string
---@field items? string
---@field stream? boolean

-- Every integer below is one double and no other.
local EXACT = 2 ^ 53
local mathType = rawget(math, "type") or function() return "float" end

-- A value's text in the query, or nil and what was expected.
local function queryText(value)
  if type(value) == "string" then return value end
  if type(value) == "boolean" then return tostring(value) end
  if type(value) ~= "number" then return nil, "a string, a number or a boolean, got " .. type(value) end
  if value ~= value or value - value ~= 0 then return nil, "a finite number" end
  local whole = mathType(value) == "integer" or value % 1 == 0 and math.abs(value) < EXACT
  return (whole and "%d" or "%.17g"):format(value)
end

-- The query string, or nil and what is wrong.
local function query(row, args)
  local fields = { row.fixed }
  for _, name in ipairs(row.query or {}) do
    if args[name] ~= nil then
      local text, expected = queryText(args[name])
      if not text then return nil, ("%s must be %s"):format(name, expected) end
      fields[#fields + 1] = name .. "=" .. path.escape(text)
    end
  end
  return #fields > 0 and "?" .. table.concat(fields, "&") or ""
end

-- The arguments that do not go into the body.
local function elsewhere(row)
  local names = path.names(row.path)
  for _, name in ipairs(row.query or {}) do names[name] = true end
  return names
end

-- What is neither in the path nor in the query, for the body; or nil and what is wrong.
local function remaining(row, args)
  local taken, rest = elsewhere(row), {}
  for name, value in next, args do
    if type(name) ~= "string" then
      return nil, ("arguments have names, got one at [%s]"):format(tostring(name))
    end
    if not taken[name] then
      if not row.body then return nil, ("unknown argument '%s'%s"):format(name, nearest(name, taken)) end
      rest[name] = value
    end
  end
  return rest
end

-- The body's text, nil for a row that has none; or nil and what is wrong.
local function body(client, row, args)
  local rest, problem = remaining(row, args)
  if not rest then return nil, problem end
  if not row.body then return nil end
  local fields
  fields, problem = content.message(row.body, rest, nil, args)
  if not fields then return nil, problem end
  return client.wire.encode(fields)
end

-- The server is told how long a caller waits who said so.
local function serverTimeout(seconds)
  if not seconds or seconds >= 1e9 then return nil end
  return { ["X-Server-Timeout"] = ("%d"):format(math.ceil(seconds)) }
end

local function checkCall(call)
  local problem = options.check(call, options.call)
  return problem or call and call.headers and headers.check(call.headers)
end

---@class gemini.Request  what loop.submit takes, but for its headers
---@field label gemini.Label
---@field method string  the HTTP verb
---@field url string
---@field headers table<string, string>  by lower-case name, without the credentials, which are fetched at each sending
---@field body? string
---@field stream? boolean
---@field timeout? number  seconds, like all that follow
---@field connectTimeout number
---@field idleTimeout? number
---@field proxy? string
---@field caFile? string

local function assemble(client, method, row, call, url, text)
  local timeout = call.timeout or client.timeout
  local json = text and { ["Content-Type"] = "application/json" } or nil
  return {
    label = { method = method, url = url, attempts = 0 },
    method = row.verb,
    url = url,
    headers = headers.merge(client.names(), json, serverTimeout(timeout), client.headers, call.headers),
    body = text,
    stream = row.stream,
    timeout = timeout or not row.stream and 600 or nil,
    connectTimeout = client.connectTimeout,
    idleTimeout = call.idleTimeout or client.idleTimeout or row.stream and 120 or nil,
    proxy = client.proxy,
    caFile = client.caFile,
  }
end

---@param client gemini.State
---@param method string  "models.generateContent"
---@param row gemini.Row
---@param args table
---@param call? gemini.CallOptions
---@return gemini.Request?
---@return string? problem  what is wrong with the arguments
function request.build(client, method, row, args, call)
  local problem = checkCall(call)
  if problem then return nil, problem end
  call = call or {}
  local where, search, text
  where, problem = path.expand(row.path, args)
  if not where then return nil, problem end
  search, problem = query(row, args)
  if not search then return nil, problem end
  text, problem = body(client, row, args)
  if problem then return nil, problem end
  local url = ("%s/%s/%s%s"):format(client.baseUrl, call.version or client.version, where, search)
  return assemble(client, method, row, call, url, text)
end

return request
