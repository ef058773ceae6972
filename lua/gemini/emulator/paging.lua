-- Cuts a list into pages. A token is opaque to clients; here it holds the place of the next item and which list it is.
local mime = require "mime"
local errors = require "gemini.emulator.errors"

local paging = {}

local function offsetOf(token, listed)
  if not token or token == "" then return 0 end
  local offset, before = (mime.unb64(token) or ""):match("^next:(%d+) (.*)$")
  if not offset or #offset > 9 then errors.raise("INVALID_ARGUMENT", "The page token is not valid.") end
  if before ~= listed then
    errors.raise("INVALID_ARGUMENT", "The page token belongs to another list, or to one with other parameters.")
  end
  return tonumber(offset)
end

local function sizeOf(wanted, limits)
  wanted = wanted or 0
  if wanted < 0 then errors.raise("INVALID_ARGUMENT", "The page size must not be negative.") end
  return wanted == 0 and limits.default or math.min(wanted, limits.max)
end

---Takes one page of a list; raises an error object for a bad token or size.
---@param items table[]
---@param query { pageSize: number?, pageToken: string?, listed: string } `listed` says what list this is
---@param limits { default: number, max: number }
---@return table[] page
---@return string? nextPageToken nil on the last page
function paging.page(items, query, limits)
  local first, size = offsetOf(query.pageToken, query.listed), sizeOf(query.pageSize, limits)
  local page = {}
  for i = first + 1, math.min(first + size, #items) do page[#page + 1] = items[i] end
  local following = first + size
  return page, following < #items and mime.b64(("next:%d %s"):format(following, query.listed)) or nil
end

return paging
