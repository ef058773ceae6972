-- Reads the facts about the API, for the tools that make the project's tables of them.
local cjson = require "cjson"

local facts = {}

local COLUMNS = { "resource", "method", "verb", "path", "body", "reply", "query", "stream", "origin", "note" }

local function readAll(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

local function parseLine(text)
  local row, at = {}, 0
  for cell in (text .. "\t"):gmatch("([^\t]*)\t") do
    at = at + 1
    row[COLUMNS[at]] = cell
  end
  return row
end

---@param text string  methods.tsv
---@return table<string, string>[] methods  a row each, by column
function facts.methods(text)
  local rows = {}
  for each in text:gmatch("[^\r\n]+") do rows[#rows + 1] = parseLine(each) end
  local header = table.remove(rows, 1)
  -- Columns in another order would make other rows, and no error.
  for _, name in ipairs(COLUMNS) do assert(header[name] == name, "methods.tsv has other columns") end
  return rows
end

---@param dir string
---@return { methods: table<string, string>[], messages: table, enums: table }
function facts.read(dir)
  local known = cjson.decode(readAll(dir .. "/messages.json"))
  known.methods = facts.methods(readAll(dir .. "/methods.tsv"))
  return known
end

return facts
