-- Prints a C file that holds Lua files as modules, in the order in which they are given:
--   lua5.4 tools/embed.lua lua/gemini/init.lua lua/gemini/rest.lua … > modules.c
-- Their text, for bytecode would be of one version of one Lua; as numbers, for C's strings have a greatest length.

local HEADER = [[
/* Made by tools/embed.lua: do not edit. */
#include "embed.h"

]]

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

local function moduleOf(chunk) return (chunk:gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", ".")) end

-- The zero at the end is not counted: it keeps the array of an empty file from being empty.
local function writeArray(index, text)
  io.write(("static const unsigned char text%d[] = {\n"):format(index))
  for from = 1, #text, 32 do
    io.write(table.concat({ text:byte(from, from + 31) }, ","), ",\n")
  end
  io.write("0};\n\n")
end

io.write(HEADER)
local rows = {}
for i, path in ipairs(arg) do
  local chunk = path:gsub("^lua/", "")
  writeArray(i, read(path))
  rows[i] = ('    {"%s", "@%s", text%d, sizeof text%d - 1},\n'):format(moduleOf(chunk), chunk, i, i)
end
io.write("const gem_module gem_modules[] = {\n", table.concat(rows), "    {0, 0, 0, 0},\n};\n")
