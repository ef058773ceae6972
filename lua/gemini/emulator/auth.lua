-- Who may call: anyone with a key that is not empty, or with the one key that the emulator was started with.
local errors = require "gemini.emulator.errors"

local auth = {}

local function refuseKey()
  errors.raise("INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", errors.info("API_KEY_INVALID"))
end

local function refuseToken()
  errors.raise("UNAUTHENTICATED", "The request's access token is not valid.", errors.info("ACCESS_TOKEN_INVALID"))
end

local function refuseNobody()
  errors.raise("PERMISSION_DENIED", "The request has no API key and no access token, and unregistered callers may not "
    .. "use this method.")
end

local function present(text) return text ~= "" and text or nil end

---Raises an error object where the caller may not go on.
---@param headers table<string, string>
---@param queryKey string? the key from the query string
---@param accepted string? the only key that is accepted; nil for any
function auth.check(headers, queryKey, accepted)
  local key = present(headers["x-goog-api-key"]) or present(queryKey)
  local token = (headers.authorization or ""):match("^[Bb]earer%s+(%S+)")
  if not key and not token then refuseNobody() end
  if not accepted then return end
  if key and key ~= accepted then refuseKey() end
  if not key and token ~= accepted then refuseToken() end
end

return auth
