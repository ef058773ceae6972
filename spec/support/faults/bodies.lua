---What an answer says with a 200, where a JSON object should be. Rows as in framing.lua.

local answers = require "spec.support.faults.answers"

local sized = answers.sized

local function said(text, lines) return function(call) return sized(call, text, lines) end end

-- The call's own body, changed.
local function changed(change)
  return function(call) return sized(call, change(call.body)) end
end

-- The call's own body by another name.
local function typed(mediaType)
  return function(call)
    return "HTTP/1.1 200 OK\r\n" .. call.head:gsub("Content%-Type: [^\r]*\r\n", "")
      .. ("Content-Length: %d\r\n"):format(#call.body) .. mediaType .. "\r\n" .. call.body
  end
end

local function utf16(text, order)
  local marks = { le = "\255\254", be = "\254\255" }
  return marks[order] .. text:gsub(".", order == "le" and "%0\0" or "\0%0")
end

local PAGE = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>\27[31mPlease\0sign in</body></html>"
local HTML = "Content-Type: text/html; charset=utf-8\r\n"

local LOST = "truncated: the upload is complete, but the answer that tells of it was lost"

local rows = {
  { "no body", said "", want = "protocol: the answer is empty", empty = "ok", chunk = LOST },
  { "blanks alone", said " \r\n\t ", want = "protocol: the answer is empty", chunk = LOST },
  { "a page", said(PAGE), want = "protocol: <!DOCTYPE html> <html><head><title>Sign in" },
  { "a page that says so", said(PAGE, HTML), want = "protocol: <!DOCTYPE html>" },
  { "plain text", said "upstream connect error", want = "protocol: upstream connect error" },
  { "binary bytes", said "\137PNG\r\n\26\n\0\0\0\rIHDR\255\254", want = "protocol: PNG" },
  { "much that is no JSON", said(("word "):rep(100000)), want = "protocol: word word word" },

  { "half a body", changed(function(body) return body:sub(1, math.floor(#body / 2)) end), want = "truncated: {" },
  { "a body without its last byte", changed(function(body) return body:sub(1, -2) end), want = "truncated: {" },
  { "a body cut in a name", said '{"candid', want = 'truncated: {"candid' },
  { "a body cut in an escape", said '{"a":"\\u12', want = "truncated" },
  { "a body cut in a character", said '{"a":"\195', want = "truncated" },
  { "a body cut in a number", said '{"a":1', want = "truncated" },
  { "a body cut in a word", said '{"a":nul', want = "truncated" },

  { "bytes behind its JSON", changed(function(body) return body .. "}" end), want = "protocol: {" },
  { "two values", changed(function(body) return body .. "\n" .. body end), want = "protocol: {" },
  { "blanks around its JSON", changed(function(body) return "\r\n \t" .. body .. "\n\n" end), want = "ok" },
  { "a comma too many", said '{"a":1,}', want = 'protocol: {"a":1,}' },
  { "names without quotes", said "{a:1}", want = "protocol: {a:1}" },
  { "quotes of the other kind", said "{'a':1}", want = "protocol: {'a':1}" },
  { "a comment", said "{/* */}", want = "protocol: {/* */}" },
  { "NaN", said '{"a":NaN}', want = 'protocol: {"a":NaN}' },
  { "a number that no double holds", said '{"a":1e999}', want = 'protocol: {"a":1e999}' },
  { "a control character in a string", said '{"a":"\1"}', want = 'protocol: {"a":' },
  { "a zero byte in a string", said '{"a":"\0"}', want = 'protocol: {"a":' },
  { "a zero byte behind its JSON", changed(function(body) return body .. "\0" end), want = "protocol: {" },
  { "zero bytes alone", said(("\0"):rep(20)), want = "protocol" },
  { "a guard before its JSON", changed(function(body) return ")]}'\n" .. body end), want = "protocol: )]}'" },
  { "lists in lists without end", said(("["):rep(100000)), want = "limit" },

  { "a string", said '"done"', want = 'protocol: "done"' },
  { "a number", said "17", want = "protocol: 17" },
  { "true", said "true", want = "protocol: true" },
  { "null", said "null", want = "protocol: null", empty = "ok" },
  { "an empty list", said "[]", want = "protocol: []", empty = "ok" },
  { "a list of numbers", said "[1,2]", want = "protocol: [1,2]" },
  { "a list of lists", said "[[1]]", want = "protocol: [[1]]" },
  { "a list of the reply", changed(function(body) return "[" .. body .. "]" end), want = "protocol: [{" },

  { "a byte order mark", changed(function(body) return "\239\187\191" .. body end), want = "ok" },
  { "a byte order mark alone", said "\239\187\191", want = "truncated" },
  { "two bytes a character", changed(function(body) return utf16(body, "le") end), want = "protocol" },
  { "two bytes a character, the high one first", changed(function(body) return utf16(body, "be") end), want = "protocol" },
  { "text that is no UTF-8", changed(function(body) return (body:gsub("^{", '{"x":"\255\192\128\237\160\128",')) end),
    want = "ok", only = "unary list chunk" },
  { "a name twice", changed(function(body) return (body:gsub("^{", '{"x":1,"x":2,')) end), want = "ok", only = "unary list chunk" },

  { "JSON that is called a page", typed(HTML), want = "ok" },
  { "JSON that is called text", typed "Content-Type: text/plain\r\n", want = "ok" },
  { "JSON that is called an event stream", typed "Content-Type: text/event-stream\r\n", want = "ok" },
  { "JSON of no type", typed "", want = "ok" },
  { "JSON of an odd type", typed "Content-Type: \1;;=\255,\r\n", want = "ok" },
  { "JSON of another charset's name", typed "Content-Type: application/json; charset=utf-16\r\n", want = "ok" },

  { "events where JSON should be", changed(function(body) return "data: " .. body .. "\r\n\r\n" end), want = "protocol: data: {" },
  { "an error", said '{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}', want = "api 503: busy" },
  { "an error in a list", said '[{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}]', want = "api 503: busy" },
  { "an error that is a string", said '{"error":"busy"}', want = "api: busy" },
}

for _, row in ipairs(rows) do row.only = row.only or "unary empty list chunk" end

return rows
