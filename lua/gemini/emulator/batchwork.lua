-- The requests of a batch, and what comes out of them.
local check = require "gemini.emulator.check"
local derived = require "gemini.emulator.derived"
local embed = require "gemini.emulator.embed"
local errors = require "gemini.emulator.errors"
local files = require "gemini.emulator.files"
local generate = require "gemini.emulator.generate"
local json = require "gemini.emulator.json"
local rpcstatus = require "gemini.emulator.rpcstatus"

local batchwork = {}

local ANSWER = {
  GenerateContentRequest = generate.methods["models.generateContent"],
  EmbedContentRequest = embed.methods["models.embedContent"],
}
local FROM_PATH = { model = true }

---@class gemini.emulator.BatchItem
---@field request table? checked
---@field problem any instead of the request: what is wrong with it
---@field metadata table? given beside it in the batch
---@field key string? given beside it in a file

-- One line of a file: `{ "key": …, "request": … }`.
local function fromLine(message, line)
  local value, problem = json.decode(line)
  if problem or not json.isObject(value) then
    return { problem = errors.new("INVALID_ARGUMENT", "The line is no JSON object.") }
  end
  local item = { key = value.key }
  item.request, item.problem = check.request(message, value.request or {}, FROM_PATH)
  return item
end

local function fromFile(context, message, name)
  local _, blob = files.find(context, name)
  local data, items = context.store.blobs:all(blob), {}
  for line in data:gmatch("[^\r\n]+") do
    if line:find("%S") then items[#items + 1] = fromLine(message, line) end
  end
  return items
end

---The requests of a batch; raises where there is none.
---@param context table
---@param message string of a request
---@param config table the batch's inputConfig
---@return gemini.emulator.BatchItem[]
function batchwork.items(context, message, config)
  local items = config.fileName and fromFile(context, message, config.fileName)
    or (config.requests or {}).requests or {}
  if not items[1] then errors.raise("INVALID_ARGUMENT", "The batch has no requests.") end
  return items
end

local function answer(context, message, item)
  if item.problem then error(item.problem, 0) end
  local model = context.params["batch.model"]
  if item.request.model and item.request.model ~= model then
    errors.raise("INVALID_ARGUMENT", ("The request is for %s and the batch for %s."):format(item.request.model, model))
  end
  local params = { model = model, version = context.params.version }
  local result = ANSWER[message](derived(context, { body = item.request, params = params }))
  if result.json then return result.json end
  return errors.raise("UNKNOWN", ("HTTP status %s: %s"):format(tostring(result.status), tostring(result.body)))
end

-- An error of one request is that one's result.
local function resultOf(context, message, item)
  local ok, value = pcall(answer, context, message, item)
  return { response = ok and value or nil, error = not ok and rpcstatus(value) or nil }
end

---Answers every request. As Google's are, the results are in another order than the requests: the last one first.
---@param context table
---@param message string
---@param items gemini.emulator.BatchItem[]
---@return table[] results each with `response` or `error`, and its item's `metadata` or `key`
---@return integer failed how many are errors
function batchwork.results(context, message, items)
  local results, failed = {}, 0
  for i, item in ipairs(items) do
    local result = resultOf(context, message, item)
    result.metadata, result.key = item.metadata, item.key
    if result.error then failed = failed + 1 end
    results[#items + 1 - i] = result
  end
  return results, failed
end

---Results as the lines of a file.
---@param results table[]
---@return string
function batchwork.lines(results)
  local lines = {}
  for i, result in ipairs(results) do lines[i] = json.encode(result) .. "\n" end
  return table.concat(lines)
end

return batchwork
