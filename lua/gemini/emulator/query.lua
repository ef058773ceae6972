-- Reads a query string against the parameters that a route takes.
local check = require "gemini.emulator.check"
local errors = require "gemini.emulator.errors"
local names = require "gemini.emulator.names"

local query = {}

-- Parameters that every Google API takes.
local SYSTEM = {
  ["$.xgafv"] = true, ["$alt"] = true, ["$callback"] = true, ["$prettyPrint"] = true, access_token = true, alt = true,
  callback = true, fields = true, key = true, oauth_token = true, prettyPrint = true, quotaUser = true,
  uploadType = true, upload_protocol = true,
}

local function unknown(name)
  local text = "Invalid JSON payload received. Unknown name \"%s\": Cannot bind query parameter. "
    .. "Field '%s' could not be found in request message."
  return { description = text:format(name, name) }
end

local function readOne(out, violations, types, name, text)
  if SYSTEM[name] then
    out[name] = text
    return
  end
  local key = types[name] and name or names.camelCase(name)
  local problem = not types[key] and unknown(name)
  if not problem then out[key], problem = check.parameter(types[key], text, key) end
  if problem then table.insert(violations, problem) end
end

---Gives the parameters their types; raises an error object for unknown ones and for values that do not fit.
---@param pairsGiven { [1]: string, [2]: string }[] names and values in their order
---@param types table<string, string>? the route's parameters by lowerCamelCase name
---@return table<string, any>
function query.read(pairsGiven, types)
  local out, violations = {}, {}
  for _, pair in ipairs(pairsGiven) do readOne(out, violations, types or {}, pair[1], pair[2]) end
  if #violations > 0 then error(errors.badRequest(violations), 0) end
  return out
end

---The first value of a parameter in a query that has not been read yet.
---@param pairsGiven { [1]: string, [2]: string }[]
---@param name string
---@return string?
function query.find(pairsGiven, name)
  for _, pair in ipairs(pairsGiven) do
    if pair[1] == name then return pair[2] end
  end
end

return query
