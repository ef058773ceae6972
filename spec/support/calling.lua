---Answers in which a model calls functions, for specs of what a client makes of them.

local cjson = require "cjson"
local talk = require "spec.support.talk"

local calling = {}

local function response(parts, finish)
  local candidate = { index = 0, finishReason = finish, content = { role = "model", parts = parts } }
  return cjson.encode { candidates = { candidate } }
end

---A part in which a function is called.
---@param name string
---@param args? table
---@param id? string
---@param signature? string
---@return table part
function calling.part(name, args, id, signature)
  return { functionCall = { name = name, args = args or cjson.decode "{}", id = id }, thoughtSignature = signature }
end

---@param ... table  parts
---@return string bytes  of a whole answer
function calling.answer(...) return talk.ok(response({ ... }, "STOP")) end

---@param text string
---@return string bytes
function calling.text(text) return calling.answer { text = text } end

---@param ... table|string  parts, or texts, one a chunk
---@return string bytes  of a streamed answer
function calling.stream(...)
  local events, last = {}, select("#", ...)
  for i, part in ipairs { ... } do
    if type(part) == "string" then part = { text = part } end
    events[i] = "data: " .. response({ part }, i == last and "STOP" or nil) .. "\r\n\r\n"
  end
  return talk.sse(table.concat(events))
end

---Tools with one function each name.
---@param functions table<string, function|table|false>  a function, a declaration's further fields, or false for none
---@return table[] tools
function calling.tools(functions)
  local declarations = {}
  for name, given in pairs(functions) do
    local declaration = type(given) == "table" and given or { call = given or nil }
    declaration.name = name
    declarations[#declarations + 1] = declaration
  end
  table.sort(declarations, function(a, b) return a.name < b.name end)
  return { { functionDeclarations = declarations } }
end

---What the n-th request tells of calls.
---@param n integer
---@return table[] responses  its last content's FunctionResponses
function calling.told(n)
  local contents, out = talk.sent(n).body.contents, {}
  for i, part in ipairs(contents[#contents].parts) do out[i] = part.functionResponse end
  return out
end

return calling
