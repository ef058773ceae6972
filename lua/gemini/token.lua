---Access tokens as credentials.

local errors = require "gemini.errors"

-- Asks a function for the token, anew at each request.
local function ask(token, problemOf, label)
  local value, problem = token()
  if value == nil then
    return nil, errors.new("network", "no access token: " .. tostring(problem or "the function gave none"), label)
  end
  if type(value) ~= "string" then
    error(("%s: token: the function must return a string, got %s"):format(label.method, type(value)), 0)
  end
  problem = problemOf("token", value)
  if problem then error(("%s: %s"):format(label.method, problem), 0) end
  return value
end

---@param token string|fun(): string?, string?  the token, or what gives it
---@param problemOf fun(name: string, value: string): string?  what is wrong with one that a function gave
---@return fun(label: gemini.Label): table<string, string>?, gemini.Error? credentials  as a client's
return function(token, problemOf)
  return function(label)
    local value, err = token, nil
    if type(token) == "function" then value, err = ask(token, problemOf, label) end
    if not value then return nil, err end
    label.secret = function() return value end
    return { Authorization = "Bearer " .. value }
  end
end
