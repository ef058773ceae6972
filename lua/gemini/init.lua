---lua-gemini: Google's Gemini API for Lua. Every method stands under its REST name.
---
---Loading this module loads nothing else: the parts come with their first use, libcurl with the first request.

---@class gemini
---@field new fun(options?: gemini.Options): gemini.Client  makes a client; raises on bad options or without a key
---@field json gemini.json  the wire's JSON codec
---@field base64 gemini.base64  bytes to base64 and back, for `inlineData`
---@field vector gemini.vector  vectors of float32: embeddings in little memory, and the search among them
---@field schema gemini.schema  schemas of JSON, for what a model is to answer and what functions take
---@field webhook gemini.webhook  whether deliveries to webhooks are the API's
---@field null lightuserdata  JSON's null
---@field array fun(t?: table): table  marks a table as a JSON array, so that an empty one is `[]`; returns it
---@field run fun(fn: function, ...: any): any  runs a function in which calls yield, and all tasks that it begins
---@field spawn fun(fn: function, ...: any): gemini.Task  begins another one beside it
---@field map fun(list: any[], fn: function, options?: gemini.MapOptions): any[], gemini.Error[]  calls it for each item
---@field all fun(list: (function|gemini.Task)[]): any[], gemini.Error[]  waits for all of them
---@field race fun(list: (function|gemini.Task)[]): any  waits for the first one, and ends the others
---@field timeout fun(seconds: number, fn: function, ...: any): any  runs it for so long at most
---@field sleep fun(seconds: number)  waits, while others go on
---@field step fun(seconds?: number, options?: gemini.StepOptions): boolean  lets all tasks go on, once
---@field adopt fun(co: thread, resume?: fun(co: thread)): gemini.Task  lets calls yield in somebody else's coroutine
---@field loop table  where an event loop is attached; see gemini.loop.uv
---@field _VERSION string
local gemini = { _VERSION = "lua-gemini " .. require("gemini.version") }

-- Name → the module that has it, as a field or as a whole.
local parts = {
  new = "gemini.client",
  json = false,
  base64 = false,
  vector = false,
  schema = false,
  webhook = false,
  null = "gemini.json",
  array = "gemini.json",
  loop = false,
  run = "gemini.loop",
  spawn = "gemini.loop",
  step = "gemini.loop",
  adopt = "gemini.loop",
  map = "gemini.loop.together",
  all = "gemini.loop.together",
  race = "gemini.loop.together",
  timeout = "gemini.loop.together",
  sleep = "gemini.loop.together",
}

return setmetatable(gemini, {
  __index = function(self, name)
    local module = parts[name]
    if module == nil then return nil end
    local part = module and require(module)[name] or require("gemini." .. name)
    rawset(self, name, part)
    return part
  end,
})
