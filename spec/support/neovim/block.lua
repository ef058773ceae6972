---Runs a block of a page in Neovim, which ends when the block's tasks have, or when its time is over.

local SECONDS = tonumber(os.getenv "SHOWN_SECONDS") or 20

local ok, problem = xpcall(dofile, debug.traceback, os.getenv "SHOWN_BLOCK")
local gemini = require "gemini"

if ok and not vim.wait(SECONDS * 1000, function() return gemini.loop.tasks() == 0 end, 5) then
  ok, problem = false, "the block's tasks do not end"
end
if not ok then print(problem) end
vim.cmd(ok and "qall!" or "cquit")
