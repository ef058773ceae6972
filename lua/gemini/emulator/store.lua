-- What the emulator remembers: resources by name, in the order of their creation, and beside each what no client sees.
-- With a file, all of it outlives the process.
require("gemini.interpreted")()

local socket = require "socket"
local tables = require "gemini.tables"
local Blobs = require "gemini.emulator.blobs"
local errors = require "gemini.emulator.errors"
local json = require "gemini.emulator.json"
local statefile = require "gemini.emulator.statefile"
local Tree = require "gemini.emulator.tree"

local Store = {}
Store.__index = Store

-- Remembers, during a transaction, how to take back what is done.
local function undoable(self, undo)
  self.dirty = true
  if self.undo then table.insert(self.undo, undo) end
end

local function drop(self, entry)
  self.tree:drop(entry)
  self.texts[entry] = nil
  self.blobs:loosen()
end

local function load(self)
  local saved = statefile.read(self.path)
  if not saved then return end
  self.sequence = saved.sequence
  self.kept = type(saved.kept) == "table" and saved.kept or {}
  for _, entry in ipairs(saved.entries) do
    self.tree:put(entry)
    local blob = entry.hidden.blob
    if blob and blob.file then self.blobs:know(blob.file) end
  end
end

---@param path string? the file to keep the state in; raises where it holds something else
---@return table store
function Store.new(path)
  local self = setmetatable({ path = path }, Store)
  self.blobs = Blobs.new(path, function() return self:id() end)
  self:reset()
  if path then load(self) end
  -- Where no file can be written, that is better known now.
  self:save()
  return self
end

---Forgets everything.
function Store:reset()
  -- The sequence goes on: what has an old id is never taken for what has a new one.
  self.tree, self.kept, self.texts, self.sequence, self.dirty = Tree.new(), {}, {}, self.sequence or 0, true
  self.blobs:loosen()
end

---Adds a resource; raises ALREADY_EXISTS where its name is taken.
---@param name string "corpora/a"
---@param value table the resource as clients see it
---@param hidden table? what they do not see
---@return table value
function Store:insert(name, value, hidden)
  if self.tree:at(name) then errors.raise("ALREADY_EXISTS", ("%s already exists."):format(name)) end
  self.sequence = self.sequence + 1
  local entry = { name = name, value = value, hidden = hidden or {}, sequence = self.sequence }
  self.tree:put(entry)
  undoable(self, function() drop(self, entry) end)
  return value
end

---@param name string
---@return table? value nil where there is none
---@return table hidden
function Store:find(name)
  local entry = self.tree:at(name)
  if not entry then return nil end
  -- Whoever asks for a single one may change it in place.
  self.texts[entry] = nil
  return entry.value, entry.hidden
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
  local entry = self.tree:at(name)
  local before, hiddenBefore = entry.value, entry.hidden
  entry.value, entry.hidden = value, tables.copy(entry.hidden)
  for field, changed in pairs(hidden or {}) do entry.hidden[field] = changed end
  self.texts[entry] = nil
  self.blobs:loosen()
  undoable(self, function()
    entry.value, entry.hidden = before, hiddenBefore
    self.texts[entry] = nil
  end)
end

---To be called where a value that came from get or find, or what is hidden beside it, was changed in place; no
---transaction undoes that.
function Store:changed() self.dirty = true end

---@param collection string "corpora", "corpora/a/documents"
---@return table[] values in the order of their creation
---@return table[] hidden beside each of them
function Store:list(collection)
  local values, hidden = {}, {}
  for i, entry in ipairs(self.tree:list(collection)) do values[i], hidden[i] = entry.value, entry.hidden end
  return values, hidden
end

---@param collection string
---@return integer count how many resources a list of it would have
function Store:count(collection) return self.tree:count(collection) end

---@param name string
---@return string[] names of all resources below a resource
function Store:below(name) return self.tree:below(name) end

---Removes a resource and all below it; raises NOT_FOUND.
---@param name string
function Store:remove(name)
  self:get(name)
  local names = self:below(name)
  table.insert(names, name)
  for _, each in ipairs(names) do
    local entry = self.tree:at(each)
    drop(self, entry)
    undoable(self, function() self.tree:put(entry) end)
  end
end

---Runs a function. Where it raises, what it has inserted, replaced and removed is undone, and the error raised again.
---@generic T
---@param change fun(): T
---@return T result
function Store:transaction(change)
  local outer, undo = self.undo, {}
  self.undo = undo
  local ok, result = pcall(change)
  self.undo = outer
  if not ok then
    for i = #undo, 1, -1 do undo[i]() end
    error(result, 0)
  end
  -- The transaction around this one may still fail.
  for _, each in ipairs(outer and undo or {}) do table.insert(outer, each) end
  return result
end

---Keeps a fact beside the resources.
---@param name string
---@param value string|number
function Store:keep(name, value)
  if self.kept[name] == value then return end
  self.kept[name], self.dirty = value, true
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

-- Takes away the files of blobs that nothing here holds any more: what a resource hides may have one, as `blob`.
local function sweep(self)
  self.blobs:sweep(function(visit)
    self.tree:each(function(entry) visit(entry.hidden.blob) end)
  end)
end

-- Few entries change from one time to the next: the texts of the others are still there.
local function textOf(self, entry)
  local text = self.texts[entry]
  if not text then
    text = json.encode(entry)
    self.texts[entry] = text
  end
  return text
end

---Writes what has changed to the file, if there is one.
function Store:save()
  if not self.dirty or not self.path then return end
  local texts = {}
  self.tree:each(function(entry) texts[#texts + 1] = textOf(self, entry) end)
  statefile.write(self.path, self.sequence, self.kept, texts)
  self.dirty = false
end

---Saves, and then takes away what is not needed any more. Raises where the file cannot be written.
function Store:keepSafe()
  self:save()
  sweep(self)
end

return Store
