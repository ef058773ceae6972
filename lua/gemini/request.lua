---A row of the API and a caller's arguments to a request, ready to be sent.

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

local function queryText(value)
  if type(value) == "number" and value % 1 == 0 then return ("%d"):format(value) end
  return tostring(value)
end

local queryTypes = { string = true, number = true, boolean = true }

-- The query string, or nil and what is wrong. Marks what it takes as used.
local function query(row, args, used)
  local pairsOut = { row.fixed }
  for _, name in ipairs(row.query or {}) do
    local value = args[name]
    used[name] = true
    if value ~= nil then
      if not queryTypes[type(value)] then
        return nil, ("%s must be a string, a number or a boolean, got %s"):format(name, type(value))
      end
      pairsOut[#pairsOut + 1] = name .. "=" .. path.escape(queryText(value))
    end
  end
  return #pairsOut > 0 and "?" .. table.concat(pairsOut, "&") or ""
end

local function known(row)
  local names = {}
  for name in row.path:gmatch("{([^=}]+)=") do names[name] = true end
  for _, name in ipairs(row.query or {}) do names[name] = true end
  return names
end

-- What is neither in the path nor in the query, for the body; or nil and what is wrong.
local function remaining(row, args, used)
  local rest = {}
  for name, value in pairs(args) do
    if type(name) ~= "string" then
      return nil, ("arguments have names, got one at [%s]"):format(tostring(name))
    end
    if not used[name] then
      if not row.body then return nil, ("unknown argument '%s'%s"):format(name, nearest(name, known(row))) end
      rest[name] = value
    end
  end
  return rest
end

-- The body's text, nil for a row that has none; or nil and what is wrong.
local function body(client, row, args, used)
  local rest, problem = remaining(row, args, used)
  if not rest then return nil, problem end
  if not row.body then return nil end
  local fields
  fields, problem = content.message(row.body, rest, nil, args)
  if not fields then return nil, problem end
  return client.wire.encode(fields)
end

local function serverTimeout(call)
  return call.timeout and call.timeout < 1e9 and { ["X-Server-Timeout"] = ("%d"):format(math.ceil(call.timeout)) }
end

local function allHeaders(client, call, hasBody)
  return headers.merge(
    client.credentials(),
    client.names(),
    hasBody and { ["Content-Type"] = "application/json" } or nil,
    serverTimeout(call),
    client.headers,
    call.headers
  )
end

local function checkCall(call)
  local problem = options.check(call, options.call)
  return problem or call and call.headers and headers.check(call.headers)
end

---@class gemini.Request  what loop.submit takes, and `label`: which method of which URL, for errors
---@field label { method: string, url: string }

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
  local where, used = path.expand(row.path, args)
  if not where then return nil, used end
  local search, text
  search, problem = query(row, args, used)
  if not search then return nil, problem end
  text, problem = body(client, row, args, used)
  if problem then return nil, problem end
  local url = ("%s/%s/%s%s"):format(client.baseUrl, path.escape(call.version or client.version), where, search)
  return {
    label = { method = method, url = url },
    method = row.verb,
    url = url,
    headers = allHeaders(client, { timeout = call.timeout or client.timeout, headers = call.headers }, text ~= nil),
    body = text,
    stream = row.stream,
    timeout = call.timeout or client.timeout or not row.stream and 600 or nil,
    connectTimeout = client.connectTimeout,
    idleTimeout = call.idleTimeout or client.idleTimeout or row.stream and 120 or nil,
    proxy = client.proxy,
    caFile = client.caFile,
  }
end

return request
