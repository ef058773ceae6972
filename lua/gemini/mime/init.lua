---Which media type something has: by the ending of its name, else by how it begins.

local mime = {}

mime.HEAD = 4096 -- bytes that tell a type, if any do

-- Endings that stand for two kinds of files each, and a type that says nothing.
local UNSURE, ANYTHING = { ts = true }, "application/octet-stream"

-- The type by the ending, in any case, and whether the bytes may say better. One pass over one text costs less than
-- taking the table apart.
local function byEnding(name)
  local ending = name:match("%.([^./\\]+)$")
  if not ending or not ending:find("^[%w+_-]+$") then return nil end
  ending = ending:lower()
  local wanted = " " .. ending .. " "
  for line in require("gemini.mime.types"):gmatch("[^\n]+") do
    if (line .. " "):find(wanted, 1, true) then
      local kind = line:match("^%S+")
      return kind, UNSURE[ending] or kind == ANYTHING
    end
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
  if type(text) ~= "string" then return false end
  local _, last = text:find("^[%w!#$&^_.+-]+/[%w!#$&^_.+-]+")
  return last ~= nil and (last == #text or text:find("^ *;[\32-\126]*$", last + 1) ~= nil)
end

return mime
