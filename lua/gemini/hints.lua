---What a person can do about an error, where that is known.

require("gemini.interpreted")()

local plain = require "gemini.plain"

local AGAIN = "try again later"
local PLACE = "check the network, baseUrl and proxy"
local CERTIFICATES = "where a server or a proxy has certificates of its own, give them as caFile"
local MODELS = "client.models:list() names the models"

-- Patterns for an error's fields, and the hint; the first row counts of which all fit. A third column is a pattern for
-- messages (in lower case) that say as much themselves.
local ROWS = {
  { { reason = "^API_KEY_INVALID$" }, "check apiKey, or GEMINI_API_KEY in the environment" },
  { { reason = "^API_KEY_[%u_]+_BLOCKED$" }, "check the key's restrictions, or use another" },
  { { reason = "^%u+_DISABLED$" }, "enable that in the key's Google Cloud project" },
  { { reason = "^ACCESS_TOKEN_EXPIRED$" }, "get a new token" },
  { { reason = "^ACCESS_TOKEN_SCOPE_INSUFFICIENT$" }, "get a token with the scopes of this API" },
  { { kind = "^api$", message = "unregistered callers" },
    "no key arrived: check apiKey, and what stands between here and the server" },
  { { kind = "^api$", code = "^401$" }, "check apiKey or token" },
  { { kind = "^api$", code = "^403$" }, "check what the key or the token may be used for" },
  { { kind = "^api$", status = "^NOT_FOUND$", method = "^models%.%a+$" }, MODELS },
  { { kind = "^api$", status = "^NOT_FOUND$", message = "^models/[^/%s]+ " }, MODELS },
  { { kind = "^api$", code = "^404$", status = "^$" }, "check baseUrl and version" },
  { { kind = "^protocol$", code = "^3%d%d$" }, "check baseUrl" },
  { { kind = "^api$", code = "^407$" }, "check the user name and the password in proxy" },
  { { kind = "^api$", code = "^413$" }, "send less at once" },
  { { kind = "^api$", code = "^429$" }, "the quota is used up: wait, send less, or have it raised" },
  { { kind = "^api$", code = "^504$" }, "give a longer timeout, send less, or " .. AGAIN },
  { { kind = "^api$", code = "^408$" }, AGAIN, "again" },
  { { kind = "^api$", code = "^50[023]$" }, AGAIN, "again" },
  { { kind = "^timeout$", message = "^no complete answer" }, "give a longer timeout" },
  { { kind = "^timeout$", message = "^no byte" }, "give a longer idleTimeout" },
  { { kind = "^timeout$", message = "has not finished within" }, "wait again, or give wait a longer timeout" },
  { { kind = "^timeout$", message = "is not active after" }, "wait again, or give the wait a longer timeout" },
  { { kind = "^timeout$", message = "^the client's limit" }, "give a longer timeout, or raise limit" },
  { { kind = "^timeout$", attempts = "^[1-9]" }, "check the network and proxy, or give a longer connectTimeout" },
  { { kind = "^tls$", message = "^the file of trusted" }, "check caFile" },
  { { kind = "^tls$", message = "is for another host" }, PLACE },
  { { kind = "^tls$", message = "has expired" }, "check the clock; else it is the server's to mend" },
  { { kind = "^tls$", message = "is not valid yet" }, "check the clock; else it is the server's to mend" },
  { { kind = "^tls$", message = "certificate" }, CERTIFICATES },
  { { kind = "^tls$" }, PLACE },
  { { kind = "^network$", message = "^the proxy does not let us" }, "check proxy, its user name and its password" },
  -- A request that was sent: what keeps one from being sent is not the network's.
  { { kind = "^network$", attempts = "^[1-9]" }, PLACE },
}

local function fits(patterns, err)
  for name, pattern in pairs(patterns) do
    local value = err[name]
    if not tostring(value == nil and "" or value):find(pattern) then return false end
  end
  return true
end

local function known(err)
  for _, row in ipairs(ROWS) do
    if fits(row[1], err) then
      local said = row[3] and err.message:lower():find(row[3])
      return not said and row[2] or nil
    end
  end
end

local function wait(seconds)
  if type(seconds) ~= "number" then return nil end
  return seconds > 0 and ("try again in %d s"):format(math.ceil(seconds)) or "try again now"
end

local NAMED, NAME = 3, 80

local function nameOf(violation)
  for _, field in ipairs { "field", "quotaId", "quotaMetric", "subject" } do
    local name = violation[field]
    if type(name) == "string" and name ~= "" then return name end
  end
end

-- The first of what the violations are about, as far as the message does not name it.
local function concerned(err, message)
  local names, seen = {}, {}
  for _, violation in ipairs(type(err.violations) == "table" and err.violations or {}) do
    local name = nameOf(violation)
    if name and not seen[name] and not message:find(name, 1, true) then
      seen[name] = true
      names[#names + 1] = #names < NAMED and plain.line(name, NAME) or "…"
      if #names > NAMED then break end
    end
  end
  return names[1] and "concerns " .. table.concat(names, ", ")
end

---@param err gemini.Error
---@param message string  its message as it is shown: one short line
---@return string? hint  one short line
return function(err, message)
  local about, todo = concerned(err, message), wait(err.retryAfter) or known(err)
  return about and todo and ("%s; %s"):format(about, todo) or about or todo
end
