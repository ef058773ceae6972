-- Finds the module `gemini`: where Neovim's Lua looks anyway, or in a LuaRocks tree.
local rock = {}

local MISSING = "the Lua module gemini is not found: luarocks --lua-version 5.1 --local install lua-gemini,"
  .. " or name its tree: require('gemini-nvim').setup { rocks = … }"

local ENDING = vim.fn.has "win32" == 1 and "dll" or "so"

local function add(paths, path)
  local there = (";%s;"):format(paths):find((";%s;"):format(path), 1, true)
  return there and paths or ("%s;%s"):format(paths, path)
end

---Lets require look in a tree, behind all other places.
---@param tree string
function rock.use(tree)
  local root = vim.fn.fnamemodify(tree, ":p"):gsub("[/\\]+$", "")
  package.path = add(package.path, root .. "/share/lua/5.1/?.lua")
  package.path = add(package.path, root .. "/share/lua/5.1/?/init.lua")
  package.cpath = add(package.cpath, ("%s/lib/lua/5.1/?.%s"):format(root, ENDING))
end

---@param name string  "gemini", or a module in it
---@return table? module
---@return string? problem  in one line
function rock.load(name)
  local ok, found = pcall(require, name)
  if ok then return found end
  local missing = tostring(found):find("module '" .. name .. "' not found", 1, true)
  return nil, missing and MISSING or vim.split(tostring(found), "\n", { plain = true })[1]
end

return rock
