---Functions that a model calls: which there are, and what comes of its calls.

require("gemini.interpreted")()

local codec = require("gemini.lazy") "gemini.codec"
local tables = require "gemini.tables"
local tasks = require "gemini.loop.tasks"
local together = require "gemini.loop.together"

local functions = {}

---@class gemini.LocalFunction  a declaration that the client carries out
---@field name string
---@field call fun(args: table, context: gemini.ToolContext): any, any  gives the result, or nil and what went wrong
---@field timeout? number  seconds

---@class gemini.ToolContext  what a function is told of its call
---@field call gemini.FunctionCall  as the model made it
---@field round integer  which of the answers with calls it is of: 1 for the first
---@field model string

---@class gemini.LocalCall  a call in an answer
---@field id? string
---@field name string
---@field args table
---@field call table  as it stands in the answer

---@class gemini.LocalResult
---@field call gemini.LocalCall
---@field response table  the function's `output`, or fields of its own, or an `error`
---@field failed boolean  whether it is an error

-- What is wrong with a declaration that has a function.
local function problemOf(where, declaration, known)
  local name, seconds = declaration.name, declaration.timeout
  if type(declaration.call) ~= "function" then
    return ("%s.call must be a function, got %s"):format(where, type(declaration.call))
  end
  if type(name) ~= "string" or name == "" then return where .. ".name is missing" end
  if known[name] then return ("%s: two functions are called %q"):format(where, name) end
  if seconds ~= nil and not (type(seconds) == "number" and seconds > 0) then
    return ("%s.timeout must be a positive number of seconds, got %s"):format(where, tostring(seconds))
  end
end

---The functions that come with declarations.
---@param declarations { [1]: string, [2]: any }[]  each with the words for its place among the arguments
---@return table<string, gemini.LocalFunction>? known  by their names
---@return string|boolean problem  what is wrong; else whether there is any function
function functions.known(declarations)
  local known, others = {}, {}
  for _, pair in ipairs(declarations) do
    local where, declaration = pair[1], pair[2]
    local has = type(declaration) == "table"
    if has and declaration.call ~= nil then
      local problem = problemOf(where, declaration, known)
      if problem then return nil, problem end
      known[declaration.name] = declaration
    elseif has and type(declaration.name) == "string" then
      others[declaration.name] = true
    end
  end
  local any = next(known) ~= nil
  for name in next, others do known[name] = known[name] or false end
  return known, any
end

-- An error as a text, whatever it is.
local function told(problem)
  local ok, text = pcall(tostring, problem)
  return ok and text or "a " .. type(problem)
end

local function refused(why)
  return { ok = true, values = { nil, type(why) == "string" and why or "the call was refused" } }
end

local function unknown(name)
  return { ok = true, values = { nil, ("there is no function called %q"):format(tostring(name)) } }
end

local function ask(plan, context)
  plan.asking = coroutine.running() or "main"
  local verdict, why = plan.onToolCall(context.call, context)
  plan.asking = nil
  return verdict, why
end

-- What the user's hook says of a call: the arguments to run it with, or nil and its outcome. Nothing is run on a word
-- that says neither yes nor no.
local function approve(plan, call, context)
  local args = tables.deepCopy(call.args)
  if not plan.onToolCall then return args end
  local verdict, why = ask(plan, context)
  if verdict == false or verdict == nil and why ~= nil then return nil, refused(why) end
  if verdict == nil or verdict == true then return args end
  if type(verdict) == "table" then return verdict end
  error("onToolCall must give nil, true, false or a table of arguments, got " .. type(verdict), 0)
end

-- A function that runs one call: in its time, and known as one of this plan's.
local function runner(plan, tool, args, context)
  local seconds = tool.timeout or plan.toolTimeout
  return function()
    tasks.innermost().within = plan
    if seconds then return together.timeout(seconds, tool.call, args, context) end
    return tool.call(args, context)
  end
end

-- What a function gave, and whether that is an error.
local function given(outcome)
  local value, why = outcome.values[1], outcome.values[2]
  if not outcome.ok then return { error = told(value) }, true end
  if value == nil and why ~= nil then return { error = told(why) }, true end
  if value == nil then value = codec.null end
  return value, false
end

-- A table with names; in what JSON was read from, lists are marked.
local function isNamed(value)
  return type(value) == "table" and getmetatable(value) ~= codec.arrayMt
end

-- What a function gave in the form that a model is told it, and as it is now: it may go on with its table.
local function result(call, outcome)
  local value, failed = given(outcome)
  local text, problem = codec.encode(value)
  local copy = text and codec.decode(text) or { error = "the result can't be sent: " .. tostring(problem) }
  return { call = call, response = isNamed(copy) and copy or { output = copy }, failed = failed or not text }
end

---Carries out the calls of one answer: asks the hook about each in turn, and runs the functions at once.
---@param plan gemini.ToolPlan
---@param calls gemini.LocalCall[]
---@return gemini.LocalResult[] results  in the order of the calls; raises what the hook raises
function functions.run(plan, calls)
  local outcomes, started, places = {}, {}, {}
  for i, call in ipairs(calls) do
    local tool, args = plan.known[call.name], nil
    -- A copy, for what the model said goes back to it as it came.
    local context = { call = tables.deepCopy(call.call), round = plan.round, model = plan.model }
    if tool then args, outcomes[i] = approve(plan, call, context) else outcomes[i] = unknown(call.name) end
    if args then
      started[#started + 1], places[#places + 1] = runner(plan, tool, args, context), i
    end
  end
  for at, outcome in ipairs(together.settle(started)) do outcomes[places[at]] = outcome end
  local results = {}
  for i, call in ipairs(calls) do results[i] = result(call, outcomes[i]) end
  return results
end

return functions
