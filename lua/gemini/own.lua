---Arguments of our own among those of a method of the API: taken out of the others, and checked.

require("gemini.interpreted")()

local options = require "gemini.options"
local path = require "gemini.path"

local own = {}

-- What a row whose path has a variable named `path` calls a local file.
local LOCAL_PATH = "localPath"

---@param row gemini.Row
---@param name string  "path"
---@return string word  what the row's callers say for it
function own.word(row, name)
  return name == "path" and path.names(row.path).path and LOCAL_PATH or name
end

---@param row gemini.Row
---@param args table
---@param known table  a table of gemini.options
---@return boolean  whether one of these is given
function own.any(row, args, known)
  for name in pairs(known) do
    if args[own.word(row, name)] ~= nil then return true end
  end
  return false
end

---@param row gemini.Row
---@param args table  changed
---@param known table  a table of gemini.options
---@return table? taken  by the names in `known`
---@return string? problem
function own.take(row, args, known)
  local taken, rules, given = {}, {}, {}
  for name, rule in pairs(known) do
    local word = own.word(row, name)
    rules[word], given[word] = rule, args[word]
    taken[name], args[word] = args[word], nil
  end
  local problem = options.check(given, rules)
  if problem then return nil, problem end
  return taken
end

return own
