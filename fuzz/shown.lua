---What holds for every error that a person may see.

local shown = {}

---The key of all targets: servers may say it, errors may not.
shown.SECRET = "fuzz-Key%8.+0"

-- Bytes of a message, its hint and the rest at most.
local LONGEST = 1600

local KINDS = {
  api = true, network = true, timeout = true, tls = true, protocol = true, truncated = true, cancelled = true,
  limit = true, io = true,
}

-- A year: nobody is told to wait for longer.
local LONGEST_WAIT = 365 * 86400

local function checkLine(line)
  assert(#line <= LONGEST, "the line is too long")
  assert(utf8.len(line), "the line is not UTF-8")
  assert(not line:find("[\0-\31\127]"), "the line has a control character")
  assert(not line:find("\194[\128-\159]"), "the line has a control character of C1")
  assert(not line:find("\226\128[\168-\174]"), "the line has a separator, or turns the direction of writing")
end

-- Whether a tree has the secret in it.
local function tells(value)
  if type(value) == "string" then return value:find(shown.SECRET, 1, true) ~= nil end
  if type(value) ~= "table" then return false end
  for name, inner in next, value do
    if tells(name) or tells(inner) then return true end
  end
  return false
end

---@param err any
function shown.check(err)
  assert(type(err) == "table" and getmetatable(err).__name == "gemini.error", "it is no error object")
  assert(KINDS[err.kind], "its kind is none")
  local line = tostring(err)
  checkLine(line)
  assert(not tells(line) and not tells(err), "it tells the key")
  assert(type(err.message) == "string" and err.message:find "[^%c%s]", "it has no message")
  assert(err.code == nil or math.type(err.code) == "integer", "its code is no integer")
  for _, name in ipairs { "status", "reason" } do
    assert(err[name] == nil or type(err[name]) == "string", name .. " is no string")
  end
  local wait = err.retryAfter
  assert(wait == nil or wait >= 0 and wait <= LONGEST_WAIT, "retryAfter is out of range")
  for _, name in ipairs { "details", "violations" } do
    assert(err[name] == nil or type(err[name]) == "table", name .. " is no table")
  end
end

return shown
