---Text from anywhere, made fit for a line that a person reads.

local plain = {}

---Text as UTF-8: what is none becomes U+FFFD.
---@param text string
---@return string
function plain.legible(text)
  if not text:find("[\128-\255]") then return text end
  local quoted = text:gsub('[%z\1-\31"\\]', function(byte) return ("\\u%04x"):format(byte:byte()) end)
  return (require("gemini.codec").decode('"' .. quoted .. '"'))
end

-- The first bytes, without the last character.
local function clipped(text, most)
  return (text:sub(1, most):gsub("[\192-\255]?[\128-\191]*$", ""))
end

---One printable line.
---@param text string
---@param most integer  bytes; what is longer is cut, and not in the middle of a UTF-8 sequence
---@return string line
function plain.line(text, most)
  local cut = #text > 4 * most
  text = plain.legible(cut and clipped(text, 4 * most) or text)
  -- C1 controls, separators of lines, and what turns the direction of writing.
  text = text:gsub("\194[\128-\159]", " "):gsub("\226\128[\168-\174]", " ")
  text = text:gsub("[%c%s]+", " "):gsub("^ ", ""):gsub(" $", "")
  if not cut and #text <= most then return text end
  return clipped(text, most) .. "…"
end

-- The index behind `what`; behind the end where there is none.
local function behind(text, what, at)
  local _, last = text:find(what, at, true)
  return (last or #text) + 1
end

local UNSEEN = { script = true, style = true }

-- The index behind the markup at `at`: a comment, a tag, or an element without text up to its end tag.
local function skip(lower, at)
  if lower:find("^<!%-%-", at) then return behind(lower, "-->", at + 4) end
  local name = lower:match("^<([%w-]+)", at)
  if not UNSEEN[name] then return behind(lower, ">", at) end
  return lower:find("</" .. name, at, true) or #lower + 1
end

local function title(html, lower, at)
  if not lower:find("^<title[%s>]", at) then return nil end
  local first = behind(lower, ">", at)
  local text = html:sub(first, (lower:find("<", first, true) or 0) - 1)
  return text:find("%S") and text
end

-- A page's title; the text outside of its markup if it has none.
local function visible(html)
  local lower, out, at = html:lower(), {}, 1
  while true do
    local open = lower:find("<[%a/!?]", at)
    out[#out + 1] = html:sub(at, (open or 0) - 1)
    if not open then return table.concat(out, " ") end
    local found = title(html, lower, open)
    if found then return found end
    at = skip(lower, open)
  end
end

local ENTITIES = {
  amp = "&", lt = "<", gt = ">", quot = '"', apos = "'", nbsp = " ",
  ["#34"] = '"', ["#38"] = "&", ["#39"] = "'", ["#60"] = "<", ["#62"] = ">",
  ["#x22"] = '"', ["#x26"] = "&", ["#x27"] = "'", ["#x3c"] = "<", ["#x3e"] = ">",
}

---Whether an answer is a page, or another kind of markup. What only begins in angle brackets is not.
---@param text string
---@param mediaType? string  what its headers call it
---@return boolean
function plain.isMarkup(text, mediaType)
  if (mediaType or ""):lower():find("html", 1, true) then return true end
  local first = text:match("^[\239\187\191%s]*<([%a!?])")
  return first ~= nil and (not first:find("%a") or text:find("</%a") ~= nil)
end

-- What a page has to say, it says within these bytes.
local PAGE = 262144

---@param html string
---@return string text  what a browser would show of it, roughly: its title, else its text, in one line
function plain.fromMarkup(html)
  local text = visible(html:sub(1, PAGE)):gsub("^\239\187\191", "")
  text = text:gsub("&(#?%w+);", function(name) return ENTITIES[name] or ENTITIES[name:lower()] end)
  return (text:gsub("%s+", " "):gsub("^ ", ""):gsub(" $", ""))
end

return plain
