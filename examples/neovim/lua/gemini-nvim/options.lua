-- What setup takes, and what holds without it.
local options = {}

local DEFAULTS = { model = "gemini-2.5-flash", split = "vertical", rocks = "~/.luarocks", client = {} }

local SPLITS = { vertical = true, horizontal = true }

local function isText(value) return type(value) == "string" and value ~= "" end

local function isClient(value) return type(value) == "table" or type(value) == "function" end

-- What a value must be, as a test and for people.
local RULES = {
  model = { isText, "the name of a model" },
  system = { isText, "a text" },
  split = { function(value) return SPLITS[value] end, '"vertical" or "horizontal"' },
  rocks = { isText, "the path of a LuaRocks tree" },
  client = { isClient, "a table of options of gemini.new, or a function that returns one" },
}

local function known()
  local names = vim.tbl_keys(RULES)
  table.sort(names)
  return table.concat(names, ", ")
end

-- A value is not shown: it may hold the key.
local function problemOf(given)
  if type(given) ~= "table" then return "expected a table, got " .. type(given) end
  for name, value in pairs(given) do
    local rule = RULES[name]
    if not rule then return ("there is no option '%s', but %s"):format(tostring(name), known()) end
    if not rule[1](value) then return ("%s must be %s"):format(name, rule[2]) end
  end
end

options.current = DEFAULTS

---Takes these, and the defaults for the rest.
---@param given? table
---@return string? problem  then nothing is taken
function options.set(given)
  local problem = problemOf(given or {})
  if problem then return problem end
  options.current = vim.tbl_extend("force", DEFAULTS, given or {})
end

return options
