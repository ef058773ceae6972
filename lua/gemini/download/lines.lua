---The lines of a download, as it arrives: those of a file of JSON values.

local errors = require "gemini.errors"
local pieces = require "gemini.download.pieces"

local function decoded(client, line, label)
  local value, problem = client.wire.decode(line)
  if type(value) == "table" then return value end
  return nil, errors.unreadable("a line of the results", problem, line, label)
end

-- An iterator over lines: text; nil at the end; nil and the error.
local function split(source, built)
  local most, label = built.maxTotalBytes, built.label
  local text, at, parts, size = "", 1, {}, 0
  return function()
    while text do
      local last = text:find("\n", at, true)
      parts[#parts + 1] = text:sub(at, (last or 0) - 1)
      size = size + #parts[#parts]
      if size > most then
        local problem = "a line of the results is longer than maxResponseSize, %d bytes"
        return nil, errors.new("limit", problem:format(most), label)
      end
      if last then
        local line = table.concat(parts)
        at, parts, size = last + 1, {}, 0
        return line
      end
      local err
      text, err = source:next()
      if err then return nil, err end
      at = 1
    end
    local rest = table.concat(parts)
    parts = {}
    return rest ~= "" and rest or nil
  end
end

---@param client gemini.State
---@param built gemini.Request  a GET
---@return fun(): table?, gemini.Error?  the next value; nil at the end; nil and the error
return function(client, built)
  local nextLine = split(pieces(client, built), built)
  return function()
    while true do
      local line, err = nextLine()
      if not line then return nil, err end
      if line:find("%S") then return decoded(client, line, built.label) end
    end
  end
end
