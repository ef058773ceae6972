---Follows a GET to where its server sends it: to places on the same server alone, for the key goes along.

local errors = require "gemini.errors"
local loop = require "gemini.loop"
local origin = require "gemini.origin"

local REDIRECTS = { [301] = true, [302] = true, [303] = true, [307] = true, [308] = true }

local redirect = {}

local function location(transfer)
  return not transfer:failure() and REDIRECTS[transfer:status()] and transfer:headers().location
end

---@param client gemini.State
---@param request gemini.Request  a GET
---@param open fun(url: string): userdata?, gemini.Error?  gives a transfer whose answer has begun
---@return userdata? transfer  the one that is no redirect
---@return gemini.Error?
function redirect.follow(client, request, open)
  local url = request.url
  for _ = 0, client.maxRedirects do
    local transfer, err = open(url)
    if not transfer then return nil, err end
    local to, status = location(transfer), transfer:status()
    if not to then return transfer end
    loop.close(transfer)
    url = origin.resolve(client.baseUrl, to)
    if not url then
      local problem = "the server redirects to no place on this host"
      return nil, errors.new("protocol", problem, request.label, { code = status })
    end
  end
  local problem = ("more than %d redirects: maxRedirects sets how many are followed"):format(client.maxRedirects)
  return nil, errors.new("limit", problem, request.label)
end

return redirect
