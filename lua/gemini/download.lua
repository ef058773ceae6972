---Carries out a download: follows the server to where the bytes are, and returns them.

local errors = require "gemini.errors"
local origin = require "gemini.origin"
local request = require "gemini.request"
local rest = require "gemini.rest"
local tables = require "gemini.tables"

local download = {}

local REDIRECTS = { [301] = true, [302] = true, [303] = true, [307] = true, [308] = true }
local MOST_REDIRECTS = 5

local function redirects(transfer)
  return not transfer:failure() and REDIRECTS[transfer:status()] and transfer:headers().location ~= nil
end

-- An answer's bytes, or the place where it says that they are.
local function read(transfer)
  if redirects(transfer) then return { location = transfer:headers().location } end
  return { bytes = transfer:bodyText() }
end

-- The same request at the place that a redirect names; nil and the error where that is none of this server's.
local function redirected(client, built, location)
  local url = origin.resolve(client.baseUrl, location)
  if not url then
    return nil, errors.new("protocol", "the server redirects the download to no place on this host", built.label)
  end
  local turned = tables.copy(built)
  turned.url = url
  return turned
end

-- The resource that a URL of this server's names; nil and what is wrong.
local function nameIn(client, url)
  if not origin.resolve(client.baseUrl, url) then return nil, "name is a URL of another host" end
  local name = url:match("^%a+://[^/?#]*/(.*)$") or ""
  return (name:gsub("[?#].*", ""):gsub("^download/", ""):gsub("^v%d%w*/", ""):gsub(":download$", ""))
end

---Like request.build, for a download: its `name` may be the URL that a reply has.
---@param client gemini.State
---@param method string
---@param row gemini.Row
---@param args table  changed
---@param call? gemini.CallOptions
---@return gemini.Request?
---@return string? problem
function download.build(client, method, row, args, call)
  if type(args.name) == "string" and args.name:find("^%a[%w+.-]*://") then
    local name, problem = nameIn(client, args.name)
    if not name then return nil, problem end
    args.name = name
  end
  return request.build(client, method, row, args, call)
end

---@param client gemini.State
---@param built gemini.Request  a GET
---@return string? bytes
---@return gemini.Error?
function download.get(client, built)
  for _ = 0, MOST_REDIRECTS do
    local answer, err = rest.exchange(client, built, read, redirects)
    if not answer then return nil, err end
    if answer.bytes then return answer.bytes end
    built, err = redirected(client, built, answer.location)
    if not built then return nil, err end
  end
  return nil, errors.new("protocol", "the download was redirected too often", built.label)
end

return download
