-- The resources `corpora.permissions` and `tunedModels.permissions`: who may do what. The owner's own permission is not
-- among them.
require("gemini.interpreted")()

local tables = require "gemini.tables"
local collection = require "gemini.emulator.collection"
local errors = require "gemini.emulator.errors"

local permissions = { methods = {} }

local function refuse(text) errors.raise("INVALID_ARGUMENT", text) end

local function check(value)
  local grantee = value.granteeType or "GRANTEE_TYPE_UNSPECIFIED"
  if grantee == "GRANTEE_TYPE_UNSPECIFIED" then refuse "* Permission.grantee_type: grantee_type is not specified\n" end
  if not value.role or value.role == "ROLE_UNSPECIFIED" then refuse "* Permission.role: role is not specified\n" end
  local address = value.emailAddress or ""
  if grantee == "EVERYONE" and address ~= "" then refuse "email_address must not be set where EVERYONE is meant." end
  if grantee ~= "EVERYONE" and not address:find("^[^@%s]+@[^@%s]+$") then
    refuse(("email_address must be the address of a %s."):format(grantee))
  end
end

local function grantee(value) return value.granteeType .. " " .. (value.emailAddress or ""):lower() end

local function prepare(context, value)
  -- A permission has no times.
  value.createTime, value.updateTime = nil, nil
  check(value)
  for _, other in ipairs(context.store:list(value.name:match("^(.*)/"))) do
    if other.name ~= value.name and grantee(other) == grantee(value) then
      errors.raise("ALREADY_EXISTS", ("A permission for this grantee already exists: %s"):format(other.name))
    end
  end
end

local function setRole(context, permission, role)
  local changed = tables.copy(permission)
  changed.role = role
  context.store:replace(permission.name, changed)
end

---Makes a user the owner of a resource. The former owner may still write.
---@param context table
---@param parent string the resource's name
---@param address string
function permissions.transfer(context, parent, address)
  local new = { granteeType = "USER", emailAddress = address, role = "OWNER" }
  check(new)
  local known
  for _, permission in ipairs(context.store:list(parent .. "/permissions")) do
    if permission.role == "OWNER" then setRole(context, permission, "WRITER") end
    if grantee(permission) == grantee(new) then known = permission end
  end
  if known then return setRole(context, known, "OWNER") end
  new.name = ("%s/permissions/%s"):format(parent, context.store:id())
  context.store:insert(new.name, new)
end

for _, parent in ipairs { "corpora", "tunedModels" } do
  local methods = collection.methods {
    resource = parent .. ".permissions",
    segment = "permissions",
    message = "Permission",
    mutable = { role = true },
    pages = { default = 10, max = 1000 },
    prepare = prepare,
  }
  for name, handler in pairs(methods) do permissions.methods[name] = handler end
end

return permissions
