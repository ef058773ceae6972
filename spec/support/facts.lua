---The facts about the API, read by other code than the tools' own, which the specs check.

local cjson = require "cjson"
local read = require "spec.support.read"

-- They lie beside a checkout of the project; an installed copy is without them.
local DIR = os.getenv("LUA_GEMINI_FACTS") or "../shared/facts"

local facts = {}

local function split(line)
  local cells = {}
  for cell in ("\t" .. line):gmatch("\t([^\t\r]*)") do cells[#cells + 1] = cell end
  return cells
end

local function words(cell)
  local list = {}
  for word in cell:gmatch("[^,]+") do list[#list + 1] = word end
  return list
end

local function rowOf(header, line)
  local row = {}
  for i, cell in ipairs(split(line)) do row[header[i]] = cell ~= "" and cell or nil end
  row.full = row.resource .. "." .. row.method
  row.query = words(row.query or "")
  row.stream = row.stream == "1"
  return row
end

local function rowsOf(text)
  local rows, header = {}, nil
  for line in text:gmatch("[^\n]+") do
    if header then rows[#rows + 1] = rowOf(header, line) else header = split(line) end
  end
  return rows
end

---@class spec.FactRow  a line of methods.tsv; an empty cell is nil
---@field full string  "models.generateContent"
---@field query string[]
---@field stream boolean

---@return { dir: string, rows: spec.FactRow[], messages: table, enums: table }?  nil where there are none
function facts.read()
  local methods = read(DIR .. "/methods.tsv")
  if not methods then return nil end
  local known = cjson.decode(read(DIR .. "/messages.json"))
  return { dir = DIR, rows = rowsOf(methods), messages = known.messages, enums = known.enums }
end

---The field of a list's reply that holds the items: the resource's word, but for two.
---@param row spec.FactRow
---@return string
function facts.items(row)
  local named = { batches = "operations", ["triggers.executions"] = "trigger_executions" }
  return named[row.resource] or row.resource:match("[^.]+$")
end

return facts
