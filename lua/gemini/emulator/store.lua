-- What the emulator remembers: resources by name, in the order of their creation, and beside each what no client sees.
-- With a file, all of it outlives the process.
require("gemini.interpreted")()

local socket = require "socket"
local errors = require "gemini.emulator.errors"
local json = require "gemini.emulator.json"

local Store = {}
Store.__index = Store

local function collectionOf(name) return name:match("^(.*)/[^/]+$") or name end

local function indexed(self, entry)
  self.entries[entry.name] = entry
  local collection = collectionOf(entry.name)
  self.collections[collection] = self.collections[collection] or {}
  table.insert(self.collections[collection], entry.name)
end

local NO_SUCH_FILE = 2 -- ENOENT

-- The file's text; nil where there is none yet.
local function readAll(path)
  local file, problem, code = io.open(path, "rb")
  if not file and code == NO_SUCH_FILE then return nil end
  local text
  if file then
    text, problem = file:read("*a")
    file:close()
  end
  if not text then error("the state cannot be read: " .. problem, 0) end
  return text
end

local function isEntry(entry)
  return type(entry) == "table" and type(entry.name) == "string" and type(entry.sequence) == "number"
    and type(entry.value) == "table" and type(entry.hidden) == "table"
end

-- What is wrong with the file's value, nil if nothing is.
local function problemOf(saved)
  if type(saved) ~= "table" or type(saved.entries) ~= "table" then return "no entries" end
  if type(saved.sequence) ~= "number" then return "no sequence" end
  for i, entry in ipairs(saved.entries) do
    if not isEntry(entry) then return ("entry %d is none"):format(i) end
  end
end

local function load(self)
  local text = readAll(self.path)
  if not text or text == "" then return end
  local saved, problem = json.decode(text)
  problem = problem or problemOf(saved)
  if problem then error(("%s is no state of the emulator: %s"):format(self.path, problem), 0) end
  self.sequence = saved.sequence
  for _, entry in ipairs(saved.entries) do indexed(self, entry) end
end

---@param path string? the file to keep the state in; raises where it holds something else
---@return table store
function Store.new(path)
  local self = setmetatable({ path = path }, Store)
  self:reset()
  self.dirty = false
  if path then load(self) end
  return self
end

---Forgets everything.
function Store:reset()
  self.entries, self.collections, self.sequence, self.dirty = {}, {}, 0, true
end

---Adds a resource; raises ALREADY_EXISTS where its name is taken.
---@param name string "corpora/a"
---@param value table the resource as clients see it
---@param hidden table? what they do not see
---@return table value
function Store:insert(name, value, hidden)
  if self.entries[name] then errors.raise("ALREADY_EXISTS", ("%s already exists."):format(name)) end
  self.sequence = self.sequence + 1
  self.dirty = true
  indexed(self, { name = name, value = value, hidden = hidden or {}, sequence = self.sequence })
  return value
end

---@param name string
---@return table? value nil where there is none
---@return table hidden
function Store:find(name)
  local entry = self.entries[name]
  if entry then return entry.value, entry.hidden end
end

---Like find, but raises NOT_FOUND.
---@param name string
---@return table value
---@return table hidden
function Store:get(name)
  local value, hidden = self:find(name)
  if not value then errors.raise("NOT_FOUND", ("Requested entity was not found: %s"):format(name)) end
  return value, hidden
end

---Gives a resource a new value, whose tables become the store's.
---@param name string
---@param value table
---@param hidden table? what changes of what no client sees
function Store:replace(name, value, hidden)
  local entry = self.entries[name]
  entry.value = value
  for field, changed in pairs(hidden or {}) do entry.hidden[field] = changed end
  self.dirty = true
end

---To be called where a value or what is hidden beside it was changed in place.
function Store:changed() self.dirty = true end

---@param collection string "corpora", "corpora/a/documents"
---@return table[] values in the order of their creation
function Store:list(collection)
  local values = {}
  for i, name in ipairs(self.collections[collection] or {}) do values[i] = self.entries[name].value end
  return values
end

---@param name string
---@return string[] names of all resources below a resource
function Store:below(name)
  local names, prefix = {}, name .. "/"
  for each in pairs(self.entries) do
    if each:sub(1, #prefix) == prefix then table.insert(names, each) end
  end
  return names
end

local function drop(self, name)
  local collection = collectionOf(name)
  for i, each in ipairs(self.collections[collection]) do
    if each == name then table.remove(self.collections[collection], i) break end
  end
  self.entries[name] = nil
end

---Removes a resource and all below it; raises NOT_FOUND.
---@param name string
function Store:remove(name)
  self:get(name)
  for _, each in ipairs(self:below(name)) do drop(self, each) end
  drop(self, name)
  self.dirty = true
end

local DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

---@return string id twelve letters and digits, another one at each call
function Store:id()
  self.sequence = self.sequence + 1
  self.dirty = true
  -- A step that shares no factor with 36^5 visits every number once; the sequence follows in clear.
  local mixed, out = (self.sequence * 24684253) % 36 ^ 5, {}
  local rest = self.sequence
  for i = 1, 12 do
    local from = i <= 5 and mixed or rest
    local digit = from % 36
    out[i] = DIGITS:sub(digit + 1, digit + 1)
    if i <= 5 then mixed = (mixed - digit) / 36 else rest = (rest - digit) / 36 end
  end
  return table.concat(out)
end

---@return number seconds since 1970, with as many digits as the file keeps
function Store.now() return math.floor(socket.gettime() * 1e4) / 1e4 end

---A time as the API writes it.
---@param seconds number? since 1970; now when absent
---@return string
function Store:time(seconds)
  seconds = seconds or self:now()
  local whole = math.floor(seconds)
  return os.date("!%Y-%m-%dT%H:%M:%S", whole) .. (".%06dZ"):format(math.floor((seconds - whole) * 1e6))
end

---Writes what has changed to the file, if there is one.
function Store:save()
  if not self.dirty or not self.path then return end
  local ordered = {}
  for _, entry in pairs(self.entries) do table.insert(ordered, entry) end
  table.sort(ordered, function(a, b) return a.sequence < b.sequence end)
  local file = assert(io.open(self.path .. ".new", "wb"))
  assert(file:write(json.encode { sequence = self.sequence, entries = json.array(ordered) }))
  assert(file:close())
  assert(os.rename(self.path .. ".new", self.path))
  self.dirty = false
end

return Store
