---How what pages show is run, or else held to be right: by the words behind a block's fence. Words that are not here
---are an error, so that no block passes unseen.

local lua = require "spec.support.shown.lua"

---@class spec.Place  where the blocks of a page run
---@field folder string  a temporary one, for what they write
---@field environment table<string, string>  the key and the server

---@class spec.Shown
---@field run fun(block: spec.Block, place: spec.Place): string, integer  what it prints, and the status that it ends with
---@field mark? string  begins a comment that says what is printed
---@field luajit? true  for specs of LuaJIT alone: the host has a Lua of its own, which is that one

---@type table<string, spec.Shown|false>  false for what is there to be read
return {
  ["lua"] = { run = lua.run, mark = "--> " },
  ["lua copas"] = { run = lua.runWithCopas, mark = "--> " },
  ["lua neovim"] = { run = require "spec.support.shown.neovim", mark = "--> ", luajit = true },
  ["lua love"] = { run = require "spec.support.shown.love", mark = "--> ", luajit = true },
  ["c"] = { run = require "spec.support.shown.c", mark = "//> " },
  ["sh"] = { run = require "spec.support.shown.sh" },
  -- Diagrams, and the languages of others.
  [""] = false,
  ["python"] = false,
  ["js"] = false,
}
