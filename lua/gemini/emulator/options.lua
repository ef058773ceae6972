-- The options of the emulator: which there are and what each may be.
local options = {}

local function ofType(name, description)
  return { description = description, fits = function(value) return type(value) == name end }
end

local function text(description)
  return { description = description, fits = function(value) return type(value) == "string" and value ~= "" end }
end

local HOST = text("the name or address to listen on")
local KEY = text("the only key that is accepted, not empty")
local STATE = text("the name of a file")
local PORT = {
  description = "a port from 0 (any free one) to 65535",
  fits = function(value)
    return type(value) == "number" and value % 1 == 0 and value >= 0 and value <= 65535
  end,
}
-- What becomes due later than that has a time that no clock tells.
local LONGEST = 1e9
local DELAY = {
  description = "seconds, from 0 to 1000000000",
  fits = function(value) return type(value) == "number" and value >= 0 and value <= LONGEST end,
}

options.server = {
  host = HOST, port = PORT, key = KEY, delay = DELAY, work = DELAY, state = STATE,
  reply = ofType("function", "a function"),
}
options.command = {
  host = HOST, port = PORT, key = KEY, delay = DELAY, work = DELAY, state = STATE,
  reply = text("the name of a Lua file"),
}
options.child = { lua = text("the name of a Lua interpreter") }
for name, rule in pairs(options.command) do options.child[name] = rule end

---Says what is wrong with options.
---@param given table<string, any>
---@param rules table one of the tables above
---@return string? problem nil where nothing is
function options.problem(given, rules)
  if type(given) ~= "table" then return "options must be a table, got " .. type(given) end
  for name, value in pairs(given) do
    local rule = rules[name]
    if not rule then return ("unknown option '%s'"):format(tostring(name)) end
    if not rule.fits(value) then return ("option '%s' must be %s"):format(name, rule.description) end
  end
end

---Raises where options are wrong; `level` is the caller to blame, as in error().
---@param given table?
---@param rules table
---@param level number
---@return table given
function options.check(given, rules, level)
  local problem = options.problem(given or {}, rules)
  if problem then error("gemini.emulator: " .. problem, level + 1) end
  return given or {}
end

return options
