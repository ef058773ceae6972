-- What an interaction is asked: reads and judges the body of interactions.create.
require("gemini.interpreted")()

local scalars = require "gemini.scalars"
local errors = require "gemini.emulator.errors"
local fields = require "gemini.emulator.fields"
local json = require "gemini.emulator.json"

local input = {}

local KIND = {
  message = "CreateInteractionRequest",
  rules = {
    model = "string", agent = "string", input = "string|object|list", stream = "boolean", store = "boolean",
    background = "boolean", agent_config = "object", environment = "string|object", continuation_token = "string",
    previous_interaction_id = "string", system_instruction = "string", tools = "list", generation_config = "object",
    response_format = "object|list", response_mime_type = "string", response_modalities = "list", labels = "object",
    service_tier = "string", safety_settings = "list", webhook_config = "object", cached_content = "string",
  },
  required = { "input" },
}

local CONTENTS = { text = true, image = true, audio = true, video = true, document = true }
local STEPS = { user_input = true, model_output = true, thought = true }

local function refuse(text, ...) errors.raise("INVALID_ARGUMENT", text:format(...)) end

local function isStep(item)
  return STEPS[item.type] or item.type:find("_call$") ~= nil or item.type:find("_result$") ~= nil
end

local function checkContent(item, path)
  if type(item) ~= "table" or not CONTENTS[item.type] then
    refuse("Invalid value at '%s.type', expected text, image, audio, video or document.", path)
  end
  if item.type == "text" then
    if type(item.text) ~= "string" then refuse("Invalid value at '%s.text', expected string.", path) end
  elseif type(item.data or item.uri) ~= "string" or type(item.mime_type or "") ~= "string" then
    refuse("Invalid value at '%s': %s content has data or a uri, and a mime_type.", path, item.type)
  end
end

-- A message's content as a list.
local function contentsOf(step, path)
  local content = step.content
  if type(content) == "string" then return { { type = "text", text = content } } end
  if not json.isArray(content) then refuse("Invalid value at '%s.content', expected string or list.", path) end
  for i, item in ipairs(content) do checkContent(item, ("%s.content[%d]"):format(path, i - 1)) end
  return content
end

local function checkResult(step, path)
  if type(step.call_id) == "string" and step.result ~= nil then return end
  refuse("Invalid value at '%s': a function_result has a call_id and a result.", path)
end

local function partOf(item)
  if item.type == "text" then return { text = item.text } end
  return { inlineData = { mimeType = item.mime_type or item.type, data = item.data } }
end

local function partsOf(step, path)
  if step.type == "function_result" then checkResult(step, path) end
  -- Nothing is known of a step's other fields: none of them is to pass for one of a Part.
  if step.type ~= "user_input" and step.type ~= "model_output" then return { { step = step } } end
  local parts = {}
  for i, item in ipairs(contentsOf(step, path)) do parts[i] = partOf(item) end
  return parts
end

-- What the user sends, results of functions included, is not the model's.
local function roleOf(step)
  return (step.type == "user_input" or step.type:find("_result$")) and "user" or "model"
end

local function fromSteps(steps)
  local contents = {}
  for i, step in ipairs(steps) do
    local path = ("input[%d]"):format(i - 1)
    if type(step) ~= "table" or type(step.type) ~= "string" or not isStep(step) then
      refuse("Invalid value at '%s.type', expected the type of a step.", path)
    end
    contents[i] = { role = roleOf(step), parts = partsOf(step, path) }
  end
  return contents
end

-- A text, one content, a list of contents, or a list of steps; as a GenerateContentRequest has it.
local function contentsFrom(given)
  if type(given) == "table" and not json.isArray(given) then given = { given } end
  local first = type(given) == "table" and given[1]
  if type(first) == "table" and type(first.type) == "string" and isStep(first) then return fromSteps(given) end
  if type(given) == "table" then
    for i, item in ipairs(given) do checkContent(item, ("input[%d]"):format(i - 1)) end
  end
  return fromSteps { { type = "user_input", content = given } }
end

local function declarations(tools)
  local out = {}
  for i, tool in ipairs(tools or {}) do
    if type(tool) ~= "table" or type(tool.type) ~= "string" then
      refuse("Invalid value at 'tools[%d].type', expected string.", i - 1)
    end
    if tool.type == "function" then
      if type(tool.name) ~= "string" then refuse("Invalid value at 'tools[%d].name', expected string.", i - 1) end
      out[#out + 1] = { name = tool.name, description = tool.description, parameters = tool.parameters }
    end
  end
  return out[1] and { { functionDeclarations = out } }
end

local function wantsJson(body)
  if body.response_mime_type then return body.response_mime_type == "application/json" end
  local formats = body.response_format or {}
  if not json.isArray(formats) then formats = { formats } end
  for _, format in ipairs(formats) do
    -- A format is a schema itself, or says what it is of.
    local named = type(format) == "table" and (format.mime_type or format.type)
    if named == "application/json" or named == "object" then return true end
  end
  return false
end

local function stopsOf(config)
  for i, text in ipairs(json.isArray(config.stop_sequences) and config.stop_sequences or {}) do
    if type(text) ~= "string" then
      refuse("Invalid value at 'generation_config.stop_sequences[%d]', expected string.", i - 1)
    end
  end
  return json.isArray(config.stop_sequences) and config.stop_sequences or nil
end

local function limitOf(config)
  local limit = config.max_output_tokens
  if limit == nil or limit == json.null then return nil end
  local number = scalars.int32(limit)
  if number and number >= 1 then return number end
  return refuse("Invalid value at 'generation_config.max_output_tokens', expected an integer of 1 or more.")
end

local function checkWho(body)
  if (body.model == nil) == (body.agent == nil) then
    refuse("* CreateInteractionRequest: exactly one of model and agent must be specified\n")
  end
  local misplaced = body.agent and "generation_config" or "agent_config"
  if body[misplaced] then
    refuse("Invalid value at '%s': generation_config goes with a model, agent_config with an agent.", misplaced)
  end
end

local function checkHow(body)
  if body.background and body.store == false then refuse("An interaction in the background has to be stored.") end
  if body.webhook_config and not body.background then refuse("webhook_config needs background to be true.") end
end

---Checks a body; raises an error object where it is not right.
---@param body table
---@return table body without nulls
---@return table asked the same as a GenerateContentRequest
function input.read(body)
  body = fields.check(KIND, body)
  checkWho(body)
  checkHow(body)
  local config = body.generation_config or {}
  local choice = type(config.tool_choice) == "string" and config.tool_choice:upper() or nil
  return body, {
    contents = contentsFrom(body.input),
    systemInstruction = body.system_instruction and { parts = { { text = body.system_instruction } } },
    tools = declarations(body.tools),
    toolConfig = choice and { functionCallingConfig = { mode = choice } },
    generationConfig = {
      maxOutputTokens = limitOf(config), stopSequences = stopsOf(config),
      responseMimeType = wantsJson(body) and "application/json" or nil,
    },
  }
end

return input
