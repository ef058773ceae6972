---The kinds of calls that meet faults: what a good answer to each is, and how the call is made.
---
---`body` and `head` (further header lines) make a good answer; `run` makes the call and gives its value, or nil and
---the error; `whole` is what a good value comes to. A stream's third result is the text that its chunks had brought.

local talk = require "spec.support.talk"

local CHUNK = talk.http("200 OK", "", "Connection: close\r\nX-Goog-Upload-Status: active\r\nX-Goog-Upload-URL: /session\r\n")
local FINAL = talk.http("200 OK", '{"file":{"name":"files/a"}}', "Connection: close\r\nX-Goog-Upload-Status: final\r\n")

local function script(answer) return { { "recv" }, { "send", answer } } end

local function upload(client, call)
  local args = { data = "0123456789", mimeType = "text/plain", protocol = "resumable" }
  local file, err = client.media:upload(args, call)
  return file and file.name, err
end

local calls = {
  unary = {
    body = '{"candidates":[{"content":{"parts":[{"text":"ab"}]},"finishReason":"STOP"}]}',
    whole = "ab",
    run = function(client, call)
      local reply, err = client.models:generateContent({ model = "m", contents = "x" }, call)
      return reply and reply.text, err
    end,
  },
  empty = {
    body = "{}",
    whole = "nothing",
    run = function(client, call)
      local reply, err = client.files:delete({ name = "f" }, call)
      return reply and (next(reply) == nil and "nothing" or "something"), err
    end,
  },
  list = {
    body = '{"files":[{"name":"files/a"},{"name":"files/b"}]}',
    whole = "files/a files/b",
    run = function(client, call)
      local page, err = client.files:list({}, call):page()
      return page and page.files[1].name .. " " .. page.files[2].name, err
    end,
  },
  stream = {
    body = talk.chunk "a" .. talk.chunk("b", "STOP"),
    head = "Content-Type: text/event-stream\r\n",
    whole = "ab",
    run = function(client, call)
      local stream, texts = client.models:streamGenerateContent({ model = "m", contents = "x" }, call), {}
      local chunk, err
      repeat
        chunk, err = stream:next()
        texts[#texts + 1] = chunk and chunk.text
      until not chunk
      assert(select(2, stream:next()) == err, "a stream that failed fails in another way")
      local text = table.concat(texts)
      return not err and text or nil, err, text
    end,
  },
  -- The request that opens an upload's session; a good answer to it is followed by one to the chunk. What comes next
  -- must not try the same connection again.
  start = {
    body = "",
    head = "Connection: close\r\nX-Goog-Upload-Status: active\r\nX-Goog-Upload-URL: /session\r\n",
    whole = "files/a",
    behind = script(FINAL),
    run = upload,
  },
  -- The request that ends it.
  chunk = {
    body = '{"file":{"name":"files/a"}}',
    head = "Connection: close\r\nX-Goog-Upload-Status: final\r\n",
    whole = "files/a",
    before = script(CHUNK),
    run = upload,
  },
  download = {
    body = "a\0b\r\n\r\n{\"\255",
    whole = "a\0b\r\n\r\n{\"\255",
    run = function(client, call) return client.files:download({ name = "f" }, call) end,
  },
}

for name, call in pairs(calls) do
  call.name, call.head = name, call.head or "Content-Type: application/json\r\n"
end

return calls
