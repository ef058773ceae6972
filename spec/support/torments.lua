---What spec/support/torture.lua does while allocations fail: for each its server's scripts, the act, and what it gives.

local gemini = require "gemini"
local talk = require "spec.support.talk"

local REPLY = '{"candidates":[{"content":{"parts":[{"text":"x\\u00e4"}]},"finishReason":"STOP"}]}'
local EMBEDDINGS = '{"embeddings":[{"values":[1,0]},{"values":[3,4]}]}'
local FILE = '{"file":{"name":"files/a","sizeBytes":"10"}}'

local EVENTS = talk.sse(talk.chunk "a" .. talk.chunk "b" .. talk.chunk("c", "STOP"))

-- A session takes two chunks, all on one connection.
local SESSION = {
  { "recv" }, { "send", talk.http("200 OK", "{}", "X-Goog-Upload-URL: /up\r\nX-Goog-Upload-Chunk-Granularity: 5\r\n") },
  { "recv" }, { "send", talk.http("200 OK", "{}", "X-Goog-Upload-Status: active\r\n") },
  { "recv" }, { "send", talk.http("200 OK", FILE, "X-Goog-Upload-Status: final\r\nConnection: close\r\n") }, { "close" },
}

-- A call of a function, and what the model says then, on one connection.
local CALL = '{"candidates":[{"content":{"role":"model","parts":[{"functionCall":{"name":"f","args":{"a":1}}}]},"finishReason":"STOP"}]}'
local CALLING = {
  { "recv" }, { "send", talk.http("200 OK", CALL) },
  { "recv" }, { "send", talk.http("200 OK", REPLY, "Connection: close\r\n") }, { "close" },
}

local QUESTION = { model = "m", contents = "x" }

local function ask(client)
  local reply, err = client.models:generateContent(QUESTION)
  return reply and reply.text, err
end

local function begin(client, config)
  return client.models:streamGenerateContent { model = "m", contents = "x", generationConfig = config }
end

-- The first chunk of a stream that goes on.
local function first(client)
  local stream = begin(client)
  local chunk, err = stream:next()
  stream:close()
  return chunk and chunk.text, err
end

local function upload(client, protocol)
  local file, err = client.media:upload {
    data = "0123456789", mimeType = "text/plain", displayName = "a name", protocol = protocol, chunkSize = 5,
  }
  return file and file.name, err
end

---@class gemini.Torment
---@field scripts table  see loopback.c; the last one serves all later connections
---@field act fun(client: table): any, gemini.Error?
---@field gives any  what `act` returns when nothing fails
---@field luaAlone? boolean  takes memory of Lua's alone
---@field tasks? boolean  begins tasks
---@field catches? boolean  has to catch what its tasks raise while they wait
---@field settle? fun(client: table)  brings the server back to the script's beginning

---@type table<string, gemini.Torment>
return {
  ["a client"] = {
    scripts = { talk.last(talk.ok(REPLY)) },
    act = function(client)
      return tostring(gemini.new { apiKey = "k", baseUrl = "http://[::1]:1", headers = { ["X-A"] = client and "b" } })
    end,
    gives = "gemini.client: http://[::1]:1",
    luaAlone = true,
  },

  ["a call"] = {
    scripts = { talk.last(talk.ok(REPLY)) },
    act = ask,
    gives = "xä",
  },

  ["packed embeddings"] = {
    scripts = { talk.last(talk.ok(EMBEDDINGS)) },
    act = function(client)
      local reply, err = client.models:batchEmbedContents { model = "m", requests = { { content = "x" } }, packed = true }
      if not reply then return nil, err end
      local one, two = reply.embeddings[1].values, reply.embeddings[2].values
      local found = gemini.vector.topK(gemini.vector.new { 0, 1 }, { one, two }, 2)
      return found[1].index .. gemini.json.encode(two:normalize())
    end,
    gives = "2[0.6,0.8]",
  },

  ["an answer of another status"] = {
    scripts = { talk.last(talk.http("404 Not Found", '{"error":{"code":404,"message":"none","status":"NOT_FOUND"}}')) },
    act = function(client)
      local _, err = ask(client)
      if err.code == 404 then return tostring(err) end
      return nil, err
    end,
    gives = "models.generateContent: 404 NOT_FOUND: none (client.models:list() names the models)",
  },

  ["a stream"] = {
    scripts = { talk.last(EVENTS) },
    act = function(client)
      local texts = {}
      for chunk in begin(client) do texts[#texts + 1] = chunk.text end
      return table.concat(texts)
    end,
    gives = "abc",
  },

  ["a stream of JSON"] = {
    scripts = { talk.last(talk.sse(talk.chunk '{"a":["x\\u00' .. talk.chunk 'e4 and' .. talk.chunk(' so on",1]}', "STOP"))) },
    act = function(client)
      local value
      for chunk in begin(client, { responseMimeType = "application/json" }) do value = chunk.partial end
      return value.a[1] .. value.a[2]
    end,
    gives = "xä and so on1",
  },

  ["a stream collected"] = {
    scripts = { talk.last(EVENTS) },
    act = function(client)
      local reply, err = begin(client):collect()
      return reply and reply.text, err
    end,
    gives = "abc",
  },

  ["a stream that is closed"] = {
    scripts = { { { "recv" }, { "send", talk.sse(talk.chunk "a") }, { "hold" } } },
    act = first,
    gives = "a",
  },

  ["a task that is cancelled"] = {
    scripts = { { { "recv" }, { "send", talk.sse(talk.chunk "a") }, { "hold" } } },
    act = function(client)
      return gemini.run(function()
        return gemini.race {
          function() return begin(client):collect() end,
          function() return first(client) end,
        }
      end)
    end,
    gives = "a",
    tasks = true,
    catches = true,
  },

  ["calls in tasks"] = {
    scripts = { talk.last(talk.ok(REPLY)) },
    act = function(client)
      return gemini.run(function()
        local results, errors = gemini.map({ 1, 2, 3 }, function(i)
          local text, err = ask(client)
          return text and text .. i, err
        end, { concurrency = 2 })
        local _, err = next(errors)
        if err then return nil, err end
        return table.concat(results, " ", 1, 3)
      end)
    end,
    gives = "xä1 xä2 xä3",
    tasks = true,
  },

  ["a chat that streams"] = {
    scripts = { talk.last(EVENTS) },
    act = function(client)
      local chat, texts = client:chat { model = "m" }, {}
      for chunk in chat:stream "x" do texts[#texts + 1] = chunk.text end
      return table.concat(texts) .. #chat.history
    end,
    gives = "abc2",
  },

  ["a function that is called"] = {
    scripts = { CALLING },
    act = function(client)
      local declaration = { name = "f", call = function(args) return args.a end }
      local chat = client:chat { model = "m", tools = { { functionDeclarations = { declaration } } } }
      local reply, err = chat:send "x"
      if not reply then return nil, err end
      local told = chat.history[3].parts[1].functionResponse.response
      if told.error then error(told.error, 0) end
      return reply.text .. told.output .. #chat.history
    end,
    gives = "xä14",
    tasks = true,
    settle = function(client)
      repeat until not client.models:get({ name = "x" }).candidates[1].content.parts[1].functionCall
    end,
  },

  ["an upload in one request"] = {
    scripts = { talk.last(talk.ok(FILE)) },
    act = function(client) return upload(client, "multipart") end,
    gives = "files/a",
  },

  ["an upload in chunks"] = {
    scripts = { SESSION },
    act = function(client) return upload(client, "resumable") end,
    gives = "files/a",
    settle = function(client)
      repeat until client.models:get { name = "x" }.file
    end,
  },

  ["a download"] = {
    scripts = { talk.last(talk.http("200 OK", ("0123456789"):rep(1000))) },
    act = function(client)
      local bytes, err = client.files:download { name = "files/a" }
      return bytes and #bytes, err
    end,
    gives = 10000,
  },

  ["a download to a file"] = {
    scripts = { talk.last(talk.http("200 OK", ("0123456789"):rep(1000))) },
    act = function(client)
      local path, err = client.files:download { name = "files/a", path = "build/torture.out" }
      return path, err
    end,
    gives = "build/torture.out",
  },
}
