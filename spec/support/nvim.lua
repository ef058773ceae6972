---Runs Lua files in headless Neovim. It loads the plain build for LuaJIT, whatever interpreter and build runs the specs:
---a sanitizer's runtime can't be loaded into it.

local run = require "spec.support.run"

local nvim = {}

---@param file string
---@param environment? table<string, string>
---@return string output
---@return integer status
function nvim.run(file, environment)
  local words = {
    "env", "-u", "LD_PRELOAD", "LUA_INIT=", "LUA_PATH='lua/?.lua;lua/?/init.lua;./?.lua;;'",
    "LUA_CPATH='build/5.1/?.so;build/5.1/specs/?.so;;'", "XDG_DATA_HOME=/nonexistent", "XDG_CONFIG_HOME=/nonexistent",
  }
  words[#words + 1] = run.assignments(environment)
  -- A hung editor does not heed SIGTERM.
  words[#words + 1] = "timeout -k 1 120 nvim --headless -n -u NONE --noplugin -c " .. run.quote("luafile " .. file)
  return run.shell(table.concat(words, " "))
end

return nvim
