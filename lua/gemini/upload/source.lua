---What an upload reads: a file or a string, of which any part can be had, any number of times.

local mime = require "gemini.mime"

local source = {}

---@class gemini.Source
---@field size integer?  nil where it is not known before the end
---@field name string?  the file's own name
---@field modified string?  another text when the file was changed
---@field take fun(self, offset: integer, most: integer): table[]?, string|integer, boolean?  the segments of a body
---  from there on, how many bytes they are, and whether they end the media; or nil and what is wrong
---@field reaches fun(self, offset: integer): boolean  whether bytes can still be had from there on
---@field head fun(self): string  the first bytes, as many as gemini.mime wants

local function always() return true end

-- Both kinds know their size.
local function part(self, offset, most, window)
  local length = math.min(most, self.size - offset)
  window.offset, window.length = offset, length
  return { window }, length, offset + length == self.size
end

local function fromString(data)
  return {
    size = #data,
    reaches = always,
    head = function() return data:sub(1, mime.HEAD) end,
    take = function(self, offset, most) return part(self, offset, most, { data = data }) end,
  }
end

local function firstBytes(path)
  local file, problem = io.open(path, "rb")
  if not file then return nil, problem:sub(#path + 3) end
  local head = file:read(mime.HEAD) or ""
  file:close()
  return head
end

-- The file as it is now, or nil and why it can't be sent.
local function look(path)
  local info, problem = require("gemini.transport").describe(path)
  if not info then return nil, problem end
  if not info.regular then return nil, "it is no regular file: what else can be read is given as read, a function" end
  return info
end

local function unchanged(self)
  local info, problem = look(self.path)
  if not info then return nil, problem end
  if info.size == self.size and info.modified == self.modified then return true end
  return nil, "the file was changed while it was uploaded"
end

local function takeFromFile(self, offset, most)
  local same, problem = unchanged(self)
  if not same then return nil, ("%s: %s"):format(self.path, problem) end
  return part(self, offset, most, { path = self.path })
end

local function fromFile(path)
  local info, problem = look(path)
  local head
  if info then head, problem = firstBytes(path) end
  if not head then return nil, ("%s: %s"):format(path, problem) end
  return {
    path = path,
    size = info.size,
    modified = info.modified,
    name = path:match("[^/\\]+$"),
    reaches = always,
    head = function() return head end,
    take = takeFromFile,
  }
end

---@param media gemini.Media
---@return gemini.Source?
---@return string? problem  a file that can't be read
function source.open(media)
  if media.data then return fromString(media.data) end
  if media.read then return require("gemini.upload.reader")(media.read, media.size) end
  return fromFile(media.path)
end

return source
