---JSON between transfers and the rest: by the core's codec, or by one that the user gave.

require("gemini.interpreted")()

local errors = require "gemini.errors"
local tables = require "gemini.tables"

local wire = {}

---@class gemini.Wire
---@field encode fun(value: any): string?, string?  the text, or nil and what JSON can't hold
---@field decode fun(text: string): any, string?  the value, or nil and what is wrong
---@field event fun(transfer: userdata): any, string?, string?  the next event or nil; or nil, problem and text
---@field body fun(transfer: userdata): any, string?, string?  the answer; or nil, problem and text

---@return gemini.Wire
local function native(maxDepth)
  local codec = require "gemini.codec"
  return {
    encode = codec.encode,
    decode = function(text) return codec.decode(text, maxDepth) end,
    event = function(transfer) return transfer:event(maxDepth) end,
    body = function(transfer) return transfer:body(maxDepth) end,
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
  return type(value) == "table" and next(value) == nil and getmetatable(value) == require("gemini.codec").arrayMt
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

---@return gemini.Wire
local function foreign(json)
  local decode = guarded(json.decode, "json.decode")
  local function decoded(text)
    if text == nil then return nil end
    local value, problem = decode(text)
    if value == nil then return nil, problem, text end
    return value
  end
  return {
    encode = textOnly(guarded(json.encode, "json.encode"), rawget(json, "empty_array")),
    decode = decode,
    event = function(transfer) return decoded(transfer:eventText()) end,
    body = function(transfer) return decoded(transfer:bodyText()) end,
  }
end

---@param json? { encode: function, decode: function }  the user's codec
---@param maxDepth? integer  of what the core's codec decodes; its own limit when absent
---@return gemini.Wire
function wire.new(json, maxDepth)
  return json and foreign(json) or native(maxDepth)
end

-- The error of a transfer that has failed. Of an answer that is too large, the status is known all the same.
local function broken(transfer, kind, message, call)
  local status = kind == "limit" and transfer:status()
  local told = require("gemini.failures").tell(kind, message, call.url)
  return errors.new(kind, told, call, status and status >= 300 and { code = status } or nil)
end

---The error in which a finished transfer ended, nil if its answer has a 2xx status.
---@param codec gemini.Wire
---@param transfer userdata
---@param call gemini.Label
---@return gemini.Error?
function wire.failure(codec, transfer, call)
  local kind, message = transfer:failure()
  if kind then return broken(transfer, kind, message, call) end
  local status = transfer:status()
  if status >= 200 and status < 300 then return nil end
  return errors.http(status, transfer:bodyText(), codec.decode, call, transfer:headers())
end

return wire
