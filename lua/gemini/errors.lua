---The error object: what went wrong in the world, for a program to act on and for a person to read.

require("gemini.interpreted")()

local codes = require "gemini.codes"
local delay = require "gemini.delay"
local details = require "gemini.details"
local hint = require "gemini.hints"
local plain = require "gemini.plain"
local secret = require "gemini.secret"
local tables = require "gemini.tables"

local errors = {}

---@class gemini.Error
---@field kind "api"|"network"|"timeout"|"tls"|"protocol"|"truncated"|"cancelled"|"limit"|"io"
---@field message string
---@field method string  the REST method, "models.generateContent"
---@field url string
---@field code? integer  HTTP status
---@field status? string  "RESOURCE_EXHAUSTED"
---@field reason? string  ErrorInfo's reason, "API_KEY_INVALID"
---@field details? table[]  as the server sent them
---@field violations? table[]  BadRequest's and QuotaFailure's among them
---@field retryAfter? number  seconds to wait, as the server says, which cuts RetryInfo's to whole ones: add a margin
---@field partial? gemini.Reply|gemini.File|gemini.Operation|gemini.Interaction|table  what a stream had brought before,
---  what is there that was waited for in vain, or the embeddings of embedMany that came
---@field toolTurns? gemini.Content[]  what functions that a model called had done before
---@field session? gemini.UploadSession  of an upload that may go on
---@field attempts integer  requests sent
---@field traceback? string  where a task raised it first
local Error = { __name = "gemini.error" }

local EXCERPT, LINE, STATUS = 200, 1000, 50

local function hide(text, reveal)
  return secret.hide(text, reveal and reveal())
end

-- A tree with the secret hidden in its names and strings: a copy where it occurs, so that what others hold stays whole.
local function hidden(value, reveal)
  if type(value) == "string" then return hide(value, reveal) end
  if type(value) ~= "table" then return value end
  local out, changed = {}, false
  for name, inner in next, value do
    local shownName, shown = hidden(name, reveal), hidden(inner, reveal)
    changed = changed or shownName ~= name or shown ~= inner
    out[shownName] = shown
  end
  return changed and setmetatable(out, getmetatable(value)) or value
end

---What others may see of a call: a text, or a table of texts, without its secret.
---@generic T
---@param value T
---@param call gemini.Label
---@return T value  the same where the secret is not in it
function errors.redact(value, call)
  return hidden(value, call.secret)
end

-- How an answer begins. Hidden first: half a secret would not be found.
local function excerpt(text, call)
  return plain.line(hide(text, call.secret), EXCERPT)
end

local function what(err)
  if not err.code then return err.kind end
  local status = err.status and plain.line(err.status, STATUS)
  local answer = status and ("%s %s"):format(err.code, status) or ("HTTP %s"):format(err.code)
  return err.kind == "api" and answer or ("%s (%s)"):format(err.kind, answer)
end

function Error:__tostring()
  local message = plain.line(self.message, LINE)
  local text, todo = ("%s: %s: %s"):format(self.method, what(self), message), hint(self, message)
  return todo and ("%s (%s)"):format(text, todo) or text
end

---@class gemini.Label  what was asked, for the errors about it
---@field method string  "models.generateContent"
---@field url string
---@field attempts integer  requests sent so far
---@field secret? fun(): string  what no error may show, though the server did; a function, which no dump shows either
---@field played? boolean  the last answer was a cassette's
---@field dated? boolean  what is made of the answer depends on the time: a cassette keeps that too
---@field recorded? integer  Unix seconds, where the last answer is a cassette's and has its time

---What errors about a resource tell of it, when it came with a request or does with the next one.
---@param client gemini.State
---@param method string
---@param name string
---@return gemini.Label
function errors.label(client, method, name)
  local url = ("%s/%s/%s"):format(client.baseUrl, client.version, name)
  return { method = method, url = url, attempts = 1, secret = client.secret }
end

---@param kind string
---@param message string
---@param call gemini.Label
---@param more? table  further fields
---@return gemini.Error
function errors.new(kind, message, call, more)
  local err = { kind = kind, method = call.method, attempts = call.attempts }
  err.message, err.url = hide(message, call.secret), hide(call.url, call.secret)
  for name, value in pairs(more or {}) do err[name] = value end
  return setmetatable(err, Error)
end

---Notes where an error was raised, if it is one of these.
---@param err any
---@param trace? string
function errors.locate(err, trace)
  if getmetatable(err) == Error then err.traceback = err.traceback or trace end
end

local function parsed(text, decode)
  return text:find("^%s*[{%[]") and decode(text) or nil
end

local function fromText(text, decode)
  local inner = parsed(text, decode)
  local object = inner ~= nil and errors.find(inner, decode)
  return object or { message = plain.isMarkup(text) and plain.fromMarkup(text) or text }
end

-- Proxies put the whole answer that they got into the message of their own.
local function innermost(object, decode)
  local inner = type(object.message) == "string" and parsed(object.message, decode)
  local found = type(inner) == "table" and errors.find(inner, decode)
  if not found or found.status == nil and found.code == nil then return object end
  local whole = tables.copy(object)
  for name, value in next, found do whole[name] = value end
  return whole
end

---The error that a decoded answer holds, in any of the forms that servers and gateways give it.
---@param value any
---@param decode fun(text: string): any
---@return table? object  a google.rpc.Status or what comes nearest; nil if there is none
function errors.find(value, decode)
  if type(value) == "string" then return fromText(value, decode) end
  if type(value) ~= "table" then return nil end
  if type(value.error) == "table" then return innermost(value.error, decode) end
  if type(value.error) == "string" and value.error ~= "" then return fromText(value.error, decode) end
  return value[1] ~= nil and errors.find(value[1], decode) or nil
end

local function string(value)
  return type(value) == "string" and value or nil
end

local toInteger = rawget(math, "tointeger")

-- A code, which has 32 bits; nil for any other value. Codecs that know no integers read 400 as 400.0.
local function integer(value)
  if type(value) ~= "number" or value % 1 ~= 0 or value < 0 or value >= 2 ^ 31 then return nil end
  return toInteger and toInteger(value) or value
end

---An error that the server reported.
---@param object table  from errors.find
---@param call gemini.Label
---@param more? table  further fields; the object's own code goes before a `code` among them, and such a `retryAfter`
---  before the details'
---@return gemini.Error
function errors.api(object, call, more)
  local fields = {}
  for name, value in pairs(more or {}) do fields[name] = value end
  fields.code = integer(object.code) or fields.code
  local list = hidden(object.details, call.secret)
  -- The agents family has a word for a code.
  fields.status = hidden(string(object.status) or string(object.code), call.secret)
  fields.details = type(list) == "table" and list or nil
  fields.reason = details.reason(list)
  fields.violations = details.violations(list)
  fields.retryAfter = fields.retryAfter or details.retryAfter(list)
  local message = string(object.message) or ""
  return errors.new("api", message:find("[^%c%s]") and message or "the server gave no message", call, fields)
end

---@param value any
---@return boolean  whether it is a google.rpc.Status of what went wrong; one that says nothing is none
function errors.isStatus(value)
  return type(value) == "table" and next(value) ~= nil and value.code ~= 0
end

---An error that the server reported inside of a message, an Operation for one.
---@param object table  a google.rpc.Status: its code is gRPC's
---@param call gemini.Label
---@return gemini.Error
function errors.status(object, call)
  local row, translated = codes[object.code], tables.copy(object)
  if row then
    translated.status, translated.code = row[1], row[2]
  elseif type(object.code) == "number" and object.code < 100 then
    -- A code of gRPC's to come; from 100 on it is one of HTTP.
    translated.code = nil
  end
  return errors.api(translated, call)
end

---An error about an answer: says what is wrong and how the answer begins.
---@param kind string
---@param problem string
---@param text string  the answer, or as much of it as came; "" for none
---@param call gemini.Label
---@param more? table
---@return gemini.Error
function errors.quoting(kind, problem, text, call, more)
  local begins = excerpt(text, call)
  return errors.new(kind, begins == "" and problem or ("%s: %s"):format(problem, begins), call, more)
end

---An answer that can't be used.
---@param problem string
---@param text string  the answer
---@param call gemini.Label
---@param more? table
---@return gemini.Error
function errors.protocol(problem, text, call, more)
  return errors.quoting("protocol", problem, text, call, more)
end

-- What the codec says first of text that it does not read for its depth.
local TOO_DEEP = "^nested more than (%d+) deep"

---A text in an answer that is no JSON, no JSON object, nested too deep, or not all of it.
---@param part string  "the answer", or what of it
---@param problem? string  a codec's; nil where it is JSON, and no object
---@param text string
---@param call gemini.Label
---@param more? table
---@return gemini.Error
function errors.unreadable(part, problem, text, call, more)
  if not text:find("%S") then return errors.new("protocol", part .. " is empty", call, more) end
  local depth = problem and problem:match(TOO_DEEP)
  if depth then
    return errors.new("limit", ("%s is nested deeper than maxDepth, %s"):format(part, depth), call, more)
  end
  -- Where a server or a gateway breaks off, the end that HTTP sees may be a good one.
  if (problem or ""):find("^unexpected end of text") then
    return errors.quoting("truncated", part .. " is cut off", text, call, more)
  end
  return errors.protocol(part .. (problem and " is no JSON: " .. problem or " is no JSON object"), text, call, more)
end

-- What an answer without an error object says to a person.
local function said(text, call, mediaType)
  if not text:find("%S") then return "the answer is empty" end
  if not plain.isMarkup(text, mediaType) then return excerpt(text, call) end
  -- Hidden before, for a part of it might be left out, and after, for it might have been spelled with entities.
  local shown = excerpt(plain.fromMarkup(hide(text, call.secret)), call)
  return shown ~= "" and shown or "the answer is a page without text"
end

---What an answer with an HTTP status outside of 2xx means.
---@param status integer
---@param text string  the body
---@param decode fun(text: string): any
---@param call gemini.Label
---@param headers? table<string, string>  the answer's, by lower-case name
---@return gemini.Error
function errors.http(status, text, decode, call, headers)
  local fields = { code = status }
  if status < 400 then
    return errors.protocol(("HTTP status %d was not expected here"):format(status), text, call, fields)
  end
  headers = headers or {}
  fields.retryAfter = delay.header(headers["retry-after"])
  local object = errors.find((decode(text)), decode)
  return errors.api(object or { message = said(text, call, headers["content-type"]) }, call, fields)
end

return errors
