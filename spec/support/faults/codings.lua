---Compressed answers, and what is wrong with them. Rows as in framing.lua; downloads ask for none.

local answers = require "spec.support.faults.answers"

local coded, gzip, spoiled = answers.coded, answers.gzip, answers.spoiled

local READERS = "unary list stream chunk empty"
local LOST = "truncated: the upload is complete, but the answer that tells of it was lost"

-- The body compressed, and something done to it.
local function packed(change, coding)
  return function(call) return coded(call, change(gzip(call.body)), coding) end
end

-- The body is left of a compressed one as far as it goes behind a cut.
local function cut(from, to)
  return packed(function(bytes) return bytes:sub(from, to) end)
end

local rows = {
  { "a compressed body", packed(function(bytes) return bytes end), want = "ok" },
  { "a compressed body without its first byte", cut(2, -1), want = "protocol: encoding" },
  { "half a header of gzip", cut(1, 5), want = "protocol: the answer is empty", stream = "truncated", chunk = LOST, empty = "ok" },
  { "a header of gzip alone", cut(1, 10), want = "protocol: the answer is empty", stream = "truncated", chunk = LOST, empty = "ok" },
  { "half a compressed body", function(call)
    local bytes = gzip(call.body)
    return coded(call, bytes:sub(1, math.floor(#bytes / 2)))
  end, want = "truncated", empty = "ok" },
  -- Nothing is missing but what would prove it.
  { "a compressed body without its length", cut(1, -5), want = "ok" },
  { "a compressed body without its checksum", cut(1, -9), want = "ok" },
  { "another checksum", packed(function(bytes) return spoiled(bytes, -8) end), want = "protocol: encoding" },
  { "another length in its gzip", packed(function(bytes) return spoiled(bytes, -4) end), want = "protocol: encoding" },
  { "a spoiled header of gzip", packed(function(bytes) return spoiled(bytes, 1) end), want = "protocol: encoding" },
  { "a method of gzip's that nobody knows", packed(function(bytes) return spoiled(bytes, 3) end), want = "protocol: encoding" },
  { "a spoiled compressed body", packed(function(bytes) return spoiled(bytes, 11) end), want = "protocol: encoding" },
  { "bytes behind its gzip", packed(function(bytes) return bytes .. "more" end), want = "protocol" },
  { "no compression where it says gzip", function(call) return coded(call, call.body) end, want = "protocol" },
  { "no compression where it says deflate", function(call) return coded(call, call.body, "deflate") end, want = "protocol" },
  { "no compression where it says br", function(call) return coded(call, call.body, "br") end, want = "protocol" },
  { "no compression where it says zstd", function(call) return coded(call, call.body, "zstd") end, want = "protocol" },
  { "gzip where it says br", packed(function(bytes) return bytes end, "br"), want = "protocol" },
  { "a coding that nobody knows", function(call) return coded(call, call.body, "foo") end, want = "protocol" },
  { "gzip in gzip, said twice", packed(gzip, "gzip, gzip"), want = "protocol" },
  { "gzip in gzip, said once", packed(gzip), want = "protocol" },
  { "gzip that nobody tells of", function(call) return answers.sized(call, gzip(call.body)) end, want = "protocol" },
  { "nothing where it says gzip", function(call) return coded(call, "") end, want = "protocol: the answer is empty", stream = "truncated",
    chunk = LOST, empty = "ok" },
}

for _, row in ipairs(rows) do row.only = READERS end

return rows
