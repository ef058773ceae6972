---Errors from answers. An input is a status on a line of its own, header lines, an empty line, and the body.
---
---Holds: whatever an answer is, an error is made of it and nothing raised; it has the fields that it should, of the
---types that they have; as a text it is one printable line of bounded length; the key is nowhere in it.

local codec = require "gemini.codec"
local core = require "fuzz.core"
local errors = require "gemini.errors"
local retry = require "gemini.retry"
local shown = require "fuzz.shown"

local function label()
  return {
    method = "models.generateContent", url = "https://gemini.example/v1beta/models/a?" .. shown.SECRET, attempts = 1,
    secret = function() return shown.SECRET end,
  }
end

local function split(input)
  local status, rest = input:match("^(%d%d%d)\n(.*)$")
  if not status then return 400, {}, input end
  local head, body = rest:match("^(.-\n)\n(.*)$")
  return math.tointeger(tonumber(status)), core.headers(head or ""), body or rest
end

local function checkAnswer(status, headers, body)
  local err = errors.http(status, body, codec.decode, label(), headers)
  shown.check(err)
  assert(err.kind == (status < 400 and "protocol" or "api"), "its kind is another")
  assert(err.code, "it has no code")
  assert(type(retry.mayPass(err)) == "boolean", "nobody knows whether it passes")
  local seconds = retry.asked(err, retry.USUAL)
  assert(seconds == nil or seconds >= 0 and seconds <= retry.USUAL.maxDelay, "nobody waits for so long")
end

-- As in an answer of status 200, in an event of a stream, and in an operation.
local function checkObject(body)
  local object = errors.find((codec.decode(body)), codec.decode)
  if not object then return end
  shown.check(errors.api(object, label()))
  shown.check(errors.status(object, label()))
end

return function(input)
  local status, headers, body = split(input)
  checkAnswer(status, headers, body)
  checkObject(body)
  shown.check(errors.protocol("the answer is no JSON", body, label()))
end
