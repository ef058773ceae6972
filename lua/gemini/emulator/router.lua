-- Finds the route of a request. A template is a path with variables as in Google's API definitions:
-- "/{version}/{model=models/*}:generateContent"; a `*` stands for one segment without a colon, `{+path}` for any rest.
local router = {}

local VERSIONS = { v1 = true, v1beta = true, v1alpha = true }

local function escape(text) return (text:gsub("%p", "%%%0")) end

local function variablePattern(names, variable)
  local rest = variable:match("^%+(.+)$")
  local name, shape = variable:match("^([%w.]+)=(.+)$")
  names[#names + 1] = rest or name or variable
  if rest then return "(.*)" end
  return "(" .. escape(shape or "*"):gsub("%%%*", "[^/:]+") .. ")"
end

local function compile(template)
  local names, out, from = {}, {}, 1
  for before, variable, after in template:gmatch("()%{(.-)%}()") do
    out[#out + 1] = escape(template:sub(from, before - 1)) .. variablePattern(names, variable)
    from = after
  end
  return "^" .. table.concat(out) .. escape(template:sub(from)) .. "$", names
end

local function bind(route, path)
  local values = { path:match(route.pattern) }
  if #values == 0 then return nil end
  local params = {}
  for i, name in ipairs(route.names) do params[name] = values[i] end
  return VERSIONS[params.version] and params
end

---Compiles rows `{ verb, template, handler, body = message?, query = types? }` into a lookup.
---@param rows table[]
---@return fun(verb: string, path: string): table?, table? # the row and its path's variables, or nil
function router.new(rows)
  local routes = {}
  for i, row in ipairs(rows) do
    local pattern, names = compile(row[2])
    routes[i] = { row = row, pattern = pattern, names = names }
  end
  return function(verb, path)
    for _, route in ipairs(routes) do
      local params = route.row[1] == verb and bind(route, path)
      if params then return route.row, params end
    end
  end
end

return router
