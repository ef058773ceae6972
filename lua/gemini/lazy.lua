---Modules that are loaded when something of theirs is first used.

---@param name string  "gemini.rest"
---@return table module  with the module's fields, each from the first time on that it is asked for
return function(name)
  return setmetatable({}, {
    __index = function(self, key)
      local value = require(name)[key]
      rawset(self, key, value)
      return value
    end,
  })
end
