-- The resource `webhooks`. Nothing is ever sent to one.
local mime = require "mime"
local tables = require "gemini.tables"
local errors = require "gemini.emulator.errors"
local fields = require "gemini.emulator.fields"
local identified = require "gemini.emulator.identified"
local json = require "gemini.emulator.json"

local DAY = 24 * 60 * 60
local SHOWN = 12 -- bytes of a secret that a list of them shows
local EVENTS = {
  ["batch.succeeded"] = true, ["batch.expired"] = true, ["batch.failed"] = true,
  ["interaction.requires_action"] = true, ["interaction.completed"] = true, ["interaction.failed"] = true,
  ["video.generated"] = true,
}
local NOW, LATER = "revoke_previous_secrets_immediately", "revoke_previous_secrets_after_h24"

local function checkEvents(value)
  for _, event in ipairs(value.subscribed_events) do
    if not EVENTS[event] then
      local text = "Invalid value at 'subscribed_events': %s is no event."
      errors.raise("INVALID_ARGUMENT", text:format(json.encode(event)))
    end
  end
end

local function prepare(_, value)
  if not value.uri:find("^https?://[^/%s]") then
    errors.raise("INVALID_ARGUMENT", "Invalid value at 'uri': it must be an http or https URL.")
  end
  checkEvents(value)
  value.state = value.state or "enabled"
end

local function secretsOf(context, hidden)
  local list = {}
  for _, secret in ipairs(hidden.secrets) do
    if not secret.expires or secret.expires > context.store:now() then
      local expiry = secret.expires and context.store:time(secret.expires)
      list[#list + 1] = { truncated_secret = secret.text:sub(1, SHOWN) .. "…", expire_time = expiry }
    end
  end
  return list
end

local function show(context, value, hidden)
  local shown = tables.copy(value)
  shown.signing_secrets = secretsOf(context, hidden)
  return shown
end

local KIND = {
  segment = "webhooks",
  message = "Webhook",
  rules = { name = "string", uri = "string", subscribed_events = "list" },
  required = { "uri", "subscribed_events" },
  output = {
    id = true, signing_secrets = true, new_signing_secret = true, create_time = true, update_time = true,
  },
  settable = { state = { enabled = true, disabled = true } },
  mutable = { name = true, uri = true, subscribed_events = true, state = true },
  created = "create_time",
  updated = "update_time",
  prepare = prepare,
  show = show,
}

local webhooks = { methods = identified.methods(KIND) }

local function newSecret(context)
  return { text = "whsec_" .. mime.b64(context.store:id() .. context.store:id()) }
end

-- The one answer beside that of a rotation that has the whole secret.
webhooks.methods["webhooks.create"] = function(context)
  local value, hidden = identified.create(context, KIND, context.body)
  hidden.secrets = { newSecret(context) }
  local shown = show(context, value, hidden)
  shown.new_signing_secret = hidden.secrets[1].text
  return { json = shown }
end

webhooks.methods["webhooks.ping"] = function(context)
  context.store:get(identified.name(KIND, context.params.id))
  return { json = {} }
end

local ROTATION = {
  message = "RotateSigningSecretRequest",
  rules = { revocation_behavior = { [NOW] = true, [LATER] = true } },
}

-- The secrets that stay valid beside a new one, until the new one's day is over.
local function kept(context, secrets, behavior)
  local list, now = {}, context.store:now()
  for _, secret in ipairs(behavior ~= NOW and secrets or {}) do
    local expires = secret.expires or now + DAY
    if expires > now then list[#list + 1] = { text = secret.text, expires = expires } end
  end
  return list
end

webhooks.methods["webhooks.rotateSigningSecret"] = function(context)
  local _, hidden = context.store:get(identified.name(KIND, context.params.id))
  local body = fields.check(ROTATION, context.body)
  hidden.secrets = kept(context, hidden.secrets, body.revocation_behavior)
  local secret = newSecret(context)
  table.insert(hidden.secrets, secret)
  context.store:changed()
  return { json = { secret = secret.text } }
end

return webhooks
