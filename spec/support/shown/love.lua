---Blocks of Lua as a game's main.lua in LÖVE, on a display of its own.

local lua = require "spec.support.shown.lua"
local run = require "spec.support.run"
local temporary = require "spec.support.temporary"

return function(block, place)
  local words = { "SHOWN_BLOCK=" .. temporary.file(lua.program(block), ".lua") }
  for name, value in pairs(place.environment) do words[#words + 1] = run.quote(name .. "=" .. value) end
  return run.shell(("env %s spec/support/love/display love spec/support/love/block"):format(table.concat(words, " ")))
end
