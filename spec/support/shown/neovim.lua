---Blocks of Lua in a headless Neovim.

local lua = require "spec.support.shown.lua"
local nvim = require "spec.support.nvim"
local tables = require "gemini.tables"
local temporary = require "spec.support.temporary"

return function(block, place)
  local environment = tables.copy(place.environment)
  environment.SHOWN_BLOCK = temporary.file(lua.program(block), ".lua")
  return nvim.run("spec/support/neovim/block.lua", environment)
end
