-- An error as part of a result: google.rpc.Status, whose codes are gRPC's and not those of HTTP.
local errors = require "gemini.emulator.errors"

local CODES = {
  CANCELLED = 1, UNKNOWN = 2, INVALID_ARGUMENT = 3, DEADLINE_EXCEEDED = 4, NOT_FOUND = 5, ALREADY_EXISTS = 6,
  PERMISSION_DENIED = 7, RESOURCE_EXHAUSTED = 8, FAILED_PRECONDITION = 9, ABORTED = 10, OUT_OF_RANGE = 11,
  UNIMPLEMENTED = 12, INTERNAL = 13, UNAVAILABLE = 14, DATA_LOSS = 15, UNAUTHENTICATED = 16,
}

---@param problem any what was raised: an error object, or a text
---@return table status
return function(problem)
  if not errors.is(problem) then problem = errors.new("INTERNAL", tostring(problem)) end
  local body = problem.error
  return { code = CODES[body.status] or CODES.UNKNOWN, message = body.message, details = body.details }
end
