---Commands of a shell. They install, build for minutes, or talk to Google: what can be held of them without that is that
---they are a shell's, that make knows their targets, and that the files of this repository are there.

local read = require "spec.support.read"
local run = require "spec.support.run"

-- Where files of this repository are; what is built is not there before.
local FOLDERS = { "bench/", "docs/", "examples/", "fuzz/", "spec/", "src/", "tools/" }

-- Continued lines are one, and comments none.
local function eachCommand(code, visit)
  for line in code:gsub("\\\n", " "):gmatch "[^\n]+" do
    local command = line:gsub("%s+#.*$", ""):gsub("^#.*$", "")
    if command:find "%S" then visit(command) end
  end
end

local function isOurs(word)
  for _, folder in ipairs(FOLDERS) do
    if word:sub(1, #folder) == folder then return true end
  end
end

-- What is wrong with a command's words.
local function problemOf(command)
  for word in command:gmatch "[^%s'\"=]+" do
    if isOurs(word) and not read(word) and select(2, run.shell("test -d " .. run.quote(word))) ~= 0 then
      return word .. " is not there"
    end
  end
  if not command:find "^make%f[%s]" then return nil end
  local output, status = run.shell("env -u MAKEFLAGS make -n " .. command:match "^make(.*)$")
  return status ~= 0 and output or nil
end

return function(block)
  local output, status = run.shell("sh -n -c " .. run.quote(block.code))
  eachCommand(block.code, function(command)
    local problem = status == 0 and problemOf(command)
    if problem then output, status = problem, 1 end
  end)
  return output, status
end
