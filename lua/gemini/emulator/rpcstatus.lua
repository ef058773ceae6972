-- An error as part of a result: google.rpc.Status, whose codes are gRPC's and not those of HTTP.
local codes = require "gemini.codes"
local errors = require "gemini.emulator.errors"

local NUMBERS = {}
for number, row in ipairs(codes) do NUMBERS[row[1]] = number end

---@param problem any what was raised: an error object, or a text
---@return table status
return function(problem)
  if not errors.is(problem) then problem = errors.new("INTERNAL", tostring(problem)) end
  local body = problem.error
  return { code = NUMBERS[body.status] or NUMBERS.UNKNOWN, message = body.message, details = body.details }
end
