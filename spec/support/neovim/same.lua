---Runs in Neovim: the script that runs the same everywhere, as a task.

require("gemini.loop.uv").attach(vim.uv or vim.loop)

local function say(...)
  local words = {}
  for i = 1, select("#", ...) do words[i] = tostring((select(i, ...))) end
  io.stdout:write(table.concat(words, "\t"), "\n")
end

local task = require("gemini").spawn(assert(loadfile "spec/support/same.lua"), say)
vim.wait(60000, function() return tostring(task) ~= "gemini.task: running" end, 5)
local ok, problem = pcall(task.await, task)
if not ok then say(problem) end
vim.cmd "qall!"
