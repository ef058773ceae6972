---The error object: what went wrong in the world, for a program to act on and for a person to read.

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

local EXCERPT = 200

-- One printable line, and not too long a one.
local function line(text)
  text = text:gsub("[%c%s]+", " "):gsub("^ ", ""):gsub(" $", "")
  if #text <= EXCERPT then return text end
  -- Not in the middle of a UTF-8 sequence.
  return (text:sub(1, EXCERPT):gsub("[\192-\255]?[\128-\191]*$", "")) .. "…"
end

function Error:__tostring()
  local what = self.kind
  if self.code then
    what = self.status and ("%s %s"):format(self.code, self.status) or ("HTTP %s"):format(self.code)
    if self.kind ~= "api" then what = ("%s (%s)"):format(self.kind, what) end
  end
  return ("%s: %s: %s"):format(self.method, what, (self.message:gsub("[%c%s]+", " ")))
end

---@param kind string
---@param message string
---@param call { method: string, url: string }  what was asked
---@param more? table  further fields
---@return gemini.Error
function errors.new(kind, message, call, more)
  local err = { kind = kind, message = message, method = call.method, url = call.url, attempts = 1 }
  for name, value in pairs(more or {}) do err[name] = value end
  return setmetatable(err, Error)
end

local function reasonOf(details)
  for _, detail in ipairs(type(details) == "table" and details or {}) do
    if type(detail) == "table" and type(detail.reason) == "string" then return detail.reason end
  end
end

-- The error object in any of the forms that servers and gateways give it.
local function find(value, decode)
  if type(value) == "string" then
    local inner = value:find("^%s*[{%[]") and decode(value)
    return inner and find(inner) or { message = value }
  end
  if type(value) ~= "table" then return nil end
  if value.error ~= nil then
    return type(value.error) == "table" and value.error or { message = tostring(value.error) }
  end
  return value[1] ~= nil and find(value[1], decode) or nil
end

---The error that a decoded answer holds, nil if it holds none.
---@param value any
---@param decode fun(text: string): any
---@return table? object  a google.rpc.Status or what comes nearest
function errors.find(value, decode)
  return find(value, decode)
end

local function string(value)
  return type(value) == "string" and value or nil
end

---An error that the server reported.
---@param object table  from errors.find
---@param call { method: string, url: string }
---@param more? table  further fields; the object's own code goes before a `code` among them
---@return gemini.Error
function errors.api(object, call, more)
  local fields = {}
  for name, value in pairs(more or {}) do fields[name] = value end
  if type(object.code) == "number" then fields.code = object.code end
  fields.status = string(object.status)
  fields.details = type(object.details) == "table" and object.details or nil
  fields.reason = reasonOf(object.details)
  return errors.new("api", string(object.message) or "the server gave no message", call, fields)
end

---An answer that can't be used: says what is wrong and how the answer begins.
---@param problem string
---@param text string  the answer
---@param call { method: string, url: string }
---@param more? table
---@return gemini.Error
function errors.protocol(problem, text, call, more)
  local begins = text == "" and "" or (": %s"):format(line(text))
  return errors.new("protocol", problem .. begins, call, more)
end

---What an answer with an HTTP status outside of 2xx means.
---@param status integer
---@param text string  the body
---@param decode fun(text: string): any
---@param call { method: string, url: string }
---@return gemini.Error
function errors.http(status, text, decode, call)
  local fields = { code = status }
  if status < 400 then
    return errors.protocol(("HTTP status %d was not expected here"):format(status), text, call, fields)
  end
  local object = find((decode(text)), decode)
  object = object or { message = text ~= "" and line(text) or "the answer is empty" }
  return errors.api(object, call, fields)
end

return errors
