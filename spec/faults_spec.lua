---Whatever a server does, each call ends: in time, in an error that tells what happened, or in what it was to bring.

local answers = require "spec.support.faults.answers"
local calls = require "spec.support.faults.calls"
local meet = require "spec.support.faults.meet"

local ALL = { "unary", "empty", "list", "stream", "start", "chunk", "download" }

local function concerns(row, name)
  return not row.only or (" " .. row.only .. " "):find(" " .. name .. " ", 1, true) ~= nil
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
          if concerns(row, name) then
            local call, want = calls[name], row[name] or row.want
            local server = meet.serve(meet.scripts(call, { { "send", row[2](call) }, { "close" } }, want))
            local more = { text = row.text or file == "events" and "" or nil, whole = row.whole }
            meet.expect(call, meet.client(server.url), want, more)
          end
        end
      end)
    end
  end)
end

-- The forms of an answer. `spare` bytes at its end are no loss where the connection is closed in order; `hollow` is
-- how calls end that got the head alone.
local EMPTY = "protocol: the answer is empty"
local FORMS = {
  ["with a length"] = { answer = answers.sized, spare = {} },
  ["in chunks"] = { answer = answers.chunked, spare = { unary = 1, empty = 1, list = 1, stream = 1 } },
  ["without a length"] = {
    answer = answers.open,
    spare = { stream = 4 },
    hollow = { unary = EMPTY, empty = "ok", list = EMPTY },
  },
  ["that is compressed"] = {
    answer = function(call) return answers.coded(call, answers.gzip(call.body)) end,
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

describe("an answer", function()
  after_each(meet.stop)

  for what, form in pairs(FORMS) do
    for _, how in ipairs { "close", "reset" } do
      for _, name in ipairs { "unary", "empty", "list", "stream" } do
        it(("%s ends at any byte by %s: %s"):format(what, how, name), function()
          local call, scripts = calls[name], {}
          local bytes = form.answer(call)
          for at = 0, #bytes - 1 do scripts[at + 1] = { { "recv" }, { "send", bytes:sub(1, at) }, { how } } end
          local server = meet.serve(scripts)
          local client = meet.client(server.url)
          for at = 0, #bytes - 1 do
            meet.expect(call, client, wanted(form, name, bytes, how, at), { what = "at " .. at })
          end
          assert.equal(#bytes, server:connections())
        end)
      end
    end
  end
end)
