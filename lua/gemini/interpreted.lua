-- LuaJIT snapshots of late 2021 to April 2022, Debian 12's among them, compile some loops over pairs and next to code
-- that crashes or loses keys (its issues 829 and 827). These snapshots call themselves beta3, as do older ones, which
-- compile no such loop and so lose nothing here.
local jit = package.loaded.jit
local broken = jit and jit.version:find("beta3", 1, true)

---Keeps the functions of a module from being compiled where that is not safe. To be called from its main chunk.
return function()
  if broken then jit.off(debug.getinfo(2, "f").func, true) end
end
