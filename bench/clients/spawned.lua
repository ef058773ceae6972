-- By the command curl: a process for each request.
local function quoted(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

local COMMAND = "exec curl -sSN --fail -H 'Content-Type: application/json' -H 'x-goog-api-key: k' -d %s %s"
local BEGIN = "exec curl -sS --fail -o /dev/null -D - -H 'x-goog-api-key: k' -H 'X-Goog-Upload-Protocol: resumable' "
  .. "-H 'X-Goog-Upload-Command: start' -d '{}' %s"
local UPLOAD = "exec curl -sS --fail -X POST -H 'Expect:' -H 'X-Goog-Upload-Command: upload, finalize' "
  .. "-H 'X-Goog-Upload-Offset: 0' -T %s %s"

local function begin(url, body) return assert(io.popen(COMMAND:format(quoted(body), quoted(url)))) end

local function close(pipe, what)
  local ok, _, status = pipe:close()
  -- Lua 5.1 does not say how a process ended.
  assert(ok and (status or 0) == 0, "curl failed")
  return what
end

local function output(command)
  local pipe = assert(io.popen(command))
  return close(pipe, pipe:read "*a")
end

local function read(pipe, take)
  for line in pipe:lines() do
    if line:find("data: ", 1, true) == 1 then take(line:sub(7)) end
  end
  close(pipe)
end

return function(url)
  return {
    post = function(path, body)
      local pipe = begin(url .. path, body)
      return close(pipe, pipe:read "*a")
    end,
    stream = function(path, body, take) read(begin(url .. path, body), take) end,
    together = function(count, path, body, take)
      local pipes = {}
      for i = 1, count do pipes[i] = begin(url .. path, body) end
      for i = 1, count do read(pipes[i], take) end
    end,
    upload = function(path, file)
      local session = output(BEGIN:format(quoted(url .. path))):match "[Uu][Rr][Ll]: (%S+)"
      return output(UPLOAD:format(quoted(file), quoted(session)))
    end,
  }
end
