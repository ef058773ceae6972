---Access tokens that a function gives, anew at each request.

local errors = require "gemini.errors"

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

---@param token fun(): string?, string?
---@param problemOf fun(name: string, value: string): string?  what is wrong with a token
---@return fun(label: gemini.Label): table<string, string>?, gemini.Error? credentials  as a client's
return function(token, problemOf)
  return function(label)
    local value, err = ask(token, problemOf, label)
    if not value then return nil, err end
    label.secret = function() return value end
    return { Authorization = "Bearer " .. value }
  end
end
