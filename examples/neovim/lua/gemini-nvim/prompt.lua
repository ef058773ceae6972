-- Questions: what is asked, and the lines that it is about.
local prompt = {}

---@class gemini-nvim.Selection
---@field lines string[]
---@field filetype string
---@field label string  for people

---@param first integer  lines of the current buffer
---@param last integer
---@return gemini-nvim.Selection
function prompt.selection(first, last)
  local name = vim.fn.expand "%:t"
  return {
    lines = vim.api.nvim_buf_get_lines(0, first - 1, last, false),
    filetype = vim.bo.filetype,
    label = ("%s, lines %d to %d"):format(name ~= "" and name or "[No Name]", first, last),
  }
end

-- Longer than any in the text, which can't end it then.
local function fenceFor(text)
  local longest = 2
  for run in text:gmatch "`+" do longest = math.max(longest, #run) end
  return ("`"):rep(longest + 1)
end

local function fenced(selection)
  local text = table.concat(selection.lines, "\n")
  local fence = fenceFor(text)
  return ("%s%s\n%s\n%s"):format(fence, selection.filetype, text, fence)
end

---@param words string  may be empty where there is a selection
---@param selection? gemini-nvim.Selection
---@return string text  as it is sent
function prompt.text(words, selection)
  if not selection then return words end
  return words == "" and fenced(selection) or ("%s\n\n%s"):format(words, fenced(selection))
end

---@return string markdown  as the buffer shows it
function prompt.heading(words, selection)
  local heading = "## " .. (words ~= "" and words:gsub("%s+", " ") or selection.label)
  if words == "" or not selection then return heading end
  return ("%s\n\n(%s)"):format(heading, selection.label)
end

return prompt
