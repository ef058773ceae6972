-- The commands alone: everything else is loaded by their first use.
if vim.g.loaded_gemini then return end
vim.g.loaded_gemini = true

vim.api.nvim_create_user_command("Gemini", function(call) require("gemini-nvim").command(call) end, {
  nargs = "*", bang = true, range = true, desc = "Ask Gemini; with a range, about these lines; ! begins anew",
})

vim.api.nvim_create_user_command("GeminiStop", function() require("gemini-nvim").stop() end, {
  desc = "Stop the answer that is on its way",
})
