---Request headers: names and values to lines, checked so that no value can start a header of its own.

require("gemini.interpreted")()

local headers = {}

-- What the transport says of a message itself.
local framing = { ["content-length"] = true, ["transfer-encoding"] = true, host = true, connection = true }

---@param given table<string, string>
---@return string? problem
function headers.check(given)
  for name, value in next, given do
    if type(name) ~= "string" or not name:find("^[%w!#$%%&'*+.^_`|~-]+$") then
      return ("headers: %q is not a header name"):format(tostring(name))
    end
    if framing[name:lower()] then return ("headers: %s is not yours to set"):format(name) end
    if type(value) ~= "string" then
      return ("headers: %s must be a string, got %s"):format(name, type(value))
    end
    if value:find("[%z\1-\8\10-\31\127]") then
      return ("headers: %s holds a line end or another control character"):format(name)
    end
  end
end

---Merges header tables, later ones over earlier ones, names without regard to case.
---@param ... table<string, string>?
---@return table<string, string> merged  by lower-case name
function headers.merge(...)
  local merged = {}
  for i = 1, select("#", ...) do
    for name, value in next, (select(i, ...)) or {} do merged[name:lower()] = value end
  end
  return merged
end

---@param text? string  a header's value
---@return integer? number  nil where it is no whole number, or a larger one than a double holds
function headers.integer(text)
  local digits = (text or ""):match("^%d+$")
  return digits and #digits <= 15 and math.floor(tonumber(digits)) or nil
end

---@param merged table<string, string>
---@return string[] lines  "name: value"
function headers.lines(merged)
  local lines = {}
  for name, value in pairs(merged) do
    -- libcurl sends an empty header for ";" and drops the header for ":".
    lines[#lines + 1] = value == "" and name .. ";" or name .. ": " .. value
  end
  return lines
end

return headers
