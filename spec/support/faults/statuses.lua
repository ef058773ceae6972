---Statuses that are no 200, and what comes with them. Rows as in framing.lua.

local answers = require "spec.support.faults.answers"

local sized = answers.sized

local READERS = "unary list start chunk stream"

local PAGE = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\27[31m<center>nginx</center></body></html>\r\n"
local HTML = "Content-Type: text/html\r\n"
local OBJECT = '{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}'

-- Where a GET is sent to the same answer again.
local ROUND = "limit: more than 5 redirects"

local function with(status, body, lines)
  return function(call) return sized(call, body or "", lines, status) end
end

-- A status whose answers have no body, as they should be.
local function bare(status, lines)
  return function() return "HTTP/1.1 " .. status .. "\r\n" .. (lines or "") .. "\r\n" end
end

-- Interim answers before a good one.
local function before(text)
  return function(call) return text .. sized(call) end
end

return {
  { "an interim answer", before "HTTP/1.1 100 Continue\r\n\r\n", want = "ok" },
  { "interim answers", before(("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"):rep(20)), want = "ok" },
  { "an interim answer that has a length", before "HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\n", want = "ok" },
  { "an interim answer alone", bare "100 Continue", want = "network: Empty reply" },
  { "a status 102 alone", bare "102 Processing", want = "network: Empty reply" },
  { "another protocol that nobody asked for", bare("101 Switching Protocols", "Upgrade: h2c\r\nConnection: Upgrade\r\n"),
    want = "protocol: the server switches" },
  { "another protocol, and its bytes", function()
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nbytes of another protocol\r\n\r\n"
  end, want = "protocol: the server switches" },

  { "a 201", with("201 Created", "{}"), want = "ok", only = "empty" },
  { "a 202 without a body", with "202 Accepted", want = "protocol: the answer is empty", only = "unary list" },
  { "a 204", bare "204 No Content", want = "ok", only = "empty" },
  { "a 204 where a reply is needed", bare "204 No Content", want = "protocol: the answer is empty", only = "unary list" },
  { "a 204 where events are needed", bare "204 No Content", want = "truncated", only = "stream" },
  { "a 204 that has a body", with("204 No Content", "{}"), want = "ok", only = "empty" },
  { "a 205", bare "205 Reset Content", want = "ok", only = "empty" },
  { "a 205 where a reply is needed", bare "205 Reset Content", want = "protocol: the answer is empty", only = "unary list" },
  { "a 206", function(call) return sized(call, nil, "Content-Range: bytes 0-1/2\r\n", "206 Partial Content") end,
    want = "ok", only = "unary" },

  { "a 300", with "300 Multiple Choices", want = "protocol 300" },
  { "a 301 without a place", with "301 Moved Permanently", want = "protocol 301" },
  { "a 302 to a page", with("302 Found", PAGE, "Location: /login\r\n" .. HTML), want = "protocol 302: 502 Bad Gateway",
    list = ROUND, download = ROUND },
  { "a 302 without a place, to a page", with("302 Found", PAGE, HTML), want = "protocol 302: 502 Bad Gateway" },
  { "a 304", bare "304 Not Modified", want = "protocol 304" },
  { "a 307 to an empty place", with("307 Temporary Redirect", "", "Location:\r\n"), want = "protocol 307" },
  { "a 308", with "308 Resume Incomplete", want = "protocol 308" },
  { "a 399", with("399 What", "why"), want = "protocol 399: why" },

  { "a page of 404", with("404 Not Found", PAGE, HTML), want = "api 404: 502 Bad Gateway", only = READERS .. " download" },
  { "a page of 404 that is called JSON", with("404 Not Found", PAGE), want = "api 404: 502 Bad Gateway",
    only = READERS .. " download" },
  { "a page of 502", with("502 Bad Gateway", PAGE, HTML), want = "api 502: 502 Bad Gateway" },
  { "a page of 502 that is called JSON", with("502 Bad Gateway", PAGE), want = "api 502: 502 Bad Gateway" },
  { "a page of 503", with("503 Service Unavailable", PAGE, HTML), want = "api 503: 502 Bad Gateway" },
  { "a page of 502 that is cut", function(call)
    return answers.head(call, "Content-Length: 1000\r\n", "502 Bad Gateway") .. PAGE
  end, want = "truncated 502: 502 Bad Gateway" },
  { "a page of 502 in chunks that are cut", function(call)
    return answers.head(call, "Transfer-Encoding: chunked\r\n", "502 Bad Gateway") .. answers.chunk(PAGE)
  end, want = "truncated 502: 502 Bad Gateway" },
  { "a 503 that is cut and says when to come back", function(call)
    return answers.head(call, "Retry-After: 7\r\nContent-Length: 1000\r\n", "503 Busy") .. PAGE
  end, want = "truncated 503: try again in 7 s" },
  { "an empty 400", with "400 Bad Request", want = "api 400: the answer is empty" },
  { "an empty 500", with "500 Oops", want = "api 500: the answer is empty" },
  { "a 500 without any header", function() return "HTTP/1.1 500 Oops\r\n\r\n" end, want = "api 500: the answer is empty" },
  { "an error object", with("503 Service Unavailable", OBJECT), want = "api 503: busy" },
  { "an error object that is called a page", with("503 Service Unavailable", OBJECT, HTML), want = "api 503: busy" },
  { "an error object that is cut", with("503 Service Unavailable", OBJECT:sub(1, 30)), want = 'api 503: {"error":{"code":503' },
  { "a good reply with a 500", function(call) return sized(call, nil, nil, "500 Oops") end, want = "api 500", only = "unary list" },
  { "an error of binary bytes", with("500 Oops", "\0\1\27]0;title\7\200\201\255"), want = "api 500" },
  { "an error without end", with("500 Oops", ("word "):rep(100000)), want = "api 500: word word" },
  { "an error in gzip that is cut", function(call)
    return answers.sized(call, answers.gzip(OBJECT):sub(1, 20), "Content-Encoding: gzip\r\n", "503 Busy")
  end, want = "api 503" },
  { "a status of 600", with("600 What", "why"), want = "api 600: why" },
  { "a status of 999", with("999 What", "why"), want = "api 999: why" },
}
