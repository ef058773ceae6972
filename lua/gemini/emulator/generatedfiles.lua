-- The resource `generatedFiles`: what predictLongRunning makes.
local paging = require "gemini.emulator.paging"

local generatedfiles = {}

local PAGES = { default = 10, max = 50 }

---Tells of a file that will be there.
---@param context table
---@param name string "generatedFiles/x"
---@param mimeType string
---@param readyAt number
function generatedfiles.add(context, name, mimeType, readyAt)
  context.store:insert(name, { name = name, mimeType = mimeType }, { readyAt = readyAt })
end

local function show(context, value)
  local _, hidden = context.store:get(value.name)
  local state = hidden.readyAt <= context.store:now() and "GENERATED" or "GENERATING"
  return { name = value.name, mimeType = value.mimeType, state = state }
end

local function list(context)
  local page, nextPageToken = paging.page(context.store:list("generatedFiles"), context.query, PAGES)
  for i, value in ipairs(page) do page[i] = show(context, value) end
  return { json = { generatedFiles = page[1] and page, nextPageToken = nextPageToken } }
end

generatedfiles.methods = { ["generatedFiles.list"] = list }

return generatedfiles
