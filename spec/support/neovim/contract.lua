---Runs in Neovim: the cases that hold under every host. Prints a line a case, and leaves.

local uv = vim.uv or vim.loop

local function wait(done)
  while not done() do vim.wait(100, done, 5) end
end

local function attempt(contract, case)
  local detach = require("gemini.loop.uv").attach(uv)
  local ok, problem = xpcall(case.fn, debug.traceback, { wait = wait }, uv)
  detach()
  local cleaned, left = pcall(contract.clean)
  return ok and cleaned, problem or left
end

local function main()
  local contract = require "spec.support.contract"
  for _, case in ipairs(contract.cases) do
    local ok, problem = attempt(contract, case)
    io.stdout:write(ok and "ok " or "not ok ", case.name, "\n", ok and "" or tostring(problem) .. "\n")
  end
end

local ok, problem = pcall(main)
if not ok then io.stdout:write("not ok: ", tostring(problem), "\n") end
vim.cmd "qall!"
