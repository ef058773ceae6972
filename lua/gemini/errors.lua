---The error object: what went wrong in the world, for a program to act on and for a person to read.

require("gemini.interpreted")()

local errors = {}

---@class gemini.Error
---@field kind "api"|"network"|"timeout"|"tls"|"protocol"|"truncated"|"cancelled"|"limit"
---@field message string
---@field method string  the REST method, "models.generateContent"
---@field url string
---@field code? integer  HTTP status
---@field status? string  "RESOURCE_EXHAUSTED"
---@field reason? string  ErrorInfo's reason, "API_KEY_INVALID"
---@field details? table[]  as the server sent them
---@field partial? gemini.Reply  what a stream had brought before
---@field attempts integer  requests sent
local Error = { __name = "gemini.error" }

local EXCERPT, LINE = 200, 1000

-- One printable line, and not too long a one.
local function line(text, most)
  text = text:sub(1, 4 * most):gsub("[%c%s]+", " "):gsub("^ ", ""):gsub(" $", "")
  if #text <= most then return text end
  -- Not in the middle of a UTF-8 sequence.
  return (text:sub(1, most):gsub("[\192-\255]?[\128-\191]*$", "")) .. "…"
end

-- Shorter secrets are none, and would be found in any text.
local SHORTEST_SECRET = 8

local function hide(text, secret)
  if not secret or #secret < SHORTEST_SECRET then return text end
  return (text:gsub(secret:gsub("%p", "%%%0"), "(redacted)"))
end

-- How an answer begins. Hidden first: half a secret would not be found.
local function excerpt(text, call)
  return line(hide(text, call.secret), EXCERPT)
end

function Error:__tostring()
  local what = self.kind
  if self.code then
    what = self.status and ("%s %s"):format(self.code, self.status) or ("HTTP %s"):format(self.code)
    if self.kind ~= "api" then what = ("%s (%s)"):format(self.kind, what) end
  end
  return ("%s: %s: %s"):format(self.method, what, line(self.message, LINE))
end

---@class gemini.Label  what was asked, for the errors about it
---@field method string  "models.generateContent"
---@field url string
---@field attempts integer  requests sent so far
---@field secret? string  what no error may show, though the server did

---@param kind string
---@param message string
---@param call gemini.Label
---@param more? table  further fields
---@return gemini.Error
function errors.new(kind, message, call, more)
  local err = { kind = kind, message = hide(message, call.secret), method = call.method, url = call.url }
  err.attempts = call.attempts
  for name, value in pairs(more or {}) do err[name] = value end
  return setmetatable(err, Error)
end

local function reasonOf(details)
  for _, detail in ipairs(type(details) == "table" and details or {}) do
    if type(detail) == "table" and type(detail.reason) == "string" then return detail.reason end
  end
end

---The error that a decoded answer holds, in any of the forms that servers and gateways give it.
---@param value any
---@param decode fun(text: string): any
---@return table? object  a google.rpc.Status or what comes nearest; nil if there is none
function errors.find(value, decode)
  if type(value) == "string" then
    local inner = value:find("^%s*[{%[]") and decode(value)
    return inner and errors.find(inner, decode) or { message = value }
  end
  if type(value) ~= "table" then return nil end
  if type(value.error) == "table" then return value.error end
  if type(value.error) == "string" then return { message = value.error } end
  return value[1] ~= nil and errors.find(value[1], decode) or nil
end

local function string(value)
  return type(value) == "string" and value or nil
end

local toInteger = rawget(math, "tointeger")

-- Codecs that know no integers read 400 as 400.0.
local function integer(value)
  return toInteger and toInteger(value) or value
end

---An error that the server reported.
---@param object table  from errors.find
---@param call gemini.Label
---@param more? table  further fields; the object's own code goes before a `code` among them
---@return gemini.Error
function errors.api(object, call, more)
  local fields = {}
  for name, value in pairs(more or {}) do fields[name] = value end
  if type(object.code) == "number" then fields.code = integer(object.code) end
  fields.status = string(object.status)
  fields.details = type(object.details) == "table" and object.details or nil
  fields.reason = reasonOf(object.details)
  return errors.new("api", string(object.message) or "the server gave no message", call, fields)
end

---An answer that can't be used: says what is wrong and how the answer begins.
---@param problem string
---@param text string  the answer
---@param call gemini.Label
---@param more? table
---@return gemini.Error
function errors.protocol(problem, text, call, more)
  local begins = text == "" and "" or (": %s"):format(excerpt(text, call))
  return errors.new("protocol", problem .. begins, call, more)
end

---What an answer with an HTTP status outside of 2xx means.
---@param status integer
---@param text string  the body
---@param decode fun(text: string): any
---@param call gemini.Label
---@return gemini.Error
function errors.http(status, text, decode, call)
  local fields = { code = status }
  if status < 400 then
    return errors.protocol(("HTTP status %d was not expected here"):format(status), text, call, fields)
  end
  local object = errors.find((decode(text)), decode)
  object = object or { message = text ~= "" and excerpt(text, call) or "the answer is empty" }
  return errors.api(object, call, fields)
end

return errors
