-- The init.lua of the Neovim that is typed in: notes when each key is shown, for keys.lua.
local ASK, RESULT = os.getenv "KEYS_ASK", os.getenv "KEYS_RESULT"

vim.opt.runtimepath:prepend "examples/neovim"

local typed, shown = 1, {}

-- Of the answer: that have come, and that had come when the last key was shown.
local pieces, meanwhile = 0, 0

-- A key is shown when a redraw has ended that began with its character in the buffer.
vim.api.nvim_set_decoration_provider(vim.api.nvim_create_namespace "keys", {
  on_end = function()
    local seconds, micros = vim.loop.gettimeofday()
    local count = #vim.api.nvim_buf_get_lines(typed, 0, 1, false)[1]
    if count == #shown then return end
    for i = #shown + 1, count do shown[i] = ("%.6f"):format(seconds + micros / 1e6) end
    meanwhile = pieces
  end,
})

local function write(lines)
  local file = assert(io.open(RESULT, "w"))
  file:write(table.concat(lines, "\n"), "\n")
  file:close()
end

local function watchAnswer()
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    local buffer = vim.api.nvim_win_get_buf(window)
    if buffer ~= typed then
      vim.api.nvim_buf_attach(buffer, false, { on_lines = function() pieces = pieces + 1 end })
    end
  end
end

vim.api.nvim_create_autocmd("VimEnter", {
  callback = function()
    typed = vim.api.nvim_get_current_buf()
    if ASK ~= "" then vim.cmd(ASK) end
    watchAnswer()
    vim.cmd "startinsert"
    vim.defer_fn(function() write { "ready" } end, 500)
  end,
})

vim.api.nvim_create_autocmd("VimLeavePre", {
  callback = function()
    table.insert(shown, 1, "ready")
    shown[#shown + 1] = tostring(meanwhile)
    write(shown)
  end,
})
