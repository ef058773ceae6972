---What users write for contents, in the form the API takes: strings and parts become contents. The caller's tables are
---never changed; a table that needs no change is used as it is.

require("gemini.interpreted")()

local json = require("gemini.lazy") "gemini.json"

local content = {}

-- A part or a content has names only; what has any number is meant for a list.
local function isList(value)
  for key in next, value do
    if type(key) == "number" then return true end
  end
  return next(value) == nil
end

local function isContent(value)
  return type(value) == "table" and (rawget(value, "parts") ~= nil or rawget(value, "role") ~= nil)
end

-- A problem is told as the end of a sentence that begins with the field.
local function wrong(expected, value)
  return nil, (" must be %s, got %s"):format(expected, type(value))
end

local function array(list)
  return json.array(list)
end

local function part(value)
  return type(value) == "string" and { text = value } or value
end

-- What keeps a table from being a list of strings and tables, nil if nothing does.
local function listProblem(list, expected)
  local count = 0
  for key in next, list do
    if type(key) ~= "number" then
      return (": a list must not have a named field ('%s')"):format(tostring(key))
    end
    count = count + 1
  end
  for i = 1, count do
    local item = rawget(list, i)
    if item == nil then return (": a list must not have holes, but item %d is nil"):format(i) end
    if type(item) ~= "string" and type(item) ~= "table" then
      return ("[%d]"):format(i) .. select(2, wrong(expected, item))
    end
  end
end

-- A list's items to contents: parts that follow each other are one content of the user's.
local function toContents(list)
  local problem = listProblem(list, "a string, a part or a content")
  if problem then return nil, problem end
  local contents, open = array(), nil
  for i = 1, #list do
    local item = rawget(list, i)
    if isContent(item) then
      contents[#contents + 1], open = item, nil
    elseif open then
      open[#open + 1] = part(item)
    else
      open = { part(item) }
      contents[#contents + 1] = { role = "user", parts = open }
    end
  end
  return contents
end

---A string, a part, a content, or a list of these, to a list of contents.
---@param value any
---@return table[]? contents
---@return string? problem  what follows the field's name in a sentence about it, like all problems here
function content.contents(value)
  if type(value) == "string" then return array { { role = "user", parts = { { text = value } } } } end
  if type(value) ~= "table" then return wrong("a string or a table", value) end
  return toContents(isList(value) and value or { value })
end

---A string, a part, a list of these, or a content, to one content without a role.
---@param value any
---@return table? content
---@return string? problem
function content.instruction(value)
  if type(value) == "string" then return { parts = { part(value) } } end
  if type(value) ~= "table" then return wrong("a string or a table", value) end
  if isContent(value) then return value end
  if not isList(value) then return { parts = { value } } end
  local problem = listProblem(value, "a string or a part")
  if problem then return nil, problem end
  local parts = array()
  for i = 1, #value do parts[i] = part(rawget(value, i)) end
  return { parts = parts }
end

return content
