---The details of a google.rpc.Status: what stands in them for a program to act on.

local delay = require "gemini.delay"
local tables = require "gemini.tables"

local details = {}

-- Gateways drop the types: what has none may be any.
local function is(detail, name)
  local kind = detail["@type"]
  return type(kind) ~= "string" or kind:match("[^/]*$") == "google.rpc." .. name
end

---@param list any  an error's details
---@return string? reason  ErrorInfo's
function details.reason(list)
  for _, detail in ipairs(tables.objects(list)) do
    if is(detail, "ErrorInfo") and type(detail.reason) == "string" then return detail.reason end
  end
end

local VIOLATIONS = { { "BadRequest", "fieldViolations" }, { "QuotaFailure", "violations" } }

---@param list any
---@return table[]? violations  BadRequest's and QuotaFailure's, as the server sent them; nil when there are none
function details.violations(list)
  local out = {}
  for _, detail in ipairs(tables.objects(list)) do
    for _, where in ipairs(VIOLATIONS) do
      local found = is(detail, where[1]) and tables.objects(detail[where[2]]) or {}
      for _, violation in ipairs(found) do out[#out + 1] = violation end
    end
  end
  return out[1] and out
end

---@param list any
---@return number? seconds  RetryInfo's delay
function details.retryAfter(list)
  for _, detail in ipairs(tables.objects(list)) do
    local seconds = is(detail, "RetryInfo") and delay.duration(detail.retryDelay)
    if seconds then return seconds end
  end
end

return details
