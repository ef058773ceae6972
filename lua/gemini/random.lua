---What nobody else has: texts for boundaries and names of temporary files, numbers for delays.

local random = {}

-- Where the system gives no random bytes: what differs between processes, and between calls.
local count = 0

local function makeshift()
  count = count + 1
  return ("%d %.6f %s %d"):format(os.time(), os.clock(), tostring {}, count)
end

local function bytes(n)
  local file = io.open("/dev/urandom", "rb")
  local got = file and file:read(n)
  if file then file:close() end
  return got and #got == n and got or makeshift()
end

---@param n integer  bytes of randomness, where the system has them
---@return string text  letters and digits
function random.text(n)
  return (bytes(n):gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

---@return number  at least 0 and less than 1
function random.fraction()
  return tonumber(random.text(4):sub(1, 6), 16) / 2 ^ 24
end

return random
