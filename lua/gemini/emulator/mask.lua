-- Field masks: which fields of a resource a patch changes.
require("gemini.interpreted")()

local errors = require "gemini.emulator.errors"
local names = require "gemini.emulator.names"

local mask = {}

-- The names in a mask, without regard to their spelling; "*" stands for every field that may change.
local function namesIn(text, mutable)
  local list = {}
  for word in text:gmatch("[^,]+") do
    if word == "*" then
      for name in pairs(mutable) do list[#list + 1] = name end
    else
      list[#list + 1] = mutable[word] and word or names.camelCase(word)
    end
  end
  return list
end

---Changes a resource in place: each field of the mask is taken from the body, and removed where the body has none.
---Raises an error object for a field that is not there to be changed.
---@param value table
---@param body table
---@param text string? the mask; the body's fields when absent
---@param mutable table<string, true> the fields that may change
function mask.apply(value, body, text, mutable)
  local list = {}
  if text and text ~= "" then
    list = namesIn(text, mutable)
  else
    for name in pairs(body) do
      if mutable[name] then list[#list + 1] = name end
    end
  end
  for _, name in ipairs(list) do
    if not mutable[name:match("^[^.]+")] then
      errors.raise("INVALID_ARGUMENT", ("The field '%s' of update_mask cannot be updated."):format(name))
    end
  end
  for _, name in ipairs(list) do
    local top = name:match("^[^.]+")
    value[top] = body[top]
  end
end

return mask
