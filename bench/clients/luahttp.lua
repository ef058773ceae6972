-- By lua-http: a connection is opened once, and has a stream of lua-http's for each request.
local client = require "http.client"
local cqueues = require "cqueues"
local events = require "bench.clients.events"
local newHeaders = require("http.headers").new

local function connect(host, port)
  return assert(client.connect { host = host, port = port, tls = false })
end

local function headers(authority, path, fields)
  local out = newHeaders()
  out:append(":method", "POST")
  out:append(":scheme", "http")
  out:append(":authority", authority)
  out:append(":path", path)
  out:append("x-goog-api-key", "k")
  for name, value in pairs(fields) do out:append(name, tostring(value)) end
  return out
end

local function answered(stream)
  local head = assert(stream:get_headers())
  assert(head:get ":status" == "200", "an answer is an error")
  return head
end

return function(url)
  local host, port = url:match "^http://(.*):(%d+)$"
  local authority, connection = host .. ":" .. port, nil

  local function send(on, path, body)
    local stream = on:new_stream()
    local fields = { ["content-type"] = "application/json", ["content-length"] = #body }
    assert(stream:write_headers(headers(authority, path, fields), false))
    assert(stream:write_chunk(body, true))
    answered(stream)
    return stream
  end

  local function read(on, path, body, take)
    local piece = events(take)
    for chunk in send(on, path, body):each_chunk() do piece(chunk) end
  end

  local function kept()
    connection = connection or connect(host, port)
    return connection
  end

  local function begin(path, size)
    local stream = kept():new_stream()
    assert(stream:write_headers(headers(authority, path, {
      ["content-length"] = 0, ["x-goog-upload-protocol"] = "resumable", ["x-goog-upload-command"] = "start",
      ["x-goog-upload-header-content-length"] = size,
    }), true))
    local session = answered(stream):get "x-goog-upload-url"
    stream:get_body_as_string()
    return session:match "^http://[^/]*(.*)$"
  end

  local transport = {}

  function transport.post(path, body) return assert(send(kept(), path, body):get_body_as_string()) end

  function transport.stream(path, body, take) read(kept(), path, body, take) end

  function transport.together(count, path, body, take)
    local queue = cqueues.new()
    for _ = 1, count do
      queue:wrap(function()
        local own = connect(host, port)
        read(own, path, body, take)
        own:close()
      end)
    end
    assert(queue:loop())
  end

  -- In one request.
  function transport.upload(path, name)
    local file = assert(io.open(name, "rb"))
    local size = file:seek "end"
    file:seek "set"
    local session = begin(path, size)
    local stream = kept():new_stream()
    assert(stream:write_headers(headers(authority, session, {
      ["content-length"] = size, ["x-goog-upload-command"] = "upload, finalize", ["x-goog-upload-offset"] = 0,
    }), false))
    assert(stream:write_body_from_file(file))
    answered(stream)
    return assert(stream:get_body_as_string())
  end

  return transport
end
