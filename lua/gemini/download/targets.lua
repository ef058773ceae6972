---Where the bytes of a download go: a string, a file, or a function.

local random = require "gemini.random"

local targets = {}

---@class gemini.Target
---@field write fun(bytes: string): boolean?, string?, string?  true; or nil, what is wrong and the error's kind
---@field finish fun(received: integer): any, string?, string?  what the download returns, or the like
---@field abandon fun()  leaves nothing behind

---@param most integer  bytes
---@return gemini.Target
function targets.memory(most)
  local parts, size = {}, 0
  return {
    write = function(bytes)
      size = size + #bytes
      if size > most then
        local problem = "the file is larger than maxResponseSize, %d bytes: give path or sink"
        return nil, problem:format(most), "limit"
      end
      parts[#parts + 1] = bytes
      return true
    end,
    finish = function() return table.concat(parts) end,
    abandon = function() parts = {} end,
  }
end

-- Names end at 255 bytes.
local LONGEST_BASE = 200

local function nameBeside(path)
  local folder, base = path:match("^(.-)([^/\\]*)$")
  return ("%s.%s.%s.part"):format(folder, base:sub(1, LONGEST_BASE), random.text(4))
end

-- A new file in the same folder.
local function temporary(path)
  local transport = require "gemini.transport"
  while true do
    local file, problem, exists = transport.temporary(nameBeside(path))
    if file or not exists then return file, problem end
  end
end

---@param path string
---@return gemini.Target?
---@return string? problem  why there can be no such file
function targets.file(path)
  local transport = require "gemini.transport"
  local there = transport.describe(path)
  if there and not there.regular then return nil, path .. ": it is there, and is no regular file" end
  -- A symbolic link stays one.
  local place = transport.real(path) or path
  local file, problem = temporary(place)
  if not file then return nil, ("%s: %s"):format(path, problem) end
  local function named(ok, why) return ok, not ok and ("%s: %s"):format(path, why) or nil, not ok and "io" or nil end
  return {
    write = function(bytes) return named(file:write(bytes)) end,
    finish = function()
      local ok, why, kind = named(file:keep(place))
      return ok and path or nil, why, kind
    end,
    abandon = function() file:close() end,
  }
end

---@param sink fun(bytes: string): any, any
---@return gemini.Target
function targets.sink(sink)
  return {
    write = function(bytes)
      local ok, problem = sink(bytes)
      -- What writes to files returns nil and why not.
      if not ok and problem ~= nil then return nil, "sink failed: " .. tostring(problem), "io" end
      return true
    end,
    finish = function(received) return received end,
    abandon = function() end,
  }
end

return targets
