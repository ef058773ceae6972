-- The resource `cachedContents`: beginnings of prompts that requests for generation name instead of sending them. What
-- was put in is never shown again, and is gone at its time.
require("gemini.interpreted")()

local delay = require "gemini.delay"
local tables = require "gemini.tables"
local collection = require "gemini.emulator.collection"
local errors = require "gemini.emulator.errors"
local metadata = require "gemini.emulator.metadata"
local models = require "gemini.emulator.models"
local moment = require "gemini.moment"
local names = require "gemini.emulator.names"
local prompt = require "gemini.emulator.prompt"
local resourcename = require "gemini.emulator.resourcename"
local tokens = require "gemini.emulator.tokens"

local HOUR = 3600
local LONGEST_NAME = 128
local INPUTS = { "contents", "systemInstruction", "tools", "toolConfig" }
-- What a request must leave to the cache that it names.
local NOT_BESIDE = { "systemInstruction", "tools", "toolConfig" }

local function refuse(text) errors.raise("INVALID_ARGUMENT", text) end

-- When a cache is to go, by a lifetime, a moment, or the default.
local function expiry(context, value)
  local now = context.store:now()
  if value.ttl then
    local seconds = delay.duration(value.ttl)
    if not seconds or seconds == 0 then refuse "ttl must be more than 0 seconds and no more than a year." end
    return now + seconds
  end
  local at = value.expireTime and moment(value.expireTime) or now + HOUR
  if at <= now then refuse "expire_time must be in the future." end
  return at
end

local function checkNew(context, value)
  models.named(context, value.model, "createCachedContent")
  metadata.checkDisplayName(value, LONGEST_NAME)
  if not (value.contents or value.systemInstruction or value.tools) then
    refuse "* CreateCachedContentRequest.cached_content: contents, system_instruction or tools must be specified\n"
  end
  prompt.check(value)
end

local function prepare(context, value)
  local hidden = { expiresAt = expiry(context, value) }
  value.ttl, value.expireTime = nil, context.store:time(hidden.expiresAt)
  if value.usageMetadata then return hidden end
  checkNew(context, value)
  value.usageMetadata = { totalTokenCount = (tokens.ofPrompt(value)) }
  for _, name in ipairs(INPUTS) do hidden[name], value[name] = value[name], nil end
  return hidden
end

local KIND = {
  resource = "cachedContents",
  segment = "cachedContents",
  message = "CachedContent",
  mutable = { ttl = true, expireTime = true },
  pages = { default = 50, max = 1000 },
  prepare = prepare,
}

local function removeExpired(store)
  local values, hidden = store:list("cachedContents")
  for i, value in ipairs(values) do
    if hidden[i].expiresAt <= store:now() then store:remove(value.name) end
  end
end

local cachedContents = { methods = {} }

for name, handler in pairs(collection.methods(KIND)) do
  cachedContents.methods[name] = function(context)
    removeExpired(context.store)
    return handler(context)
  end
end

-- Without a mask the body says what is to change. Its name only says of what.
local function checkChanged(body)
  for name in pairs(body) do
    if not KIND.mutable[name] and name ~= "name" then
      refuse(("Only ttl and expire_time can be updated, not '%s'."):format(name))
    end
  end
end

local function checkPatch(body, text)
  if text == "" then checkChanged(body) end
  if not body.ttl and not body.expireTime then refuse "Give ttl or expire_time." end
  for word in text:gmatch("[^,]+") do
    local name = names.camelCase(word)
    if KIND.mutable[name] and not body[name] then refuse(("update_mask has '%s', the body has not."):format(word)) end
  end
end

local patch = cachedContents.methods["cachedContents.patch"]

cachedContents.methods["cachedContents.patch"] = function(context)
  checkPatch(context.body, context.query.updateMask or "")
  return patch(context)
end

local function find(context, name)
  removeExpired(context.store)
  local value, hidden = context.store:find(name)
  if value and resourcename.is(name, "cachedContents/*") then return value, hidden end
  return errors.raise("PERMISSION_DENIED", "CachedContent not found (or permission denied)")
end

local function checkUse(context, body, value)
  for _, name in ipairs(NOT_BESIDE) do
    if body[name] then refuse "A request with cached_content must not set system_instruction, tools or tool_config." end
  end
  if value.model == context.params.model then return end
  refuse(("The model of the request (%s) and of its cached_content (%s) must be the same.")
    :format(context.params.model, value.model))
end

---Puts what a request's cache holds in front of it. Raises an error object for a cache that is not there or does not
---go with the request.
---@param context table
---@param body table a checked GenerateContentRequest
---@return table whole the request as if it had no cache
---@return { total: integer, details: table[]? }? cached its tokens that come from the cache; nil where none is named
function cachedContents.complete(context, body)
  if not body.cachedContent then return body end
  local value, hidden = find(context, body.cachedContent)
  checkUse(context, body, value)
  local whole = tables.copy(body)
  for _, name in ipairs(NOT_BESIDE) do whole[name] = hidden[name] end
  whole.contents = tables.copy(hidden.contents or {})
  for _, content in ipairs(body.contents) do table.insert(whole.contents, content) end
  local total, details = tokens.ofPrompt(hidden)
  return whole, { total = total, details = details }
end

return cachedContents
