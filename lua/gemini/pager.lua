---A list, page by page or item by item; nothing is asked for before the first item or page is.

---@class gemini.Pager
---@operator call: table?
local Pager = { __name = "gemini.pager" }
Pager.__index = Pager

local private = setmetatable({}, { __mode = "k" })

local function token(reply)
  local next = reply.nextPageToken
  return type(next) == "string" and next ~= "" and next or nil
end

---The next page as the server sent it.
---@return table? page  nil after the last
---@return gemini.Error? err  the page can be asked for again
function Pager:page()
  local state = private[self]
  if state.ended then return nil end
  local reply, err = state.fetch(state.token)
  if not reply then return nil, err end
  state.token = token(reply)
  state.ended = not state.token
  return reply
end

local function nextPage(self, state)
  local page, err = self:page()
  if err then error(err, 0) end
  if not page then return false end
  local items = page[state.items]
  state.list, state.index = type(items) == "table" and items or {}, 0
  return true
end

-- The next item of any page; nil after the last. Raises errors.
function Pager:__call()
  local state = private[self]
  repeat
    local item = state.list[state.index + 1]
    if item ~= nil then
      state.index = state.index + 1
      return item
    end
  until not nextPage(self, state)
end

local pager = {}

---@param items string  the field of a page that holds its items
---@param first? string  a page token to start with
---@param fetch fun(token?: string): table?, gemini.Error?  asks for a page
---@return gemini.Pager
function pager.new(items, first, fetch)
  local self = setmetatable({}, Pager)
  private[self] = { items = items, token = first, fetch = fetch, list = {}, index = 0 }
  return self
end

return pager
