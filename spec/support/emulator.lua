-- The emulator for specs: a child process, and a raw HTTP connection that shows every byte.
local cjson = require "cjson"
local emulator = require "gemini.emulator"
local socket = require "socket"

local support = {}

local function writeScript(text)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  return path
end

---Starts an emulator in a process of its own. Options: those of emulator.spawn, and `script`, the text of a reply file.
---@param given table?
---@return table server `url`, `pid`, `stop()`
function support.start(given)
  local options, path = {}, nil
  for name, value in pairs(given or {}) do options[name] = value end
  if options.script then
    path, options.script = writeScript(options.script), nil
    options.reply = path
  end
  local server, problem = emulator.spawn(options)
  if path then os.remove(path) end
  return assert(server, problem)
end

local Connection = {}
Connection.__index = Connection

---Connects to a URL; reading gives up after five seconds.
---@param url string
---@return table connection
function support.connect(url)
  local host, port = url:match("^http://([^:]+):(%d+)$")
  local client = assert(socket.connect(host, tonumber(port)))
  client:settimeout(30)
  client:setoption("tcp-nodelay", true)
  return setmetatable({ client = client }, Connection)
end

function Connection:send(bytes) assert(self.client:send(bytes)) end

---Sends a request with a key. Headers override what is sent by default; false leaves one out.
function Connection:request(verb, target, body, headers)
  local all = { Host = "localhost", ["x-goog-api-key"] = "a-key", ["Content-Length"] = body and #body }
  for name, value in pairs(headers or {}) do all[name] = value end
  local lines = { verb .. " " .. target .. " HTTP/1.1" }
  for name, value in pairs(all) do
    if value then lines[#lines + 1] = name .. ": " .. value end
  end
  self:send(table.concat(lines, "\r\n") .. "\r\n\r\n" .. (body or ""))
end

---Reads the head of an answer: `status` and `headers`, names in lower case.
function Connection:head()
  local status = assert(self.client:receive("*l")):match("^HTTP/1%.1 (%d+) ")
  local headers = {}
  for line in function() return assert(self.client:receive("*l")) end do
    if line == "" then return { status = tonumber(status), headers = headers } end
    local name, value = line:match("^([^:]+): (.*)$")
    headers[name:lower()] = value
  end
end

---Reads one chunk of a chunked body; an empty string at its end.
function Connection:chunk()
  local size = tonumber(assert(self.client:receive("*l")), 16)
  local data = size > 0 and assert(self.client:receive(size)) or ""
  assert(self.client:receive("*l") == "")
  return data
end

---Reads a whole answer: `status`, `headers`, `body`, and `chunks` where it is chunked.
function Connection:response()
  local response = self:head()
  if response.headers["transfer-encoding"] == "chunked" then
    response.chunks = {}
    for data in function() return self:chunk() end do
      if data == "" then break end
      table.insert(response.chunks, data)
    end
    response.body = table.concat(response.chunks)
  else
    local length = tonumber(response.headers["content-length"])
    -- luasocket would wait for more when asked for nothing.
    response.body = length == 0 and "" or assert(self.client:receive(length or "*a"))
  end
  return response
end

function Connection:close() self.client:close() end

---One request on a connection of its own.
function support.call(url, verb, target, body, headers)
  local connection = support.connect(url)
  connection:request(verb, target, body, headers)
  local response = connection:response()
  connection:close()
  return response
end

---Decodes the body of an answer that must be labelled as JSON.
function support.json(response)
  local kind = response.headers["content-type"]
  assert(kind == "application/json; charset=UTF-8", kind)
  return cjson.decode(response.body)
end

---Decodes a stream's events; each must be one HTTP chunk.
function support.events(response)
  local out = {}
  for i, chunk in ipairs(response.chunks) do
    local data = chunk:match("^data: ([^\r\n]*)\r\n\r\n$")
    out[i] = cjson.decode((assert(data, chunk)))
  end
  return out
end

---The first text of a GenerateContentResponse.
function support.text(reply) return reply.candidates[1].content.parts[1].text end

---The first texts of a list of them, as one.
function support.joined(replies)
  local texts = {}
  for i, reply in ipairs(replies) do texts[i] = support.text(reply) end
  return table.concat(texts)
end

return support
