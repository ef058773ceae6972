---What users write for contents, in the form the API takes: strings and parts become contents, bare model names
---full ones. The caller's tables are never changed; a table that needs no change is used as it is.

local path = require "gemini.path"

local content = {}

local function isList(value)
  return value[1] ~= nil or next(value) == nil
end

local function isContent(value)
  return value.parts ~= nil or value.role ~= nil
end

local function wrong(name, expected, value)
  return nil, ("%s must be %s, got %s"):format(name, expected, type(value))
end

local function array(list)
  return require("gemini.json").array(list)
end

local function part(value)
  return type(value) == "string" and { text = value } or value
end

-- A list's items to contents: parts that follow each other are one content of the user's.
local function toContents(name, list)
  local contents, open = array(), nil
  for i, item in ipairs(list) do
    if type(item) ~= "string" and type(item) ~= "table" then
      return wrong(("%s[%d]"):format(name, i), "a string, a part or a content", item)
    end
    if type(item) == "table" and isContent(item) then
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
function content.contents(name, value)
  if type(value) == "string" then return toContents(name, { value }) end
  if type(value) ~= "table" then return wrong(name, "a string or a table", value) end
  return toContents(name, isList(value) and value or { value })
end

---A string, a part, a list of these, or a content, to one content without a role.
function content.instruction(name, value)
  if type(value) == "string" then return { parts = { part(value) } } end
  if type(value) ~= "table" then return wrong(name, "a string or a table", value) end
  if isContent(value) then return value end
  if not isList(value) then return { parts = { value } } end
  local parts = array()
  for i, item in ipairs(value) do
    if type(item) ~= "string" and type(item) ~= "table" then
      return wrong(("%s[%d]"):format(name, i), "a string or a part", item)
    end
    parts[i] = part(item)
  end
  return { parts = parts }
end

local function resourceName(pattern)
  return function(name, value)
    if type(value) ~= "string" then return wrong(name, "a string", value) end
    return path.complete(value, pattern)
  end
end

-- Message → field → what brings the field into the API's form.
local fields = {
  GenerateContentRequest = {
    model = resourceName("models/*"),
    contents = content.contents,
    systemInstruction = content.instruction,
    cachedContent = resourceName("cachedContents/*"),
  },
  CountTokensRequest = {
    contents = content.contents,
    generateContentRequest = function(name, value, args)
      if type(value) ~= "table" then return wrong(name, "a table", value) end
      local request = { model = args.model }
      for field, given in pairs(value) do request[field] = given end
      return content.message("GenerateContentRequest", request, name .. ".")
    end,
  },
}

---Brings a message's fields into the API's form.
---@param message string
---@param given table
---@param prefix? string  of the names in what is said of a wrong field
---@param args? table  the whole call's arguments, where a nested request needs one of them
---@return table? fields  a new table
---@return string? problem
function content.message(message, given, prefix, args)
  local rules, out = fields[message] or {}, {}
  for field, value in pairs(given) do
    local problem
    if rules[field] then value, problem = rules[field]((prefix or "") .. field, value, args) end
    if problem then return nil, problem end
    out[field] = value
  end
  return out
end

return content
