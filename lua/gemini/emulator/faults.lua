-- How requests shall fail: rules that the emulator was told, each for some of the requests that fit it.
require("gemini.interpreted")()

local errors = require "gemini.emulator.errors"
local json = require "gemini.emulator.json"

local Faults = {}
Faults.__index = Faults

---@class gemini.emulator.Fault
---@field path string? what the request's path holds
---@field verb string? "POST"
---@field command string? of an upload: "start", "upload", "upload, finalize", "query"
---@field after integer? how many requests that fit are let through first, default 0
---@field times integer? how many then fail, default 1
---@field dropRequest integer? the connection breaks behind so many bytes of the request's body, or at its end
---@field status integer? the answer is an error with this HTTP status, and nothing is done
---@field retryAfter integer? seconds, in that answer's headers
---@field take integer? of an upload's chunk only so many bytes are taken
---@field dropAnswer integer? the request is carried out, and the connection breaks behind so many bytes of the answer's
---  body; at 0, before its head

local function isCount(value)
  return type(value) == "number" and value >= 0 and value % 1 == 0 and value < 2 ^ 50
end

local function isText(value) return type(value) == "string" end

local function isError(value) return errors.isHttpStatus(value, 400) end

local COUNT, TEXT = { isCount, "a whole number" }, { isText, "a string" }
local RULES = {
  path = TEXT, verb = TEXT, command = TEXT, after = COUNT, times = COUNT, dropRequest = COUNT, take = COUNT,
  dropAnswer = COUNT, retryAfter = COUNT, status = { isError, "an HTTP status from 400 to 599" },
}

-- Numbers that came as JSON may be floats.
local function whole(fault)
  local out = {}
  for name, value in pairs(fault) do out[name] = type(value) == "number" and math.floor(value) or value end
  return out
end

local function problemOf(fault)
  if type(fault) ~= "table" then return "a fault is a table" end
  for name, value in pairs(fault) do
    local rule = RULES[name]
    if not rule then return ("a fault has no '%s'"):format(tostring(name)) end
    if not rule[1](value) then return ("a fault's %s must be %s"):format(name, rule[2]) end
  end
end

---@return table faults none yet
function Faults.new() return setmetatable({ list = {} }, Faults) end

---@param list any
---@return string? problem nil where it is a list of faults
function Faults.problem(list)
  if type(list) ~= "table" then return "faults must be a list, got " .. type(list) end
  local places = {}
  for i in ipairs(list) do places[i] = true end
  for key in pairs(list) do
    if not places[key] then return ("faults must be a list, got a field '%s'"):format(tostring(key)) end
  end
  for _, fault in ipairs(list) do
    local problem = problemOf(fault)
    if problem then return problem end
  end
end

---Takes rules in the place of those before.
---@param list gemini.emulator.Fault[]
---@return string? problem nil where all of them are right; else nothing changes
function Faults:set(list)
  local problem = Faults.problem(list)
  if problem then return problem end
  self.list = {}
  for i, fault in ipairs(list) do self.list[i] = { fault = whole(fault), passed = 0, met = 0 } end
end

local function fits(fault, request)
  local command = (request.headers["x-goog-upload-command"] or ""):gsub("%s*,%s*", ", ")
  return (not fault.path or request.path:find(fault.path, 1, true) ~= nil)
    and (not fault.verb or fault.verb == request.verb)
    and (not fault.command or fault.command == command)
end

-- Counts a request that fits; true where it fails.
local function strikes(rule)
  if rule.passed < (rule.fault.after or 0) then
    rule.passed = rule.passed + 1
    return false
  end
  rule.met = rule.met + 1
  return rule.met <= (rule.fault.times or 1)
end

---The fault that a request suffers, by the first rule that strikes.
---@param request table
---@return gemini.emulator.Fault? fault
function Faults:find(request)
  for _, rule in ipairs(self.list) do
    if fits(rule.fault, request) and strikes(rule) then return rule.fault end
  end
end

---The answer of a fault with a status.
---@param fault gemini.emulator.Fault
---@return table response
function Faults.response(fault)
  local problem = errors.complete { error = { code = fault.status, message = "The emulator was told to fail." } }
  return {
    status = fault.status,
    headers = { ["Content-Type"] = "application/json; charset=UTF-8", ["Retry-After"] = fault.retryAfter },
    body = json.encode { error = problem.error },
  }
end

return Faults
