---Carries out a download: follows the server to where the bytes are, and returns them.

local errors = require "gemini.errors"
local origin = require "gemini.origin"
local rest = require "gemini.rest"
local tables = require "gemini.tables"

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
local function redirected(client, request, location)
  local url = origin.resolve(client.baseUrl, location)
  if not url then
    return nil, errors.new("protocol", "the server redirects the download to no place on this host", request.label)
  end
  local turned = tables.copy(request)
  turned.url = url
  return turned
end

---@param client gemini.State
---@param request gemini.Request  a GET
---@return string? bytes
---@return gemini.Error?
return function(client, request)
  for _ = 0, MOST_REDIRECTS do
    local answer, err = rest.exchange(client, request, read, redirects)
    if not answer then return nil, err end
    if answer.bytes then return answer.bytes end
    request, err = redirected(client, request, answer.location)
    if not request then return nil, err end
  end
  return nil, errors.new("protocol", "the download was redirected too often", request.label)
end
