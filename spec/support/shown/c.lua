---Blocks of C: whole programs, built with libgemini.a as examples/embed is, and run where no file of the module is.

local run = require "spec.support.run"

local ABI = _VERSION:match "%S+$"
local LUA = rawget(_G, "jit") and "luajit" or "lua" .. ABI

-- The plain archive, whatever build runs the specs: a sanitizer's runtime is none of the compiler's business.
local BUILD = "env -u LD_PRELOAD cc -std=c99 -Wall -Wextra -Werror -Isrc -o %s %s build/%s/libgemini.a "
  .. "$(pkg-config --cflags --libs %s libcurl) -lm"
local RUN = "env -u LD_PRELOAD -u LUA_INIT LUA_PATH=/nowhere/?.lua LUA_CPATH=/nowhere/?.so %s %s"

return function(block, place)
  local program = place.folder .. "/program"
  local file = assert(io.open(program .. ".c", "w"))
  file:write(block.code)
  file:close()
  local output, status = run.shell(BUILD:format(program, program .. ".c", ABI, LUA))
  if status ~= 0 then return output, status end
  return run.shell(RUN:format(run.assignments(place.environment), program))
end
