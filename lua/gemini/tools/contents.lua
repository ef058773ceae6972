---How a GenerateContentRequest and its answers have calls of functions.

require("gemini.interpreted")()

local content = require "gemini.content"
local json = require("gemini.lazy") "gemini.json"
local replies = require "gemini.reply"
local tables = require "gemini.tables"

---@class gemini.ToolDialect
---@field declared fun(args: table): any[][]  pairs of the words for a declaration's place, and the declaration
---@field signals fun(chunk: table): boolean  whether a chunk says that calls may be in the whole
---@field calls fun(reply: table): gemini.LocalCall[]
---@field following fun(plan: gemini.ToolPlan, reply: table, results: gemini.LocalResult[]): table  the arguments that
---  tell the model what came of its calls
local dialect = {}

local NONE = {}

local function list(value)
  return type(value) == "table" and value or NONE
end

function dialect.declared(args)
  local found = {}
  for i, tool in ipairs(list(args.tools)) do
    for j, declaration in ipairs(list(list(tool).functionDeclarations)) do
      found[#found + 1] = { ("tools[%d].functionDeclarations[%d]"):format(i, j), declaration }
    end
  end
  return found
end

function dialect.signals(chunk)
  return chunk.functionCalls[1] ~= nil
end

-- Where a model's arguments are asked for in pieces, they are the caller's to put together.
local function isPiece(call)
  return type(call.partialArgs) == "table" or call.willContinue == true
end

function dialect.calls(reply)
  local calls = {}
  if replies.isRefused(reply) then return calls end
  for i, call in ipairs(reply.functionCalls) do
    if isPiece(call) then return {} end
    calls[i] = { id = call.id, name = call.name, args = list(call.args), call = call }
  end
  return calls
end

-- A model that had to call a function has done so: it may answer now.
local function released(toolConfig)
  local calling = list(list(toolConfig).functionCallingConfig)
  if calling.mode ~= "ANY" then return toolConfig end
  local out = tables.copy(toolConfig)
  out.functionCallingConfig = tables.copy(calling)
  out.functionCallingConfig.mode, out.functionCallingConfig.allowedFunctionNames = "AUTO", nil
  return out
end

---@param call gemini.LocalCall
---@param response table
---@return gemini.Part
function dialect.part(call, response)
  return { functionResponse = { id = call.id, name = call.name, response = response } }
end

-- The model's own content, as it came, thought signatures included.
---@param reply table
---@return gemini.Content?
function dialect.ofModel(reply)
  for _, candidate in ipairs(tables.objects(reply.candidates)) do
    local isFirst = type(candidate.index) ~= "number" or candidate.index == 0
    if isFirst and type(candidate.content) == "table" then
      local said = tables.copy(candidate.content)
      if type(said.role) ~= "string" then said.role = "model" end
      return said
    end
  end
end

function dialect.following(plan, reply, results)
  local parts, contents = json.array(), json.array()
  for i, result in ipairs(results) do parts[i] = dialect.part(result.call, result.response) end
  local turns = { dialect.ofModel(reply), { role = "user", parts = parts } }
  for _, each in ipairs((content.contents(plan.args.contents))) do contents[#contents + 1] = each end
  for _, each in ipairs(turns) do
    contents[#contents + 1], plan.turns[#plan.turns + 1] = each, each
  end
  local args = tables.copy(plan.args)
  args.contents, args.toolConfig = contents, released(args.toolConfig)
  return args
end

return dialect
