---A list, page by page or item by item; nothing is asked for before the first item or page is.

local tables = require "gemini.tables"

---@class gemini.Pager
---@field private items string  the field of a page that holds its items
---@field private names { token: string, following: string }
---@field private fetch fun(token?: string): table?, gemini.Error?
---@field private repeated fun(token: string): gemini.Error
---@field private token string?  of the next page
---@field private seen table<string, true>  the tokens that have come
---@field private list table  the page in work
---@field private index integer  of the item given last
---@field private ended boolean?
---@operator call: table?
---@overload fun(): table?
local Pager = { __name = "gemini.pager" }
Pager.__index = Pager

function Pager:__tostring()
  return ("gemini.pager of %s: %s"):format(self.items, self.ended and "ended" or "open")
end

local function tokenIn(reply, name)
  local token = reply[name]
  return type(token) == "string" and token ~= "" and token or nil
end

---The next page as the server sent it.
---@return table? page  nil after the last
---@return gemini.Error? err  the page can be asked for again
function Pager:page()
  if getmetatable(self) ~= Pager then error("pager:page: call it with a colon", 2) end
  if self.ended then return nil end
  local reply, err = self.fetch(self.token)
  if not reply then return nil, err end
  local token = tokenIn(reply, self.names.following)
  -- Else a list would never end.
  if token and (token == self.token or self.seen[token]) then return nil, self.repeated(token) end
  self.token = token
  if token then self.seen[token] = true end
  self.ended = not token
  return reply
end

local function turn(self)
  local page, err = self:page()
  if err then error(err, 0) end
  if not page then return false end
  self.list, self.index = tables.objects(page[self.items]), 0
  return true
end

-- The next item of any page; nil after the last. Raises errors.
function Pager:__call()
  repeat
    local item = self.list[self.index + 1]
    if item ~= nil then
      self.index = self.index + 1
      return item
    end
  until not turn(self)
end

local pager = {}

local NAMES = { token = "pageToken", following = "nextPageToken" }
local SNAKE_NAMES = { token = "page_token", following = "next_page_token" }

---What a list calls its tokens.
---@param row gemini.Row
---@return { token: string, following: string } names  of the argument, and of the page's field
function pager.names(row)
  for _, name in ipairs(row.query or {}) do
    if name == SNAKE_NAMES.token then return SNAKE_NAMES end
  end
  return NAMES
end

---@param items string  the field of a page that holds its items
---@param names { token: string, following: string }  from pager.names
---@param first? string  a page token to start with
---@param fetch fun(token?: string): table?, gemini.Error?  asks for a page
---@param label gemini.Label  of the list, for the error of a page that names one again
---@return gemini.Pager
function pager.new(items, names, first, fetch, label)
  return setmetatable({
    items = items,
    names = names,
    token = first,
    fetch = fetch,
    repeated = function(token)
      local problem = ("the server gave the page token %q twice"):format(token)
      return require("gemini.errors").new("protocol", problem, label)
    end,
    seen = {},
    list = {},
    index = 0,
  }, Pager)
end

return pager
