---Whatever a server does, each call ends: in time, in an error that tells what happened, or in what it was to bring.

local answers = require "spec.support.faults.answers"
local calls = require "spec.support.faults.calls"
local cjson = require "cjson"
local gemini = require "gemini"
local meet = require "spec.support.faults.meet"
local nginx = require "spec.support.nginx"
local socket = require "socket"

local ALL = { "unary", "empty", "list", "stream", "start", "chunk", "download" }
-- Those whose first request is the one that meets a fault.
local FIRST = { "unary", "empty", "list", "stream", "start", "download" }

local function concerns(row, name)
  return not row.only or (" " .. row.only .. " "):find(" " .. name .. " ", 1, true) ~= nil
end

-- Makes a call to a server that answers as a row says.
local function meets(row, name, more, options)
  local call, want = calls[name], row[name] or row.want
  local server = meet.serve(meet.scripts(call, { { "send", row[2](call) }, { "close" } }, want))
  meet.expect(call, meet.client(server.url, options), want, more)
end

for file, what in pairs {
  framing = "an answer in bad form:", codings = "a compressed answer:", bodies = "a body:", statuses = "a status:",
  events = "a stream:",
} do
  describe(what, function()
    after_each(meet.stop)

    for _, row in ipairs(require("spec.support.faults." .. file)) do
      it(row[1], function()
        for _, name in ipairs(ALL) do
          local more = { text = row.text or file == "events" and "" or nil, whole = row.whole }
          if concerns(row, name) then meets(row, name, more) end
        end
      end)
    end
  end)
end

describe("with another codec", function()
  after_each(meet.stop)

  it("what is cut off is so too", function()
    local met = 0
    for file, name in pairs { bodies = "unary", events = "stream" } do
      for _, row in ipairs(require("spec.support.faults." .. file)) do
        if row.want:find "^truncated" then
          meets(row, name, { text = row.text }, { json = cjson })
          met = met + 1
        end
      end
    end
    assert.is_true(met > 15)
  end)
end)

local READERS = { "unary", "empty", "list", "stream" }

-- The forms of an answer. `spare` bytes at its end are no loss where the connection is closed in order; `hollow` is
-- how calls end that got the head alone.
local EMPTY = "protocol: the answer is empty"
local FORMS = {
  ["with a length"] = { answer = answers.sized, names = ALL, spare = {} },
  ["in chunks"] = { answer = answers.chunked, names = READERS, spare = { unary = 1, empty = 1, list = 1, stream = 1 } },
  ["without a length"] = {
    answer = answers.open,
    names = READERS,
    spare = { stream = 4 },
    hollow = { unary = EMPTY, empty = "ok", list = EMPTY },
  },
  ["that is compressed"] = {
    answer = function(call) return answers.coded(call, answers.gzip(call.body)) end,
    names = READERS,
    spare = {},
  },
}

-- How a call ends whose answer ends behind so many bytes. Of half a status line libcurl makes nothing.
local function wanted(form, name, bytes, how, at)
  local _, line = bytes:find "\r\n"
  local _, head = bytes:find "\r\n\r\n"
  if how == "reset" then return at < head and "network: reset" or "truncated" end
  if at < line then return "network: Empty reply" end
  if at == head and form.hollow then return form.hollow[name] or "truncated" end
  return #bytes - at <= (form.spare[name] or 0) and "ok" or "truncated"
end

-- A call for each byte, to one server: whose connections end behind so many bytes.
local function eachByte(form, name, how)
  local call, scripts = calls[name], {}
  local bytes = form.answer(call)
  for at = 0, #bytes - 1 do
    scripts[#scripts + 1] = call.before
    scripts[#scripts + 1] = { { "recv" }, { "send", bytes:sub(1, at) }, { how } }
  end
  local server = meet.serve(scripts)
  local client = meet.client(server.url)
  for at = 0, #bytes - 1 do
    meet.expect(call, client, wanted(form, name, bytes, how, at), { what = "at " .. at })
  end
  assert.equal(#scripts, server:connections())
end

-- Thousands of calls, and deadlines: the tag keeps them out where all is much slower.
describe("an answer #time", function()
  after_each(meet.stop)

  for what, form in pairs(FORMS) do
    for _, how in ipairs { "close", "reset" } do
      for _, name in ipairs(form.names) do
        it(("%s ends at any byte by %s: %s"):format(what, how, name), function() eachByte(form, name, how) end)
      end
    end
  end
end)

-- Makes the calls of these kinds beside each other.
local function together(names, each)
  local tasks = {}
  for i, name in ipairs(names) do
    tasks[i] = function() each(calls[name]) end
  end
  gemini.run(function() gemini.all(tasks) end)
end

local function concerned(row)
  local names = {}
  for _, name in ipairs(ALL) do names[#names + 1] = concerns(row, name) and name or nil end
  return names
end

describe("a server #time that", function()
  after_each(meet.stop)

  for _, row in ipairs(require "spec.support.faults.silences") do
    it(row[1], function()
      together(concerned(row), function(call)
        local want = row[call.name] or row.want
        local server = meet.serve(meet.scripts(call, row[2](call), want))
        meet.expect(call, meet.client(server.url), want, { options = row.options })
      end)
    end)
  end

  it("stops in its body holds up no call that blocks", function()
    for _, name in ipairs(ALL) do
      local call = calls[name]
      local half = answers.head(call, "Content-Length: 1000\r\n") .. call.body:sub(1, 10)
      local server = meet.serve(meet.scripts(call, { { "send", half }, { "hold" } }))
      meet.expect(call, meet.client(server.url), "timeout: no complete answer", { options = { timeout = 0.1 } })
    end
  end)

  it("is not there", function()
    local server = meet.serve { {} }
    server:stop()
    for _, name in ipairs(ALL) do meet.expect(calls[name], meet.client(server.url), "network: 127.0.0.1") end
  end)

  for _, how in ipairs { "close", "reset" } do
    it("ends connections unread: " .. how, function()
      local server = meet.serve { { { how } } }
      for _, name in ipairs(FIRST) do meet.expect(calls[name], meet.client(server.url), "network") end
    end)
  end

  it("lets nobody in", function()
    local listener = assert(socket.bind("127.0.0.1", 0, 1))
    local _, port = listener:getsockname()
    local waiting = {}
    for i = 1, 4 do
      waiting[i] = socket.tcp()
      waiting[i]:settimeout(0)
      waiting[i]:connect("127.0.0.1", port)
    end
    local url, short = "http://127.0.0.1:" .. port, { options = { timeout = 0.2 } }
    together(FIRST, function(call) meet.expect(call, meet.client(url, { connectTimeout = 0.2 }), "timeout") end)
    together(FIRST, function(call) meet.expect(call, meet.client(url), "timeout: no complete answer", short) end)
    for _, each in ipairs(waiting) do each:close() end
    listener:close()
  end)

  it("knows no TLS", function()
    for _, name in ipairs(FIRST) do
      local server = meet.serve { { { "send", "HTTP/1.1 400 Bad Request\r\n\r\n" }, { "hold" } } }
      meet.expect(calls[name], meet.client((server.url:gsub("http", "https"))), "tls")
    end
  end)
end)

-- Of a client that repeats; what it was told last is what it tells.
describe("with repetitions #time", function()
  after_each(meet.stop)

  for _, row in ipairs(require "spec.support.faults.framing") do
    if row.want ~= "ok" then
      it(row[1] .. " ends a call as it does without", function()
        together(concerned(row), function(call)
          if (row[call.name] or row.want) == "ok" then return end
          meets(row, call.name, {}, { retry = { delay = 0.001 } })
        end)
      end)
    end
  end

  it("silence leaves a call the time that it has", function()
    together(ALL, function(call)
      local server = meet.serve(meet.scripts(call, { { "hold" } }))
      local client = meet.client(server.url, { retry = { delay = 0.001 }, idleTimeout = 0.15 })
      meet.expect(call, client, "timeout", { options = { timeout = 0.4 } })
    end)
  end)
end)

describe("behind a gateway, a server #time that", function()
  local PAGE = "api 502: 502 Bad Gateway"
  after_each(meet.stop)

  local rows = {
    { "closes without an answer", function() return "" end, want = PAGE },
    { "speaks no HTTP", function() return "SSH-2.0-OpenSSH_9.2p1\r\n" end, want = "protocol: SSH-2.0-OpenSSH_9.2p1" },
    { "stops in its head", function(call) return "HTTP/1.1 200 OK\r\n" .. call.head end, want = PAGE },
    { "stops in its body", function(call)
      return answers.head(call, ("Content-Length: %d\r\n"):format(#call.body + 9)) .. call.body
    end, want = "truncated" },
    { "stops in a chunk", function(call) return answers.chunks(call, "ff\r\n" .. call.body) end, want = "truncated" },
    { "has half of a compressed body", function(call)
      return answers.coded(call, answers.gzip(call.body):sub(1, 30))
    end, want = "truncated", empty = "ok" },
  }

  it("breaks is told of", function()
    local scripts = {}
    for _, row in ipairs(rows) do
      for _, name in ipairs(READERS) do scripts[#scripts + 1] = { { "recv" }, { "send", row[2](calls[name]) }, { "close" } } end
    end
    local server = meet.serve(scripts)
    local front = nginx.start(server.url)
    local client = meet.client(front.url, { caFile = front.caFile })
    local ok, problem = pcall(function()
      for _, row in ipairs(rows) do
        for _, name in ipairs(READERS) do
          meet.expect(calls[name], client, row[name] or row.want, { what = row[1] })
        end
      end
      server:stop()
      for _, name in ipairs(READERS) do meet.expect(calls[name], client, PAGE) end
      for _, name in ipairs(READERS) do
        meet.expect(calls[name], meet.client((front.url:gsub("https", "http"))), "api 400: plain HTTP")
      end
    end)
    front.stop()
    assert(ok, problem)
  end)
end)
