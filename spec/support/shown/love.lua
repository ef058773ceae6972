---Blocks of Lua as a game's main.lua in LÖVE, on a display of its own.

local lua = require "spec.support.shown.lua"
local run = require "spec.support.run"
local temporary = require "spec.support.temporary"

return function(block, place)
  local file = temporary.file(lua.program(block), ".lua")
  return run.shell(("env SHOWN_BLOCK=%s %s spec/support/love/display love spec/support/love/block"):format(
    file, run.assignments(place.environment)))
end
