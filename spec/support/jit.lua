---luassert and the specs walk every table that is compared. See gemini.interpreted for what some LuaJITs make of that.

local jit = package.loaded.jit

if jit and jit.version:find("beta3", 1, true) then
  for _, value in pairs(require "luassert.util") do
    if type(value) == "function" then jit.off(value, true) end
  end
end
