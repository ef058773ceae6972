-- The emulator's own reply, computed from the prompt.
local tables = require "gemini.tables"
local json = require "gemini.emulator.json"
local prompt = require "gemini.emulator.prompt"
local sample = require "gemini.emulator.sample"

local reply = {}

local QUOTED = 8 -- words of the prompt that the reply repeats

local function firstWords(text)
  local words, count = {}, 0
  for word in text:gmatch("%S+") do
    count = count + 1
    if count <= QUOTED then words[count] = word end
  end
  return table.concat(words, " ") .. (count > QUOTED and " …" or ""), count
end

-- What the last message says, in words.
local function heardOf(request)
  local quote, count = firstWords(request.text)
  if count > 0 then return ('Your prompt "%s" has %d %s.'):format(quote, count, count == 1 and "word" or "words") end
  local heard = {}
  for i, result in ipairs(prompt.results(request.body)) do
    heard[i] = ("%s gave %s."):format(result.name, json.encode(result.response))
  end
  return heard[1] and table.concat(heard, " ") or "Your last message has no text."
end

local function plainText(request)
  return ("This is the lua-gemini emulator, which is no model: the text is computed, nobody thought about it. %s "
    .. "It was sent to %s as request number %d."):format(heardOf(request), request.model, request.number)
end

-- What fits the schema that the request has, if any.
local function jsonText(request, config)
  local schema = config.responseJsonSchema or config._responseJsonSchema or config.responseSchema
  if type(schema) == "table" then return json.encode(sample.value(schema, request.text)) end
  local quote, count = firstWords(request.text)
  local note = "computed by an emulator, which is no model"
  return json.encode { emulator = true, note = note, prompt = quote, words = count }
end

---What the user's reply function returns. It gets a copy: what it does to a request changes nothing that is stored.
---@param context table
---@param request table
---@return any value nil where there is no such function
function reply.scripted(context, request)
  local script = context.settings.reply
  return script and script(tables.deepCopy(request))
end

---Answers a request with a text, with JSON where the request wants that, or with a call of the function that the
---prompt names.
---@param request table what a reply function gets
---@return string? text
---@return table[]? parts given instead of the text
function reply.default(request)
  local called = prompt.functionNamed(request.body, request.text)
  if called then
    local schema = called.parametersJsonSchema or called.parameters or {}
    local args = schema.properties and sample.value(schema, request.text) or {}
    return nil, { { functionCall = { name = called.name, args = args } } }
  end
  local config = request.body.generationConfig or {}
  return config.responseMimeType == "application/json" and jsonText(request, config) or plainText(request)
end

return reply
