-- The file that keeps what a store remembers.
local json = require "gemini.emulator.json"

local statefile = {}

local NO_SUCH_FILE = 2 -- ENOENT
local FORM = '{"sequence":%d,"kept":%s,"entries":[\n'

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

---Reads a file of the store's; raises where it holds something else, or cannot be read.
---@param path string
---@return { sequence: number, kept: table?, entries: gemini.emulator.Entry[] }? saved nil where there is no file yet
function statefile.read(path)
  local text = readAll(path)
  if not text or text == "" then return nil end
  local saved, problem = json.decodeOwn(text)
  problem = problem or problemOf(saved)
  if problem then error(("%s is no state of the emulator: %s"):format(path, problem), 0) end
  return saved
end

local function need(value, problem)
  if not value then error("the state cannot be written: " .. problem, 0) end
  return value
end

---Writes a file whole or not at all: a process that is killed leaves the one before. Raises where it cannot.
---@param path string
---@param sequence number
---@param kept table
---@param texts string[] the entries, encoded
function statefile.write(path, sequence, kept, texts)
  local file = need(io.open(path .. ".new", "wb"))
  need(file:write(FORM:format(sequence, json.encode(kept)), table.concat(texts, ",\n"), "]}"))
  need(file:close())
  need(os.rename(path .. ".new", path))
end

return statefile
