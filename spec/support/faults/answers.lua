---Answers of servers, and what is left of them.

local temporary = require "spec.support.temporary"

local answers = {}

---@param call table  a row of calls.lua, whose header lines the answer has
---@param more string  further lines, each with its end; "" for none
---@param status? string  "200 OK" when absent
---@return string head
function answers.head(call, more, status)
  return "HTTP/1.1 " .. (status or "200 OK") .. "\r\n" .. call.head .. more .. "\r\n"
end

---@param call table
---@param body? string  the call's own when absent
---@param more? string
---@param status? string
---@return string answer  that says how long it is
function answers.sized(call, body, more, status)
  body = body or call.body
  return answers.head(call, "Content-Length: " .. #body .. "\r\n" .. (more or ""), status) .. body
end

---@param call table
---@param body? string
---@param more? string
---@return string answer  that ends with its connection
function answers.open(call, body, more)
  return answers.head(call, more or "") .. (body or call.body)
end

---@param text string  sizes and bytes of chunks
---@return string answer
function answers.chunks(call, text, more)
  return answers.head(call, "Transfer-Encoding: chunked\r\n" .. (more or "")) .. text
end

---@param body string
---@return string chunk
function answers.chunk(body)
  return body == "" and "" or ("%x\r\n"):format(#body) .. body .. "\r\n"
end

---@param call table
---@return string answer  in two chunks and the last one
function answers.chunked(call)
  local half = math.floor(#call.body / 2)
  local first, second = call.body:sub(1, half), call.body:sub(half + 1)
  return answers.chunks(call, answers.chunk(first) .. answers.chunk(second) .. "0\r\n\r\n")
end

local packed = {}

---@param bytes string
---@return string bytes  in gzip's form
function answers.gzip(bytes)
  if packed[bytes] then return packed[bytes] end
  local pipe = assert(io.popen("gzip -nc " .. temporary.file(bytes)))
  packed[bytes] = pipe:read "*a"
  pipe:close()
  return packed[bytes]
end

---@param call table
---@param bytes string
---@param coding? string  "gzip" when absent
---@return string answer
function answers.coded(call, bytes, coding)
  return answers.sized(call, bytes, "Content-Encoding: " .. (coding or "gzip") .. "\r\n")
end

---@param bytes string
---@param at integer  from the end where it is below 0
---@return string bytes  with another byte there
function answers.spoiled(bytes, at)
  if at < 0 then at = #bytes + 1 + at end
  return bytes:sub(1, at - 1) .. string.char((bytes:byte(at) + 85) % 256) .. bytes:sub(at + 1)
end

return answers
