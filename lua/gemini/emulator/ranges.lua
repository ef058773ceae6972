-- Numbers that fit their message and yet make no sense.
local errors = require "gemini.emulator.errors"
local names = require "gemini.emulator.names"

---Raises an error object for a field outside its range; a NaN is outside of every one.
---@param value table the fields
---@param list { [1]: string, [2]: number, [3]: number }[] a field's name, the least and the most that it may be
---@param path string what stands before a field's name in the error: "GenerateTextRequest"
return function(value, list, path)
  for _, range in ipairs(list) do
    local name, least, most = range[1], range[2], range[3]
    local given = value[name]
    if given and not (given >= least and given <= most) then
      local snake = names.snakeCase(name)
      local text = "* %s.%s: %s must be in the range [%.10g, %.10g].\n"
      errors.raise("INVALID_ARGUMENT", text:format(path, snake, snake, least, most))
    end
  end
end
