---Servers that take their time. Rows: `ops(call)` is what follows the request; `options` are the call's. `want`, a kind
---of call's own, and `only` as in framing.lua.

local answers = require "spec.support.faults.answers"

local SHORT, PATIENT = { timeout = 0.2 }, { timeout = 10, idleTimeout = 0.6 }
local LATE, IDLE = "timeout: no complete answer within", "timeout: no byte for 100 ms"

-- Sends a part, and then nothing.
local function part(make)
  return function(call) return { { "send", make(call) }, { "hold" } } end
end

local function line() return "HTTP/1.1 200" end
local function fields(call) return "HTTP/1.1 200 OK\r\n" .. call.head end
local function head(call) return answers.head(call, "Content-Length: 1000\r\n") end
local function half(call) return head(call) .. call.body:sub(1, math.ceil(#call.body / 2)) end
local function size(call) return answers.chunks(call, "ff\r") end
local function chunk(call) return answers.chunks(call, answers.chunk(call.body)) end
local function interim() return "HTTP/1.1 100 Continue\r\n\r\n" end
local function refusal(call) return answers.head(call, "Content-Length: 1000\r\n", "503 Busy") .. "<html>busy" end

local function endless(first, text)
  return function(call) return { { "send", first and first(call) or "" }, { "drip", text:rep(10000), #text, 0.02 } } end
end

local rows = {
  { "says nothing", part(function() return "" end), want = LATE },
  { "stops in its status line", part(line), want = LATE },
  { "stops in its head", part(fields), want = LATE },
  { "stops behind its head", part(head), want = LATE },
  { "stops in its body", part(half), want = LATE },
  { "stops in the size of a chunk", part(size), want = LATE },
  { "stops between chunks", part(chunk), want = LATE },
  { "stops behind an interim answer", part(interim), want = LATE },
  { "stops in its refusal", part(refusal), want = "timeout 503: no complete answer within" },
  { "has no end of interim answers", endless(nil, "HTTP/1.1 102 Processing\r\n\r\n"), want = LATE },
  { "has no end of header lines", endless(fields, "X-A: a\r\n"), want = LATE },
  { "has no end of blanks", endless(function(call) return answers.head(call, "") end, " \n"), want = LATE },
  { "has no end of comments", endless(function(call) return answers.head(call, "") end, ": ping\n\n"), want = LATE,
    only = "stream" },
  { "has no end of a line", endless(function(call) return answers.head(call, "") end, "data: "), want = LATE,
    only = "stream" },
}

for _, row in ipairs(rows) do row.options = SHORT end

for _, row in ipairs {
  { "says nothing for long", part(function() return "" end), want = IDLE },
  { "stops for long in its head", part(fields), want = IDLE },
  { "stops for long in its body", part(half), want = IDLE },
  { "stops for long between chunks", part(chunk), want = IDLE },
} do
  row.options = { idleTimeout = 0.1 }
  rows[#rows + 1] = row
end

rows[#rows + 1] = { "is slow, and never silent", function(call)
  local bytes = answers.sized(call)
  return { { "drip", bytes, math.ceil(#bytes / 10), 0.1 }, { "close" } }
end, want = "ok", options = PATIENT }

return rows
