---JSON between transfers and the rest: by the core's codec, or by one that the user gave.

require("gemini.interpreted")()

local codec = require("gemini.lazy") "gemini.codec"
local delay = require "gemini.delay"
local errors = require "gemini.errors"
local tables = require "gemini.tables"

local wire = {}

---@class gemini.Wire
---@field encode fun(value: any): string?, string?  the text, or nil and what JSON can't hold
---@field decode fun(text: string): any, string?  the value, or nil and what is wrong
---@field event fun(transfer: userdata, backlog?: userdata): any, string?, string?  the next event or nil; or nil,
---  problem and text. The text of each goes to the backlog
---@field body fun(transfer: userdata, packed?: string): any, string?, string?  the answer, in which lists of numbers
---  under the key `packed` are vectors; or nil, problem and text

---@return gemini.Wire
local function native(maxDepth)
  return {
    encode = function(value) return codec.encode(value) end,
    decode = function(text) return codec.decode(text, maxDepth) end,
    event = function(transfer, backlog) return transfer:event(maxDepth, backlog) end,
    body = function(transfer, packed) return transfer:body(maxDepth, packed) end,
  }
end

-- Other codecs raise what ours returns.
local function guarded(fn, name)
  return function(value)
    local ok, result, problem = pcall(fn, value)
    if ok and result ~= nil then return result end
    return nil, tostring(ok and (problem or name .. " returned nil") or result)
  end
end

-- Deeper there is a cycle, which is the codec's to refuse.
local DEEPEST = 1000

local function isEmptyList(value)
  return type(value) == "table" and next(value) == nil and getmetatable(value) == codec.arrayMt
end

-- Other codecs do not know our mark of an empty list, and most have none: one among fields is left out, which says the
-- same on this wire.
local function withoutMarks(value, empty, depth)
  if type(value) ~= "table" or depth > DEEPEST then return value end
  local out
  for key, inner in next, value do
    local plain = inner
    if not isEmptyList(inner) then
      plain = withoutMarks(inner, empty, depth + 1)
    elseif empty ~= nil or type(key) == "string" then
      plain = empty
    end
    if not rawequal(plain, inner) then
      out = out or tables.copy(value)
      out[key] = plain
    end
  end
  return out or value
end

local function textOnly(encode, empty)
  return function(value)
    local text, problem = encode(withoutMarks(value, empty, 1))
    if type(text) == "string" then return text end
    return nil, problem or "json.encode must return a string, got " .. type(text)
  end
end

-- Whether a text is cut off, the core's codec tells of all in the same words.
local function explained(decode)
  return function(text)
    local value, problem = decode(text)
    if value ~= nil then return value end
    local _, ours = codec.decode(text)
    return nil, ours or problem
  end
end

---@return gemini.Wire
local function foreign(json)
  local decode = explained(guarded(json.decode, "json.decode"))
  local function decoded(text)
    if text == nil then return nil end
    local value, problem = decode(text)
    if value == nil then return nil, problem, text end
    return value
  end
  return {
    encode = textOnly(guarded(json.encode, "json.encode"), rawget(json, "empty_array")),
    decode = decode,
    event = function(transfer, backlog) return decoded(transfer:eventText(nil, backlog)) end,
    body = function(transfer, packed)
      local value, problem, text = decoded(transfer:bodyText())
      if packed then require("gemini.pack")(value, packed) end
      return value, problem, text
    end,
  }
end

---@param json? { encode: function, decode: function }  the user's codec
---@param maxDepth? integer  of what the core's codec decodes; its own limit when absent
---@return gemini.Wire
function wire.new(json, maxDepth)
  return json and foreign(json) or native(maxDepth)
end

-- Where an answer that broke off tells more than the break.
local QUOTED = { truncated = true, protocol = true, network = true }

local function broken(transfer, kind, message, call)
  local status, more = transfer:status(), nil
  message = require("gemini.failures").tell(kind, message, call.url)
  if status and status >= 300 then
    more = { code = status, retryAfter = delay.header(transfer:headers()["retry-after"]) }
  end
  return errors.quoting(kind, message, QUOTED[kind] and transfer:bodyText() or "", call, more)
end

---The error in which a finished transfer ended, nil if its answer has a 2xx status.
---@param by gemini.Wire
---@param transfer userdata
---@param call gemini.Label
---@return gemini.Error?
function wire.failure(by, transfer, call)
  local kind, message = transfer:failure()
  if kind then return broken(transfer, kind, message, call) end
  local status = transfer:status()
  if status >= 200 and status < 300 then return nil end
  return errors.http(status, transfer:bodyText(), by.decode, call, transfer:headers())
end

local FIELDS = { "data", "event", "id", "retry" }

-- Whether events may begin so; a comment's name is empty.
local function mayBeEvents(text)
  local name = text:gsub("^\239\187\191", ""):match("^[\r\n]*([^:\r\n]*)")
  for _, field in ipairs(FIELDS) do
    if field:sub(1, #name) == name then return true end
  end
  return false
end

---The error of a finished stream that has not said all.
---@param transfer userdata
---@param began boolean?  whether there was a chunk
---@param call gemini.Label
---@return gemini.Error
function wire.unfinished(transfer, began, call)
  local text = transfer:bodyText()
  if not (began or mayBeEvents(text)) then return errors.protocol("the answer is no event stream", text, call) end
  return errors.quoting("truncated", "the stream ended without a finish reason", began and "" or text, call)
end

return wire
