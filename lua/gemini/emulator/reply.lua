-- The emulator's own reply, computed from the prompt.
local tables = require "gemini.tables"
local json = require "gemini.emulator.json"
local prompt = require "gemini.emulator.prompt"

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

local function plainText(request)
  local quote, count = firstWords(request.text)
  local heard = "Your last message has no text."
  if count > 0 then
    heard = ('Your prompt "%s" has %d %s.'):format(quote, count, count == 1 and "word" or "words")
  end
  return ("This is the lua-gemini emulator, which is no model: the text is computed, nobody thought about it. %s "
    .. "It was sent to %s as request number %d."):format(heard, request.model, request.number)
end

local function jsonText(request)
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
  if called then return nil, { { functionCall = { name = called, args = {} } } } end
  local wanted = (request.body.generationConfig or {}).responseMimeType
  return wanted == "application/json" and jsonText(request) or plainText(request)
end

return reply
