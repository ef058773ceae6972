---What is wrong with the form of an answer, whatever it says: no HTTP, bad heads, lengths, chunks.
---
---Rows: `send(call)` gives the bytes that the server sends before it closes; `want` is how a call ends: "ok", or the
---error's kind, its code if it has one, and what its message holds. A kind of call that ends otherwise has a field.

local answers = require "spec.support.faults.answers"

local chunk, chunks, head, open, sized = answers.chunk, answers.chunks, answers.head, answers.open, answers.sized

local function said(text) return function() return text end end

-- A good answer with other first words.
local function line(text) return function(call) return (sized(call):gsub("^[^\r\n]*", text, 1)) end end

-- A good answer with more header lines, which say nothing of its length.
local function with(lines) return function(call) return sized(call, nil, lines) end end

-- A good body behind such a line about its length.
local function lengths(format)
  return function(call) return head(call, (format:gsub("#", tostring(#call.body)))) .. call.body end
end

-- Chunks: # is the body as a chunk.
local function inChunks(text)
  return function(call) return chunks(call, (text:gsub("#", function() return chunk(call.body) end))) end
end

return {
  { "nothing", said "", want = "network: Empty reply" },
  { "words of another protocol", said "SSH-2.0-OpenSSH_9.2p1\r\n", want = "protocol: SSH-2.0-OpenSSH_9.2p1" },
  { "bytes of no protocol", said "\0\1\2\200\255\27[31m\n\r\n", want = "protocol" },
  { "a body without a head", function() return "<html><body>busy</body></html>" end, want = "protocol: <html><body>busy" },
  { "line ends alone", said "\r\n\r\n\r\n\r\n", want = "protocol" },

  { "a version to come", line "HTTP/7.3 200 OK", want = "protocol" },
  { "no version", line "HTTP/ 200 OK", want = "protocol" },
  { "the name of another protocol", line "ICY 200 OK", want = "protocol: ICY 200 OK" },
  { "a status that is no number", line "HTTP/1.1 2OO OK", want = "protocol" },
  { "no status", line "HTTP/1.1", want = "protocol" },
  { "a status of two digits", line "HTTP/1.1 20 OK", want = "protocol" },
  { "a status of four digits", line "HTTP/1.1 2000 OK", want = "protocol" },
  { "the status 000", line "HTTP/1.1 000 OK", want = "protocol" },
  { "a status below 0", line "HTTP/1.1 -200 OK", want = "protocol" },
  { "a status without words", line "HTTP/1.1 200", want = "ok" },
  { "a very long status line", line("HTTP/1.1 200 " .. ("x"):rep(300000)), want = "limit: headers" },

  { "a header without a colon", with "Nothing here\r\n", want = "protocol" },
  { "a header without a name", with ": nothing\r\n", want = "ok" },
  { "a header that holds a zero byte", with "X-A: a\0b\r\n", want = "protocol" },
  { "a header of odd bytes", with "X-A: \1\2\27[31m\128\255\r\n", want = "ok" },
  { "a header over two lines", with "X-A: a\r\n b\r\n", want = "ok" },
  { "headers without end", with(("X-A: %s\r\n"):format(("a"):rep(1000)):rep(300)), want = "limit: headers" },
  { "one header without end", with("X-A: " .. ("a"):rep(300000) .. "\r\n"), want = "limit: headers" },
  { "line ends of one byte in its head", function(call)
    local first, body = sized(call):match "^(.-\r\n\r\n)(.*)$"
    return first:gsub("\r", "") .. body
  end, want = "ok" },

  { "a length below 0", lengths "Content-Length: -#\r\n", want = "protocol" },
  { "a length that is no number", lengths "Content-Length: many\r\n", want = "protocol" },
  { "an empty length", lengths "Content-Length:\r\n", want = "protocol" },
  { "a length with a sign", lengths "Content-Length: +#\r\n", want = "protocol" },
  { "a hexadecimal length", lengths "Content-Length: 0x#\r\n", want = "protocol" },
  { "a length with a fraction", lengths "Content-Length: #.5\r\n", want = "protocol" },
  { "a length with words behind it", lengths "Content-Length: # bytes\r\n", want = "protocol" },
  { "a length that no number holds", lengths "Content-Length: 99999999999999999999999\r\n", want = "protocol" },
  { "the same length twice", lengths "Content-Length: #\r\nContent-Length: #\r\n", want = "ok" },
  { "two lengths, the right one first", lengths "Content-Length: #\r\nContent-Length: 1#\r\n", want = "protocol" },
  { "two lengths, the right one last", lengths "Content-Length: 1#\r\nContent-Length: #\r\n", want = "protocol" },
  { "two lengths in one line", lengths "Content-Length: #, 1#\r\n", want = "protocol" },
  { "two lengths, both too small", lengths "Content-Length: 1\r\nContent-Length: 0\r\n", want = "protocol" },
  { "a length beside chunks", function(call)
    return chunks(call, chunk(call.body) .. "0\r\n\r\n", "Content-Length: 3\r\n")
  end, want = "ok" },

  { "less than its length", function(call) return head(call, ("Content-Length: %d\r\n"):format(#call.body + 9)) .. call.body end,
    want = "truncated" },
  { "more than its length", function(call) return sized(call) .. "more" end, want = "ok" },
  { "nothing of its length", function(call) return head(call, "Content-Length: 50\r\n") end, want = "truncated" },
  { "half of a body that has no length", function(call) return open(call, call.body:sub(1, math.floor(#call.body / 2))) end,
    want = "truncated: {", stream = "truncated: {", start = "ok", only = "unary empty list stream start chunk" },
  -- Nobody can tell.
  { "half of a file that has no length", function(call) return open(call, call.body:sub(1, 5)) end, want = "ok",
    whole = "a\0b\r\n", only = "download" },

  { "a chunk whose size is no number", inChunks "many\r\n#0\r\n\r\n", want = "protocol" },
  { "a chunk without a size", inChunks "\r\n#0\r\n\r\n", want = "protocol" },
  { "a chunk whose size is below 0", inChunks "-5\r\nabcde\r\n0\r\n\r\n", want = "protocol" },
  { "a chunk whose size no number holds", inChunks "fffffffffffffffffffff\r\n#0\r\n\r\n", want = "protocol" },
  { "a chunk larger than it says", inChunks "1\r\nabcde\r\n0\r\n\r\n", want = "protocol" },
  { "a chunk that is cut", inChunks "#ff\r\nabc", want = "truncated" },
  { "a size that is cut", inChunks "#f", want = "truncated" },
  { "no last chunk", inChunks "#", want = "truncated" },
  { "a last chunk that is cut behind its size", inChunks "#0", want = "truncated" },
  { "a last chunk that is cut behind its first line", inChunks "#0\r\n", want = "truncated" },
  { "a last chunk that is cut in its line end", inChunks "#0\r\n\r", want = "ok" },
  { "trailers that are cut", inChunks "#0\r\nX-A: a\r\nX-B", want = "truncated" },
  { "trailers", inChunks "#0\r\nX-A: a\r\nContent-Length: 1\r\n\r\n", want = "ok" },
  { "words behind a chunk's size", function(call)
    return chunks(call, (chunk(call.body):gsub("\r\n", ";a=b;c=\"d\"\r\n", 1)) .. "0;last\r\n\r\n")
  end, want = "ok" },
  { "bytes behind the last chunk", inChunks "#0\r\n\r\nmore", want = "ok" },
  { "a coding of transfer that nobody knows", function(call)
    return head(call, "Transfer-Encoding: foo\r\n") .. call.body
  end, want = "protocol" },
}
