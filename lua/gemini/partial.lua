---The value of a JSON text that is still coming. Each byte is looked at once, however the text is cut, and what is
---known of the value depends on the bytes alone, not on the cuts.

local codec = require "gemini.codec"

local find, sub = string.find, string.sub

local DEEPEST = 1000 -- as the codec has it
local MARK = "\239\187\191" -- a byte order mark, which the codec passes over

---@class gemini.Partial
---@field private token table  what is being read, one of TOKENS
---@field private expects table<string, function>  what may come next between tokens, by its first byte
---@field private held string  bytes that mean nothing without those behind them
---@field private growing gemini.Text|false  what has come of a cut string, or of a word whose end is not certain
---@field private root table  whose field 1 is the value
---@field private top table  the innermost container that is open
local Partial = {}
Partial.__index = Partial

-- What is being read: `take` takes bytes from a place on, and returns the place behind them, or nil for more of them;
-- `finish` is called with a whole one. What is shown is a value before it is whole.
local TOKENS = { start = {}, structure = {}, text = { shown = true }, name = {}, word = {}, nothing = {} }

-- What may come next between tokens: functions that take it, by its first byte.
local VALUE, ELEMENT, FIRST_ELEMENT, NAME, FIRST_NAME, COLON, MEMBER, NOTHING = {}, {}, {}, {}, {}, {}, {}, {}

-- The text is no JSON from here on: nothing more is taken.
local function refuse(self)
  self:value()
  self.token = TOKENS.nothing
end

local function grow(self, piece)
  self.growing = self.growing or codec.text()
  self.growing:add(piece)
end

-- All of a token whose last piece this is.
local function whole(self, piece)
  if not self.growing then return piece end
  self.growing:add(piece)
  local all = tostring(self.growing)
  self.growing = false
  return all
end

local function expect(self, what)
  self.token, self.expects = TOKENS.structure, what
end

local function put(self, value)
  local top = self.top
  top.into[top.key] = value
  expect(self, top.next)
end

-- Whether an escape begins here that is not all there.
local function isCut(text, at)
  return find(text, "^\\$", at) or find(text, "^\\u%x?%x?%x?$", at)
end

-- The place behind an escape; else nil and why there is none.
local function behindEscape(text, at)
  if find(text, '^\\["\\/bfnrt]', at) then return at + 2 end
  if not find(text, "^\\u%x%x%x%x", at) then return nil, isCut(text, at) and "cut" or "wrong" end
  local next = at + 6
  local isHigh = find(text, "^[dD][89abAB]", at + 2)
  if isHigh and (next > #text or isCut(text, next)) then return nil, "cut" end
  return next
end

-- Where a text's last character begins if that is not all there; else its end.
local function characters(text, from)
  local last = find(text, "[\194-\244][\128-\191]*$", math.max(from, #text - 2))
  if not last then return #text + 1 end
  local lead = text:byte(last)
  local size = lead >= 240 and 4 or lead >= 224 and 3 or 2
  return last + size > #text + 1 and last or #text + 1
end

-- Where what can be read of a string ends, and how: it is "closed", "cut" off or "wrong".
local function scan(text, at)
  while true do
    local stop = find(text, '["\\%z\1-\31]', at)
    if not stop then return characters(text, at), "cut" end
    local byte = sub(text, stop, stop)
    if byte ~= "\\" then return stop, byte == '"' and "closed" or "wrong" end
    local next, why = behindEscape(text, stop)
    if not next then return stop, why end
    at = next
  end
end

local function takeString(self, text, at)
  local stop, how = scan(text, at)
  local piece = codec.decode('"' .. sub(text, at, stop - 1) .. '"')
  if how == "closed" then
    self.token.finish(self, whole(self, piece))
    return stop + 1
  end
  grow(self, piece)
  if how == "wrong" then return refuse(self) end
  self.held = sub(text, stop)
end

TOKENS.text.take, TOKENS.text.finish = takeString, put
TOKENS.name.take = takeString

function TOKENS.name.finish(self, name)
  self.top.key = name
  expect(self, COLON)
end

-- Numbers, true, false and null.
function TOKENS.word.take(self, text, at)
  local stop = find(text, "[^%w.+-]", at)
  local piece = sub(text, at, (stop or 0) - 1)
  if not stop then return grow(self, piece) end
  local value = codec.decode(whole(self, piece))
  if value == nil then return refuse(self) end
  put(self, value)
  return stop
end

function TOKENS.structure.take(self, text, at)
  local from = find(text, "[^ \t\r\n]", at)
  if not from then return nil end
  local take = self.expects[sub(text, from, from)] or refuse
  return take(self, from)
end

function TOKENS.start.take(self, text)
  local begins = sub(text, 1, #MARK)
  if begins ~= MARK and begins == sub(MARK, 1, #begins) then
    self.held = text
    return nil
  end
  self.token = TOKENS.structure
  return begins == MARK and #MARK + 1 or 1
end

function TOKENS.nothing.take() end

local function open(self, into, key, next, first, at)
  local outer = self.top
  if outer.depth == DEEPEST then return refuse(self) end
  outer.into[outer.key] = into
  self.top = { into = into, key = key, next = next, outer = outer, depth = outer.depth + 1 }
  expect(self, first)
  return at + 1
end

local function close(self, at)
  self.top = self.top.outer
  expect(self, self.top.next)
  return at + 1
end

-- What makes this kind of token the next one. Its first byte is its own where it is not a quote.
local function begin(token, skipped)
  return function(self, at)
    self.token = token
    return at + skipped
  end
end

local function on(next)
  return function(self, at)
    expect(self, next)
    return at + 1
  end
end

for _, value in ipairs { VALUE, FIRST_ELEMENT } do
  value['"'] = begin(TOKENS.text, 1)
  value["{"] = function(self, at) return open(self, {}, nil, MEMBER, FIRST_NAME, at) end
  value["["] = function(self, at) return open(self, setmetatable({}, codec.arrayMt), 1, ELEMENT, FIRST_ELEMENT, at) end
  for byte in ("-0123456789tfn"):gmatch "." do value[byte] = begin(TOKENS.word, 0) end
end
FIRST_ELEMENT["]"], ELEMENT["]"] = close, close
ELEMENT[","] = function(self, at)
  self.top.key = self.top.key + 1
  expect(self, VALUE)
  return at + 1
end

NAME['"'] = begin(TOKENS.name, 1)
FIRST_NAME['"'] = NAME['"']
FIRST_NAME["}"], MEMBER["}"] = close, close
MEMBER[","] = on(NAME)
COLON[":"] = on(VALUE)

---Takes the next piece of the text in. What comes behind a mistake changes nothing any more.
---@param text string
function Partial:add(text)
  local at = 1
  text, self.held = self.held .. text, ""
  while at and at <= #text do at = self.token.take(self, text, at) end
end

---What is known of the value: containers that are open count as closed; an open string is what has come of it; a name
---without a value is not there yet, nor is a number or a word whose end is not certain.
---@return any value  nil where nothing is known. An array or an object is the same table each time, which grows
function Partial:value()
  local top = self.top
  if self.token.shown then top.into[top.key] = tostring(self.growing or "") end
  return self.root[1]
end

local partial = {}

---@return gemini.Partial
function partial.new()
  local root = {}
  return setmetatable({
    token = TOKENS.start, expects = VALUE, held = "", growing = false, root = root,
    top = { into = root, key = 1, next = NOTHING, depth = 0 },
  }, Partial)
end

return partial
