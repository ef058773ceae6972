---What a function makes of a value, made once.

---@param make fun(key: any): any
---@param mode? "k"  where keys are to be forgotten when nobody else has them
---@return fun(key: any): any  gives the same again for the same key; what is nil is asked for again
return function(make, mode)
  local made = setmetatable({}, { __mode = mode })
  return function(key)
    local value = made[key]
    if value == nil then
      value = make(key)
      made[key] = value
    end
    return value
  end
end
