---Blocks of Lua, each in a process of its own.

local run = require "spec.support.run"

local lua = {}

local PREAMBLE = 'local gemini = require "gemini"\nlocal client = gemini.new()\n'

local compile = rawget(_G, "loadstring") or load

---@param block spec.Block
---@return string code  of a whole program: what needs no saying is not shown on pages
function lua.program(block)
  return block.code:find('require "gemini"', 1, true) and block.code or PREAMBLE .. block.code
end

---@param block spec.Block
---@param place spec.Place
function lua.run(block, place)
  return run.lua(lua.program(block), "env -C " .. place.folder, place.environment)
end

---copas is not there for every Lua: where it is missing, the block is read alone.
function lua.runWithCopas(block, place)
  if pcall(require, "copas") then return lua.run(block, place) end
  local chunk, problem = compile(block.code)
  return problem or block.code, chunk and 0 or 1
end

return lua
