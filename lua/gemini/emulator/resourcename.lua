-- Names of resources that a body gives: what the router makes sure of in a path is to be asked here.
local errors = require "gemini.emulator.errors"

local resourcename = {}

---Whether a name is one of a kind.
---@param name string
---@param kind string a `*` stands for an ID: "corpora/*/documents/*"
---@return boolean
function resourcename.is(name, kind)
  return name:find("^" .. kind:gsub("%*", "[^/]+") .. "$") ~= nil
end

---Raises NOT_FOUND where a name is of none of the kinds, for then no such resource has it.
---@param name string
---@param ... string
function resourcename.check(name, ...)
  for _, kind in ipairs { ... } do
    if resourcename.is(name, kind) then return end
  end
  errors.raise("NOT_FOUND", ("Requested entity was not found: %s"):format(name))
end

return resourcename
