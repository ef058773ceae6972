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
---@field mark fun(self): string?  tells media from others, by their first and last bytes; nil where that can't be
---@field problem fun(self): string?  why what was taken is not what the media were

local function always() return true end

local function never() return nil end

-- Both kinds know their size.
local function part(self, offset, most, window)
  local length = math.min(most, self.size - offset)
  window.offset, window.length = offset, length
  return { window }, length, offset + length == self.size
end

-- Bytes at each end that a mark is of.
local MARKED = 64 * 1024

local function hashOf(first, last)
  return require("gemini.codec").sha256():add(first):add(last):hex()
end

local function fromString(data)
  return {
    size = #data,
    reaches = always,
    head = function() return data:sub(1, mime.HEAD) end,
    mark = function() return hashOf(data:sub(1, MARKED), data:sub(-MARKED)) end,
    take = function(self, offset, most) return part(self, offset, most, { data = data }) end,
    problem = never,
  }
end

-- So many bytes from a place on, or nil and why not.
local function bytesAt(path, offset, count)
  local file, problem = io.open(path, "rb")
  if not file then return nil, problem:sub(#path + 3) end
  local ok = file:seek("set", offset)
  local bytes = ok and file:read(count) or ""
  file:close()
  return bytes
end

-- The file as it is now, or nil and why it can't be sent.
local function look(path)
  local info, problem = require("gemini.transport").describe(path)
  if not info then return nil, problem end
  if not info.regular then return nil, "it is no regular file: what else can be read is given as read, a function" end
  return info
end

local File = { reaches = always }
File.__index = File

function File:problem()
  local info, problem = look(self.path)
  if info and (info.size ~= self.size or info.modified ~= self.modified) then
    problem = "the file was changed while it was uploaded"
  end
  return problem and ("%s: %s"):format(self.path, problem)
end

function File:take(offset, most)
  local problem = self:problem()
  if problem then return nil, problem end
  return part(self, offset, most, { path = self.path })
end

function File:head()
  return self.first
end

function File:mark()
  local first = bytesAt(self.path, 0, MARKED) or ""
  local last = bytesAt(self.path, math.max(self.size - MARKED, 0), MARKED) or ""
  return hashOf(first, last)
end

local function fromFile(path)
  local info, problem = look(path)
  local head
  if info then head, problem = bytesAt(path, 0, mime.HEAD) end
  if not head then return nil, ("%s: %s"):format(path, problem) end
  local self = { path = path, size = info.size, modified = info.modified, first = head }
  self.name = path:match("[^/\\]+$")
  return setmetatable(self, File)
end

---@param media gemini.Media
---@param method string  whose name errors have
---@return gemini.Source?
---@return string? problem  a file that can't be read
function source.open(media, method)
  if media.data then return fromString(media.data) end
  if media.read then return require("gemini.upload.reader")(media.read, media.size, method) end
  return fromFile(media.path)
end

return source
