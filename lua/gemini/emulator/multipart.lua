-- Takes a body of type multipart/related apart.
local http = require "gemini.emulator.http"

local BLANK = "\r\n\r\n"

local function boundaryOf(contentType)
  return contentType:match('boundary="([^"]+)"') or contentType:match("boundary=([^%s;]+)")
end

-- What stands between two boundaries: lines of a header, a blank one, and the bytes.
local function part(text)
  local stop, last = text:find(BLANK, 1, true)
  if not stop then return { headers = {}, data = "" } end
  local headers = {}
  for line in text:sub(1, stop - 1):gmatch("[^\r\n]+") do http.headerLine(headers, line) end
  return { headers = headers, data = text:sub(last + 1) }
end

---@param body string
---@param contentType string the body's, which names the boundary
---@return { headers: table<string, string>, data: string }[]? parts nil where there is no boundary or an end is missing
return function(body, contentType)
  local boundary = boundaryOf(contentType)
  if not boundary then return nil end
  local marker, parts = "\r\n--" .. boundary, {}
  body = "\r\n" .. body
  local _, from = body:find(marker, 1, true)
  while from do
    if body:sub(from + 1, from + 2) == "--" then return parts end
    local stop, last = body:find(marker, from + 1, true)
    if stop then parts[#parts + 1] = part(body:sub(from + 1, stop - 1)) end
    from = last
  end
end
