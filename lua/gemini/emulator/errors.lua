-- Google's error shapes. A handler raises an error object; the service turns it into the HTTP answer.
local codes = require "gemini.codes"

local errors = {}

-- The HTTP status of each name.
local CODES = {}
for _, row in ipairs(codes) do CODES[row[1]] = row[2] end

local STATUSES = {
  [400] = "INVALID_ARGUMENT", [401] = "UNAUTHENTICATED", [403] = "PERMISSION_DENIED", [404] = "NOT_FOUND",
  [409] = "ABORTED", [429] = "RESOURCE_EXHAUSTED", [499] = "CANCELLED", [500] = "INTERNAL",
  [501] = "UNIMPLEMENTED", [503] = "UNAVAILABLE", [504] = "DEADLINE_EXCEEDED",
}

local meta = { __name = "gemini.emulator.error" }

---Makes an error object: the JSON value of an error answer.
---@param status string a canonical status name, such as "NOT_FOUND"
---@param message string
---@param details table[]?
---@return table
function errors.new(status, message, details)
  local body = { code = CODES[status], message = message, status = status, details = details }
  return setmetatable({ error = body }, meta)
end

---Raises an error object.
---@param status string
---@param message string
---@param details table[]?
function errors.raise(status, message, details) error(errors.new(status, message, details), 0) end

---Whether a value is a status of HTTP that ends a request.
---@param value any
---@param least integer
---@return boolean
function errors.isHttpStatus(value, least)
  return type(value) == "number" and value % 1 == 0 and value >= least and value <= 599
end

local function checkScripted(given)
  if type(given) ~= "table" then error("a reply's error is a table, not a " .. type(given), 0) end
  if given.code == nil or errors.isHttpStatus(given.code, 400) then return end
  error("the code of a reply's error is a number from 400 to 599", 0)
end

---Makes an error object of a script's `{ error = { … } }`, with what the script left out filled in.
---@param scripted table
---@return table
function errors.complete(scripted)
  local given = scripted.error
  checkScripted(given)
  local status = given.status or STATUSES[given.code or 500] or "UNKNOWN"
  local made = errors.new(status, given.message or "the script's error", given.details)
  made.error.code = given.code or made.error.code or 500
  return made
end

---Whether a value is an error object.
---@param value any
---@return boolean
function errors.is(value) return type(value) == "table" and getmetatable(value) == meta end

---The error for values that do not fit the request's message. Violations are `{ field =, description = }`.
---@param violations table[]
---@return table
function errors.badRequest(violations)
  local lines = {}
  for i, violation in ipairs(violations) do lines[i] = violation.description end
  return errors.new("INVALID_ARGUMENT", table.concat(lines, "\n"), {
    { ["@type"] = "type.googleapis.com/google.rpc.BadRequest", fieldViolations = violations },
  })
end

---One google.rpc.ErrorInfo, as a list of details.
---@param reason string
---@return table[]
function errors.info(reason)
  return { {
    ["@type"] = "type.googleapis.com/google.rpc.ErrorInfo",
    reason = reason,
    domain = "googleapis.com",
    metadata = { service = "generativelanguage.googleapis.com" },
  } }
end

return errors
