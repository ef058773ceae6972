-- Reads and judges what a GenerateContentRequest asks, beyond the shape of its message.
local errors = require "gemini.emulator.errors"
local ranges = require "gemini.emulator.ranges"

local prompt = {}

local ROLES = { user = true, model = true, ["function"] = true, [""] = true }
local RANGES = {
  { "temperature", 0, 2 }, { "topP", 0, 1 }, { "candidateCount", 1, 8 }, { "maxOutputTokens", 1, 2147483647 },
}
local DATA = {
  "text", "inlineData", "functionCall", "functionResponse", "fileData", "executableCode", "codeExecutionResult",
  "toolCall", "toolResponse", "audioTranscription", "thoughtSignature",
}

local function refuse(path, complaint)
  errors.raise("INVALID_ARGUMENT", ("* GenerateContentRequest.%s: %s\n"):format(path, complaint))
end

local function hasData(part)
  for _, name in ipairs(DATA) do
    if part[name] ~= nil then return true end
  end
  return false
end

local function checkContent(content, path)
  if not ROLES[content.role or ""] then errors.raise("INVALID_ARGUMENT", "Please use a valid role: user, model.") end
  if not content.parts then refuse(path .. ".parts", "contents.parts must not be empty.") end
  for i, part in ipairs(content.parts) do
    if not hasData(part) then
      refuse(("%s.parts[%d].data"):format(path, i - 1), "required oneof field 'data' must have one initialized field")
    end
  end
end

---Raises an error object for roles, parts and settings that Google refuses though they fit the message.
---@param body table a checked GenerateContentRequest or CountTokensRequest
function prompt.check(body)
  for i, content in ipairs(body.contents or {}) do checkContent(content, ("contents[%d]"):format(i - 1)) end
  ranges(body.generationConfig or {}, RANGES, "GenerateContentRequest.generation_config")
end

---The text of the last content that is not the model's.
---@param body table
---@return string
function prompt.text(body)
  local contents, texts = body.contents or {}, {}
  for i = #contents, 1, -1 do
    if contents[i].role ~= "model" then
      for _, part in ipairs(contents[i].parts) do texts[#texts + 1] = part.text end
      return table.concat(texts)
    end
  end
  return ""
end

local function mentions(text, name)
  return (" " .. text:lower() .. " "):find("[^%w_]" .. name:lower():gsub("%p", "%%%0") .. "[^%w_]") ~= nil
end

---What functions gave, as the last content that is not the model's tells it.
---@param body table
---@return table[] results FunctionResponses
function prompt.results(body)
  local contents, results = body.contents or {}, {}
  local last = contents[#contents]
  for _, part in ipairs(last and last.role ~= "model" and last.parts or {}) do
    results[#results + 1] = part.functionResponse
  end
  return results
end

---The first declared function that a text names, unless the request forbids calls.
---@param body table
---@param text string
---@return table? declaration
function prompt.functionNamed(body, text)
  local calling = (body.toolConfig or {}).functionCallingConfig or {}
  if calling.mode == "NONE" then return nil end
  for _, tool in ipairs(body.tools or {}) do
    for _, declaration in ipairs(tool.functionDeclarations or {}) do
      if mentions(text, declaration.name) then return declaration end
    end
  end
end

return prompt
