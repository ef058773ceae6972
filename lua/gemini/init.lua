---lua-gemini: Google's Gemini API for Lua. Every method stands under its REST name.
---
---Loading this module loads nothing else: the parts come with their first use, libcurl with the first request.

---@class gemini
---@field new fun(options?: gemini.Options): gemini.Client  makes a client; raises on bad options or without a key
---@field json gemini.json  the wire's JSON codec
---@field base64 gemini.base64  bytes to base64 and back, for `inlineData`
---@field null lightuserdata  JSON's null
---@field array fun(t?: table): table  marks a table as a JSON array, so that an empty one is `[]`; returns it
---@field run fun(fn: function, ...: any): any  runs a function in which calls yield, and all tasks that it begins
---@field spawn fun(fn: function, ...: any): gemini.Task  begins another one beside it
---@field _VERSION string
local gemini = { _VERSION = "lua-gemini " .. require("gemini.version") }

local parts = {
  new = function() return require("gemini.client").new end,
  json = function() return require("gemini.json") end,
  base64 = function() return require("gemini.base64") end,
  null = function() return require("gemini.json").null end,
  array = function() return require("gemini.json").array end,
  run = function() return require("gemini.loop").run end,
  spawn = function() return require("gemini.loop").spawn end,
}

return setmetatable(gemini, {
  __index = function(self, name)
    local load = parts[name]
    if not load then return nil end
    local part = load()
    rawset(self, name, part)
    return part
  end,
})
