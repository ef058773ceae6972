---A page of Markdown as specs see it: its blocks of code, its headings and its links.

local page = {}

---@class spec.Block
---@field words string  behind the fence: the language, and what else tells how it is run: "lua neovim"
---@field line integer  of its fence
---@field code string

-- Each line, with its number, and whether it is in a block or a fence.
local function eachLine(text, visit)
  local inside, number = false, 0
  for line in (text .. "\n"):gmatch "(.-)\n" do
    number = number + 1
    local words = line:match "^%s*```(.*)$"
    if words then inside = not inside end
    visit(line, number, inside or words ~= nil, words)
  end
end

---@param text string
---@return spec.Block[]
function page.blocks(text)
  local list, lines, open = {}, {}, nil
  eachLine(text, function(line, number, _, words)
    if not words then
      lines[#lines + 1] = line
    elseif open then
      open.code = table.concat(lines, "\n") .. "\n"
      list[#list + 1], open = open, nil
    else
      open, lines = { words = words, line = number }, {}
    end
  end)
  return list
end

-- The text outside of blocks, without what is set as code.
local function prose(text)
  local lines = {}
  eachLine(text, function(line, _, isCode)
    if not isCode then lines[#lines + 1] = line:gsub("`[^`]*`", "") end
  end)
  return table.concat(lines, "\n")
end

---@param text string
---@return string[] targets  of its links, without those that lead elsewhere
function page.links(text)
  local list = {}
  for target in prose(text):gmatch "%]%(([^)%s]+)%)" do
    if not target:find "^%a+:" then list[#list + 1] = target end
  end
  return list
end

---@param text string
---@return table<string, true> anchors  of its headings, as GitHub makes them
function page.anchors(text)
  local found = {}
  eachLine(text, function(line, _, isCode)
    local title = not isCode and line:match "^#+ (.*)$"
    if title then found[title:lower():gsub("[^%w%s_-]", ""):gsub("%s", "-")] = true end
  end)
  return found
end

return page
