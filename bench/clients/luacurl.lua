-- By lua-curl: one handle, and so one connection, for all. It has no multi handle.
local curl = require "curl"
local events = require "bench.clients.events"

local KEY = "x-goog-api-key: k"
local JSON = { "Content-Type: application/json", KEY }

local easy = curl.easy_init()
easy:setopt(curl.OPT_NOSIGNAL, 1)

local function perform(write)
  easy:setopt(curl.OPT_WRITEFUNCTION, function(piece, size)
    write(piece)
    return size
  end)
  local code, problem = easy:perform()
  assert(code == 0, problem)
end

local function fetched()
  local pieces = {}
  perform(function(piece) pieces[#pieces + 1] = piece end)
  return table.concat(pieces)
end

-- The address at which an upload goes on, from the headers of the answer to its start.
local function begin(url, size)
  local session
  easy:setopt(curl.OPT_URL, url)
  easy:setopt(curl.OPT_HTTPHEADER, {
    "Content-Type: application/json", KEY, "X-Goog-Upload-Protocol: resumable", "X-Goog-Upload-Command: start",
    "X-Goog-Upload-Header-Content-Length: " .. size,
  })
  easy:setopt(curl.OPT_POSTFIELDS, "{}")
  easy:setopt(curl.OPT_HEADERFUNCTION, function(line, length)
    session = session or line:lower():match "^x%-goog%-upload%-url:" and line:match ":%s*(%S+)"
    return length
  end)
  fetched()
  return session
end

-- In one request; with libcurl's own buffer, for lua-curl does not let it be set.
local function upload(url, path)
  local file = assert(io.open(path, "rb"))
  local size = file:seek "end"
  file:seek "set"
  easy:setopt(curl.OPT_URL, begin(url, size))
  easy:setopt(curl.OPT_UPLOAD, 1)
  easy:setopt(curl.OPT_CUSTOMREQUEST, "POST")
  easy:setopt(curl.OPT_INFILESIZE_LARGE, size)
  easy:setopt(curl.OPT_HTTPHEADER, { "Expect:", "X-Goog-Upload-Command: upload, finalize", "X-Goog-Upload-Offset: 0" })
  easy:setopt(curl.OPT_READFUNCTION, function(room)
    local piece = file:read(room)
    return piece and #piece or 0, piece
  end)
  local answer = fetched()
  file:close()
  return answer
end

return function(url)
  local function post(path, body)
    easy:setopt(curl.OPT_URL, url .. path)
    easy:setopt(curl.OPT_HTTPHEADER, JSON)
    easy:setopt(curl.OPT_POSTFIELDS, body)
  end
  return {
    post = function(path, body)
      post(path, body)
      return fetched()
    end,
    stream = function(path, body, take)
      post(path, body)
      perform(events(take))
    end,
    upload = function(path, file) return upload(url .. path, file) end,
  }
end
