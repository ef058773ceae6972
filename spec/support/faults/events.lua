---Streams. Rows as in framing.lua; `text` is what the chunks before the error had brought, "" when absent.

local answers = require "spec.support.faults.answers"
local talk = require "spec.support.talk"

local chunk, open = talk.chunk, answers.open

local function said(...)
  local text = table.concat({ ... })
  return function(call) return open(call, text) end
end

local function event(text) return "data: " .. text .. "\r\n\r\n" end

local function bare(text, finish) return (chunk(text, finish):gsub("^data: ", ""):gsub("%s+$", "")) end

local function typed(mediaType, body)
  return function() return "HTTP/1.1 200 OK\r\nContent-Type: " .. mediaType .. "\r\n\r\n" .. body end
end

local OBJECT = '{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}'
local A, B = chunk "a", chunk("b", "STOP")
local LIST = "[" .. bare "a" .. "\n,\r\n" .. bare("b", "STOP") .. "\n]\n"
local UMLAUT = chunk "\195\164"

local rows = {
  { "no event", said "", want = "truncated: without a finish reason" },
  { "comments alone", said(": ping\n\n", ":\n\n", ": ping\n\n"), want = "truncated: without a finish reason: : ping" },
  { "empty events alone", said("data:\n\n", "data\n\n", "event: x\n\n"), want = "truncated: without a finish reason" },
  { "no finish reason", said(A), want = "truncated: without a finish reason", text = "a" },
  { "an empty finish reason", said(A, event '{"candidates":[{"finishReason":""}]}'), want = "truncated", text = "a" },
  { "[DONE] first", said(event "[DONE]"), want = "truncated: without a finish reason" },
  { "[DONE] first, and chunks behind", said(event "[DONE]", A, B), want = "ok" },
  { "[DONE] where a finish reason should be", said(A, event "[DONE]"), want = "truncated", text = "a" },
  { "[DONE] behind all", said(A, B, event "[DONE]"), want = "ok" },

  { "an event that is no JSON", said(A, event "hello"), want = "protocol: hello", text = "a" },
  { "an event that is no JSON, and a good one behind", said(A, event "hello", B), want = "protocol: hello", text = "a" },
  { "an event that is a string", said(A, event '"hello"'), want = "protocol", text = "a" },
  { "an event that is a number", said(A, event "5"), want = "protocol", text = "a" },
  { "an event that is null", said(A, event "null"), want = "protocol: null", text = "a" },
  { "an event that is an empty list", said(A, event "[]", B), want = "ok" },
  { "an event that is a list of numbers", said(A, event "[5]"), want = "protocol", text = "a" },
  { "an event whose JSON is cut", said(A, event(bare("b"):sub(1, -5)), B), want = "truncated: {", text = "a" },
  { "an event with bytes behind its JSON", said(A, event(bare "b" .. "}")), want = "protocol: {", text = "a" },
  { "an event that holds a zero byte", said(A, event '{"a":"\0"}'), want = "protocol", text = "a" },
  { "an event of binary bytes", said(A, event "\27[31m\200\255"), want = "protocol", text = "a" },
  { "much that is no JSON in an event", said(A, event(("word "):rep(100000))), want = "protocol: word word", text = "a" },
  { "an object that is no chunk", said(A, event "{}", event '{"x":1}'), want = "truncated", text = "a" },
  { "candidates that are none", said(A, event '{"candidates":5}', event '{"candidates":[5,null]}'), want = "truncated", text = "a" },

  { "an error between its chunks", said(A, event(OBJECT), B), want = "api 503: busy", text = "a" },
  { "an error of an event's name", said(A, "event: error\r\n", event(OBJECT)), want = "api 503: busy", text = "a" },
  { "a bare error behind its chunks", said(A, OBJECT), want = "api 503: busy", text = "a" },
  { "a bare error that is cut", said(A, OBJECT:sub(1, -4)), want = 'truncated: {"error"', text = "a" },
  { "an error before its chunks", said(event(OBJECT)), want = "api 503: busy" },
  { "a bare error alone", said(OBJECT), want = "api 503: busy" },
  { "an error in a list", said("[", OBJECT, "]"), want = "api 503: busy" },
  { "an error behind its finish reason", said(A, B, event(OBJECT)), want = "api 503: busy", text = "ab" },
  { "a page behind its chunks", said(A, "<html><title>502</title></html>"), want = "protocol: <html>", text = "a" },

  { "an event cut in its name", said(A, "dat"), want = "truncated", text = "a" },
  { "an event cut in a character", said(A, UMLAUT:sub(1, (UMLAUT:find "\195"))), want = "truncated", text = "a" },
  { "an event cut in a number", said(A, 'data: {"usageMetadata":{"totalTokenCount":1'), want = "truncated", text = "a" },
  { "an event cut in its line end", said(A, B:sub(1, -4)), want = "ok" },
  { "an event without its blank line", said(A, B:sub(1, -3)), want = "ok" },

  { "line ends of one byte", said((A:gsub("\r", "")), (B:gsub("\r", ""))), want = "ok" },
  { "line ends of the other byte", said((A:gsub("\n", "")), (B:gsub("\n", ""))), want = "ok" },
  { "a byte order mark", said("\239\187\191", A, B), want = "ok" },
  { "fields that nobody knows", said("id: 5\nretry: 9\nfoo: bar\nfoo\n", A, "event: x\n", B), want = "ok" },
  { "an event over many lines", said(A, (B:gsub(",", ",\r\ndata: "))), want = "ok" },

  { "a list instead of events", typed("application/json", LIST), want = "ok" },
  { "a list that is called events", said(LIST), want = "ok" },
  { "a list that is cut", typed("application/json", LIST:sub(1, -3)), want = "truncated: [{" },
  { "a list that is cut between its chunks", typed("application/json", "[" .. bare "a" .. "\n,"), want = "truncated: [{" },
  { "an empty list", typed("application/json", "[]"), want = "truncated: without a finish reason" },
  { "one chunk instead of events", typed("application/json", bare("ab", "STOP")), want = "ok" },
  { "events that are called JSON", typed("application/json", A .. B), want = "ok" },
  { "events that are called a page", typed("text/html", A .. B), want = "ok" },
  { "events of no type", function() return "HTTP/1.1 200 OK\r\n\r\n" .. A .. B end, want = "ok" },

  { "a page", typed("text/html", "<html><title>Sign in</title></html>"), want = "protocol: <html><title>Sign in" },
  { "a page that is called events", said "<html><title>Sign in</title></html>", want = "protocol: <html><title>Sign in" },
  { "plain text", said "upstream connect error or disconnect", want = "protocol: upstream connect error" },
  { "plain text in lines", said "upstream\nconnect\n\nerror\n", want = "protocol: upstream connect error" },
  { "binary bytes", said "\137PNG\r\n\26\n\0\0\0\rIHDR\255\254", want = "protocol: PNG" },
  { "two bytes a character", said((A:gsub(".", "%0\0"))), want = "protocol" },
  { "much plain text", said(("word "):rep(100000)), want = "protocol: word word" },
}

for _, row in ipairs(rows) do row.only = "stream" end

return rows
