---Read by LUA_INIT before everything else: where LuaJIT compiles walks over tables wrongly (see gemini.interpreted), the
---test framework and the specs, which walk all that they compare, are interpreted. The library is compiled as ever.

local jit = package.loaded.jit
if not (jit and jit.version:find("beta3", 1, true)) then return end

local function interpret(chunk)
  if type(chunk) == "function" then jit.off(chunk, true) end
  return chunk
end

local search = package.loaders[2]
package.loaders[2] = function(name)
  local chunk = search(name)
  return name:find("^gemini%f[%W]") and chunk or interpret(chunk)
end

for _, name in ipairs { "load", "loadfile", "loadstring" } do
  local original = _G[name]
  _G[name] = function(...)
    local chunk, problem = original(...)
    return interpret(chunk), problem
  end
end
