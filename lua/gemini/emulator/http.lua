-- HTTP/1.1 as text: heads in, heads out. No sockets here.
local http = {}

local REASONS = {
  [100] = "Continue", [200] = "OK", [201] = "Created", [204] = "No Content", [206] = "Partial Content",
  [302] = "Found", [304] = "Not Modified", [308] = "Permanent Redirect", [400] = "Bad Request", [401] = "Unauthorized",
  [403] = "Forbidden", [404] = "Not Found", [405] = "Method Not Allowed", [408] = "Request Timeout", [409] = "Conflict",
  [410] = "Gone", [411] = "Length Required", [412] = "Precondition Failed", [413] = "Request Entity Too Large",
  [416] = "Range Not Satisfiable", [429] = "Too Many Requests", [431] = "Request Header Fields Too Large",
  [499] = "Client Closed Request",
  [500] = "Internal Server Error", [501] = "Not Implemented", [502] = "Bad Gateway", [503] = "Service Unavailable",
  [504] = "Gateway Timeout", [505] = "HTTP Version Not Supported",
}

local PAGE = [[
<!DOCTYPE html>
<html lang=en>
  <meta charset=utf-8>
  <title>Error %d (%s)</title>
  <p><b>%d.</b> %s
  <p>This page comes from the lua-gemini emulator.
]]

local EXPLANATIONS = {
  [400] = "The request could not be understood.",
  [404] = "The requested URL was not found on this server.",
  [405] = "The request method is not served here.",
  [411] = "A request of this method needs a Content-Length.",
  [413] = "The request is too large.",
}

local function reason(status) return REASONS[status] or "Status" end

local function unescape(text)
  return (text:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

-- A slash that came escaped stays escaped, so that it cannot split a segment.
local function decodePath(path)
  return (path:gsub("[^/]+", function(segment)
    local plain = unescape(segment)
    return plain:find("/", 1, true) and segment or plain
  end))
end

local function decodeQuery(text)
  local out = {}
  for pair in text:gmatch("[^&]+") do
    local name, value = pair:match("^([^=]*)=?(.*)$")
    out[#out + 1] = { unescape((name:gsub("+", " "))), unescape((value:gsub("+", " "))) }
  end
  return out
end

---Reads a request line.
---@param line string
---@return table? request `verb`, `path` (decoded), `query` (a list of name and value), `minor` (of HTTP/1.x)
function http.requestLine(line)
  local verb, target, minor = line:match("^(%u+) (/%S*) HTTP/1%.(%d)$")
  if not verb then return nil end
  local path, query = target:match("^([^?]*)%??(.*)$")
  return { verb = verb, path = decodePath(path), query = decodeQuery(query), minor = tonumber(minor), headers = {} }
end

---Adds a header line to a request's headers: names in lower case, repeated ones joined by commas.
---@param headers table<string, string>
---@param line string
---@return boolean ok false where the line is no header
function http.headerLine(headers, line)
  local name, rest = line:match("^([^%s:]+):(.*)$")
  if not name then return false end
  name = name:lower()
  -- The greedy part steps back over the blanks at the end once; a lazy one would look at each blank again and again.
  local value = rest:match("^[ \t]*([^ \t].*[^ \t])") or rest:match("[^ \t]") or ""
  headers[name] = headers[name] and headers[name] .. ", " .. value or value
  return true
end

---Writes the head of an answer.
---@param status number
---@param headers table<string, string|number>
---@return string
function http.head(status, headers)
  local lines = {}
  for name, value in pairs(headers) do lines[#lines + 1] = name .. ": " .. tostring(value) end
  table.sort(lines)
  table.insert(lines, 1, ("HTTP/1.1 %d %s"):format(status, reason(status)))
  return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

---One chunk of a chunked body; of an empty string, the chunk that ends the body.
---@param bytes string
---@return string
function http.chunk(bytes)
  return ("%x\r\n%s\r\n"):format(#bytes, bytes)
end

---The HTML page that Google's front end answers with where no API method is reached.
---@param status number
---@return table response
function http.page(status)
  local text = PAGE:format(status, reason(status), status, EXPLANATIONS[status] or reason(status) .. ".")
  return { status = status, headers = { ["Content-Type"] = "text/html; charset=UTF-8" }, body = text }
end

return http
