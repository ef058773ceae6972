---How an interaction has calls of functions: as steps, and the next interaction goes on with what came of them.

require("gemini.interpreted")()

local json = require("gemini.lazy") "gemini.json"
local tables = require "gemini.tables"

---@type gemini.ToolDialect
local dialect = {}

function dialect.declared(args)
  local found = {}
  for i, tool in ipairs(type(args.tools) == "table" and args.tools or {}) do
    if type(tool) == "table" and tool.type == "function" then found[#found + 1] = { ("tools[%d]"):format(i), tool } end
  end
  return found
end

-- Which events have come tells nothing where a stream was taken up in its midst.
function dialect.signals()
  return true
end

function dialect.calls(reply)
  local calls, answered = {}, {}
  if reply.status ~= "requires_action" then return calls end
  for _, step in ipairs(tables.objects(reply.steps)) do
    if step.type == "function_result" and step.call_id ~= nil then answered[step.call_id] = true end
  end
  for _, step in ipairs(tables.objects(reply.steps)) do
    if step.type == "function_call" and not answered[step.id or false] then
      local args = type(step.arguments) == "table" and step.arguments or {}
      calls[#calls + 1] = { id = step.id, name = step.name, args = args, call = step }
    end
  end
  return calls
end

local function step(result)
  return {
    type = "function_result", call_id = result.call.id, name = result.call.name, result = result.response,
    is_error = result.failed or nil,
  }
end

function dialect.following(plan, reply, results)
  local args = tables.copy(plan.args)
  args.id, args.previous_interaction_id, args.input = nil, reply.id, json.array()
  -- One that was taken up by its id alone.
  if args.model == nil and args.agent == nil then args.model, args.agent = reply.model, reply.agent end
  for i, result in ipairs(results) do
    args.input[i] = step(result)
    plan.turns[#plan.turns + 1], plan.turns[#plan.turns + 2] = result.call.call, args.input[i]
  end
  return args
end

---The tools as the API takes them, without their functions.
---@param list any
---@return any
function dialect.plain(list)
  if type(list) ~= "table" then return list end
  local out = json.array()
  for i, tool in ipairs(list) do
    out[i] = type(tool) == "table" and tables.copy(tool) or tool
    if type(tool) == "table" then out[i].call, out[i].timeout = nil, nil end
  end
  return out
end

return dialect
