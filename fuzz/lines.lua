---Which lines of Lua run, for fuzz/coverage.

local lines = {}

local seen = {}

---Notes the lines that run from now on.
function lines.start()
  debug.sethook(function(_, line)
    local source = debug.getinfo(2, "S").source
    seen[source] = seen[source] or {}
    seen[source][line] = true
  end, "l")
end

-- The lines of a file that have code, by the compiler's listing.
local function withCode(path)
  local found = {}
  local pipe = assert(io.popen(("luac5.4 -l -p '%s'"):format(path)))
  for text in pipe:lines() do
    local line = text:match("^%s*%d+%s+%[(%d+)%]")
    if line then found[tonumber(line)] = true end
  end
  pipe:close()
  return found
end

---Prints a line of "<lines that ran> <lines with code> <file>" for each of the module's files.
function lines.report()
  debug.sethook()
  for source, ran in pairs(seen) do
    local path = source:match("^@(.*/lua/gemini/.*)")
    local count, all = 0, 0
    for line in pairs(path and withCode(path) or {}) do
      all, count = all + 1, count + (ran[line] and 1 or 0)
    end
    if path then print(count, all, path:match("lua/gemini/.*")) end
  end
end

return lines
