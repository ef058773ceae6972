-- Gemini in Neovim: what the commands do, and setup.
local backend = require "gemini-nvim.backend"
local chat = require "gemini-nvim.chat"
local options = require "gemini-nvim.options"
local prompt = require "gemini-nvim.prompt"

local gemini = {}

vim.api.nvim_create_autocmd("VimLeavePre", {
  callback = function()
    chat.stop()
    backend.detach()
  end,
})

local function warn(problem)
  vim.notify("gemini: " .. problem, vim.log.levels.WARN)
end

---@param given? table  see :help gemini-setup
function gemini.setup(given)
  local problem = options.set(given)
  if problem then error("gemini-nvim.setup: " .. problem, 2) end
  backend.reset()
end

---@param words string
---@param selection? gemini-nvim.Selection
function gemini.ask(words, selection)
  local problem = chat.ask(words, selection)
  if problem then warn(problem) end
end

function gemini.stop()
  if not chat.stop() then warn "no answer is on its way" end
end

---The command :Gemini.
---@param call table  as nvim_create_user_command describes it
function gemini.command(call)
  local words = vim.trim(call.args)
  local selection = call.range > 0 and prompt.selection(call.line1, call.line2) or nil
  if call.bang then chat.clear() end
  if words == "" and not selection then return chat.show() end
  gemini.ask(words, selection)
end

return gemini
