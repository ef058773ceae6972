-- An index over entries by their names, which are paths: what is in a collection, in the order of its creation, and
-- what is below a name, without a look at all the rest.
require("gemini.interpreted")()

local Tree = {}
Tree.__index = Tree

---@class gemini.emulator.Entry
---@field name string "corpora/a"
---@field sequence number entries are ordered by it
---@field value table the resource as clients see it
---@field hidden table what they do not see

---@return table tree without entries
function Tree.new() return setmetatable({ nodes = {} }, Tree) end

-- A node for each entry, and for each path on the way to one. The root's path is "".
local function nodeAt(self, path)
  local node = self.nodes[path]
  if node then return node end
  local parent = path ~= "" and nodeAt(self, path:match("^(.*)/[^/]+$") or "") or nil
  node = { path = path, parent = parent, below = {}, nodes = 0, entries = 0 }
  self.nodes[path] = node
  if parent then parent.below[path], parent.nodes = node, parent.nodes + 1 end
  return node
end

-- Forgets a node that leads nowhere.
local function prune(self, node)
  while node.parent and not node.entry and node.nodes == 0 do
    local parent = node.parent
    self.nodes[node.path], parent.below[node.path], parent.nodes = nil, nil, parent.nodes - 1
    node = parent
  end
end

local function bySequence(a, b) return a.sequence < b.sequence end

---@param entry gemini.emulator.Entry whose name no other has
function Tree:put(entry)
  local node = nodeAt(self, entry.name)
  node.entry = entry
  local parent = node.parent
  parent.entries = parent.entries + 1
  local ordered = parent.ordered
  if not ordered then return end
  local last = ordered[#ordered]
  -- What is put back is not the youngest.
  if last and last.sequence > entry.sequence then parent.ordered = nil else ordered[#ordered + 1] = entry end
end

---@param entry gemini.emulator.Entry
function Tree:drop(entry)
  local node = self.nodes[entry.name]
  local parent = node.parent
  node.entry, parent.ordered, parent.entries = nil, nil, parent.entries - 1
  prune(self, node)
end

-- A node's entries in the order of their creation.
local function orderedEntries(node)
  if not node.ordered then
    node.ordered = {}
    for _, each in pairs(node.below) do
      if each.entry then table.insert(node.ordered, each.entry) end
    end
    table.sort(node.ordered, bySequence)
  end
  return node.ordered
end

---@param name string
---@return gemini.emulator.Entry? entry
function Tree:at(name)
  local node = self.nodes[name]
  return node and node.entry
end

---@param collection string "corpora", "corpora/a/documents"
---@return gemini.emulator.Entry[] entries in the order of their creation; not to be changed
function Tree:list(collection)
  local node = self.nodes[collection]
  return node and orderedEntries(node) or {}
end

---@param collection string
---@return integer count how many entries a list of it has
function Tree:count(collection)
  local node = self.nodes[collection]
  return node and node.entries or 0
end

local function collect(node, names)
  for path, each in pairs(node.below) do
    if each.entry then names[#names + 1] = path end
    collect(each, names)
  end
  return names
end

---@param name string
---@return string[] names of all entries below one
function Tree:below(name)
  local node = self.nodes[name]
  return node and collect(node, {}) or {}
end

---@param visit fun(entry: gemini.emulator.Entry) called for each entry, in no order
function Tree:each(visit)
  for _, node in pairs(self.nodes) do
    if node.entry then visit(node.entry) end
  end
end

return Tree
