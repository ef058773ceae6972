-- The resource `credentials`. What is secret in one is looked at and forgotten: no answer has it, no file keeps it.
local tables = require "gemini.tables"
local errors = require "gemini.emulator.errors"
local fields = require "gemini.emulator.fields"
local identified = require "gemini.emulator.identified"
local mask = require "gemini.emulator.mask"

local TYPES = {
  bearer_token = {
    rules = { token = "string", header_name = "string", prefix = "string" },
    required = { "token" },
  },
  environment_variable = {
    rules = { value = "string", injection_location = "string|list", trusted_domains = "list" },
    required = { "value", "injection_location" },
  },
  oauth2 = {
    rules = {
      client_id = "string", client_secret = "string", refresh_token = "string", token_url = "string", scopes = "list",
    },
    required = { "client_id", "client_secret", "refresh_token", "token_url" },
  },
}

local KIND = {
  segment = "credentials",
  message = "Credential",
  rules = { id = "string", type = "string" },
  created = "create_time",
  updated = "update_time",
  prepare = function(_, value) value.status = "active" end,
}

local OUTPUT = { status = true, create_time = true, update_time = true }

-- The fields of a body, by the type that it has to name.
local function checked(body, partial)
  local rule = TYPES[body.type]
  if not rule then
    local text = "* Credential.type: type must be one of %s\n"
    errors.raise("INVALID_ARGUMENT", text:format(table.concat(tables.sortedKeys(TYPES), ", ")))
  end
  local rules = tables.copy(rule.rules)
  rules.type, rules.id = "string", not partial and "string" or nil
  local kind = { message = "Credential", rules = rules, required = rule.required, output = OUTPUT }
  return fields.check(kind, body, partial)
end

local credentials = { methods = identified.methods(KIND) }

credentials.methods["credentials.create"] = function(context)
  local body = checked(context.body)
  return { json = (identified.create(context, KIND, { id = body.id, type = body.type })) }
end

-- The fields of a mask that the type does not have.
local function checkMask(text, type)
  local function asItIs(path) return path end
  for _, path in ipairs(text and text ~= "" and text ~= "*" and mask.paths(text, {}, asItIs) or {}) do
    if path ~= "type" and not TYPES[type].rules[path:match("^[^.]+")] then
      errors.raise("INVALID_ARGUMENT", ("The field '%s' of update_mask cannot be updated."):format(path))
    end
  end
end

credentials.methods["credentials.patch"] = function(context)
  local value = context.store:get(identified.name(KIND, context.params.id))
  local body = checked(context.body, true)
  if body.type ~= value.type then
    errors.raise("INVALID_ARGUMENT", ("The type of a credential cannot be changed: it is %s."):format(value.type))
  end
  checkMask(context.query.update_mask, value.type)
  value.update_time = context.store:time()
  context.store:changed()
  return { json = value }
end

return credentials
