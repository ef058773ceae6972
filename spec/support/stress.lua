---For busted's --helper: the collector runs nearly all the time, so that what is collected too early, or ends while
---something else is under way, shows.

-- Instructions of the library's between two full collections: no even number, so that loops do not fall in with it. What
-- is around it, the test framework for one, would have most of them.
local EVERY = 1999

local function collect()
  if debug.getinfo(2, "S").source:find("/lua/gemini/", 1, true) then collectgarbage() end
end

-- A coroutine has a hook of its own. LuaJIT has one for all, which compiled code does not heed.
local function hook(co)
  if co then debug.sethook(co, collect, "", EVERY) else debug.sethook(collect, "", EVERY) end
end

local jit = rawget(_G, "jit")
if jit then jit.off() end

local create, wrap = coroutine.create, coroutine.wrap

if not jit then
  rawset(coroutine, "create", function(fn)
    local co = create(fn)
    hook(co)
    return co
  end)

  rawset(coroutine, "wrap", function(fn)
    return wrap(function(...)
      hook((coroutine.running()))
      return fn(...)
    end)
  end)
end

collectgarbage("setpause", 0)
collectgarbage("setstepmul", 1000)
hook()
