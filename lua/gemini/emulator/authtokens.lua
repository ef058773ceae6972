-- The method auth_tokens.create: tokens for Live sessions that a client without a key opens.
require("gemini.interpreted")()

local tables = require "gemini.tables"
local errors = require "gemini.emulator.errors"
local moment = require "gemini.moment"

local HOUR = 3600
-- For how long a token may be used, and for how long a session may be begun with it.
local TIMES = { expireTime = HOUR / 2, newSessionExpireTime = 60 }
local LONGEST = 20 * HOUR

local function checkTime(context, name, text)
  local left = moment(text) - context.store:now()
  if left > 0 and left <= LONGEST then return end
  errors.raise("INVALID_ARGUMENT", ("%s must be in the future, and at most 20 hours away."):format(name))
end

local function create(context)
  local value = tables.copy(context.body)
  for name, seconds in pairs(TIMES) do
    if value[name] then checkTime(context, name, value[name]) end
    value[name] = value[name] or context.store:time(context.store:now() + seconds)
  end
  if value.uses and value.uses < 0 then errors.raise("INVALID_ARGUMENT", "uses must not be negative.") end
  value.uses = value.uses or 1
  value.name = "auth_tokens/" .. context.store:id()
  return { json = context.store:insert(value.name, value) }
end

return { methods = { ["auth_tokens.create"] = create } }
