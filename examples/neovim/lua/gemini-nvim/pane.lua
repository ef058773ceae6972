-- The buffer that shows a conversation, and its windows. Text comes at its end alone.
local api = vim.api

---@class gemini-nvim.Pane
---@field buffer integer
---@field gone boolean  its text is: the buffer was deleted or wiped
---@field private joins boolean  whether what comes next belongs to the change before
---@field private returned boolean  whether the text so far ends in a \r
local Pane = {}
Pane.__index = Pane

local SPLITS = { vertical = "botright vsplit", horizontal = "botright split" }

local made = 0

---@param onGone fun()  called when the buffer's text is gone
---@return gemini-nvim.Pane
function Pane.new(onGone)
  made = made + 1
  local buffer = api.nvim_create_buf(false, true)
  local self = setmetatable({ buffer = buffer, gone = false, joins = false, returned = false }, Pane)
  api.nvim_buf_set_name(buffer, ("[Gemini %d]"):format(made))
  api.nvim_create_autocmd("BufUnload", {
    buffer = buffer, once = true,
    callback = function()
      self.gone = true
      onGone()
    end,
  })
  return self
end

local function isShown(buffer)
  for _, window in ipairs(api.nvim_tabpage_list_wins(0)) do
    if api.nvim_win_get_buf(window) == buffer then return true end
  end
end

---Shows it in a split, unless this tab page does already. The cursor stays where it is.
---@param split "vertical"|"horizontal"
function Pane:show(split)
  if isShown(self.buffer) then return end
  local before = api.nvim_get_current_win()
  vim.cmd(SPLITS[split])
  api.nvim_win_set_buf(0, self.buffer)
  vim.cmd "setlocal wrap linebreak"
  -- Not before there is a window: plugins for file types set options of windows.
  if vim.bo.filetype == "" then vim.bo.filetype = "markdown" end
  api.nvim_win_set_cursor(0, { api.nvim_buf_line_count(self.buffer), 0 })
  api.nvim_set_current_win(before)
end

---Takes all text away; one undo brings it back.
function Pane:clear()
  api.nvim_buf_set_lines(self.buffer, 0, -1, false, {})
end

-- The windows that follow the text: their cursors are in the last line.
local function followers(buffer)
  local last = api.nvim_buf_line_count(buffer)
  return vim.tbl_filter(function(window)
    return api.nvim_win_get_cursor(window)[1] == last
  end, vim.fn.win_findbuf(buffer))
end

-- The place behind the last character, from 0.
local function finish(buffer)
  local row = api.nvim_buf_line_count(buffer) - 1
  return row, #(api.nvim_buf_get_lines(buffer, row, row + 1, false)[1] or "")
end

local function append(self, text)
  local windows = followers(self.buffer)
  api.nvim_buf_call(self.buffer, function()
    -- Refused behind an undo: then a new change begins.
    if self.joins then pcall(vim.cmd, "undojoin") end
    local row, column = finish(self.buffer)
    api.nvim_buf_set_text(self.buffer, row, column, row, column, vim.split(text, "\n", { plain = true }))
  end)
  self.joins = true
  local row, column = finish(self.buffer)
  for _, window in ipairs(windows) do api.nvim_win_set_cursor(window, { row + 1, column }) end
end

-- Line ends of every kind, even where one piece ends with the \r and the next begins with the \n.
local function unified(self, text)
  local rest = self.returned and text:sub(1, 1) == "\n" and text:sub(2) or text
  self.returned = text:sub(-1) == "\r"
  return (rest:gsub("\r\n?", "\n"))
end

---Writes text as it comes.
---@param text string
function Pane:write(text)
  if text == "" then return end
  append(self, unified(self, text))
end

-- What ends a paragraph that is begun.
local function gap(buffer)
  local lines = api.nvim_buf_get_lines(buffer, -3, -1, false)
  local last, before = lines[#lines], lines[#lines - 1] or ""
  if last ~= "" then return "\n\n" end
  return before ~= "" and "\n" or ""
end

---Writes text with an empty line before it, where there is something before it.
---@param text string
function Pane:paragraph(text)
  self.returned = false
  append(self, gap(self.buffer) .. text)
end

---Begins a change of its own, for undo.
function Pane:begin()
  self.joins = false
  -- While the cursor is elsewhere nothing else ends the change before: see :help undo-break.
  api.nvim_buf_call(self.buffer, function() vim.cmd "let &l:undolevels = &l:undolevels" end)
end

return Pane
