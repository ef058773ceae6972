---Which media type something has: by the ending of its name, else by how it begins.

local mime = {}

mime.HEAD = 4096 -- bytes that tell a type, if any do

-- Endings that stand for two kinds of files.
local UNSURE = { ts = true }

-- By the ending, in any case. The table is one text: one search costs less than taking it apart.
local function byEnding(name)
  local ending = name:match("%.([^./\\]+)$")
  if not ending or not ending:find("^[%w+_-]+$") then return nil end
  ending = ending:lower()
  local types, at = require("gemini.mime.types"), 1
  while true do
    local first, last = types:find(" " .. ending, at, true)
    if not first then return nil end
    if types:find("^[ \n]", last + 1) then return types:sub(1, first):match("([^\n ]+)[^\n]*$"), UNSURE[ending] end
    at = last
  end
end

---@param name string?  of a file
---@param head fun(): string  gives the first `mime.HEAD` bytes, or all where there are less; called where the name
---  tells nothing
---@return string? mediaType  nil where neither tells
function mime.of(name, head)
  local named, unsure = nil, false
  if name then named, unsure = byEnding(name) end
  if named and not unsure then return named end
  return require("gemini.mime.magic")(head()) or named
end

---@param text any
---@return boolean  whether it is a type and a subtype, perhaps with parameters, fit for a header
function mime.isType(text)
  return type(text) == "string"
    and text:find("^[%w!#$&^_.+-]+/[%w!#$&^_.+-]+[%w!#$&^_.+;= \"'-]*$") ~= nil
end

return mime
