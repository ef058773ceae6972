---Carries out a download: follows the server to where the bytes are, and returns them.

local errors = require "gemini.errors"
local origin = require "gemini.origin"
local rest = require "gemini.rest"
local tables = require "gemini.tables"
local wire = require "gemini.wire"

local REDIRECTS = { [301] = true, [302] = true, [303] = true, [307] = true, [308] = true }
local MOST_REDIRECTS = 5

-- The same request at the place that a redirect names; nil and the error where that is none of this server's.
local function redirected(client, request, location)
  local url = location and origin.resolve(client.baseUrl, location)
  if not url then
    return nil, errors.new("protocol", "the server redirects the download to another host", request.label)
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
    local transfer, err = rest.exchange(client, request)
    if not transfer then return nil, err end
    local location = REDIRECTS[transfer:status()] and transfer:headers().location
    if not location then
      err = wire.failure(client.wire, transfer, request.label)
      local bytes = not err and transfer:bodyText() or nil
      transfer:close()
      return bytes, err
    end
    transfer:close()
    request, err = redirected(client, request, location)
    if not request then return nil, err end
  end
  return nil, errors.new("protocol", "the download was redirected too often", request.label)
end
