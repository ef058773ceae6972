-- The resource `voices`: the prebuilt ones, and the user's own.
require("gemini.interpreted")()

local mime = require "mime"
local errors = require "gemini.emulator.errors"
local fields = require "gemini.emulator.fields"
local identified = require "gemini.emulator.identified"

-- name, gender, pitch, accent, persona, context
local ROWS = {
  { "Aoede", "female", "medium", "american", "breezy", "conversation" },
  { "Charon", "male", "low", "american", "informative", "narration" },
  { "Fenrir", "male", "low", "american", "excitable", "entertainment" },
  { "Kore", "female", "medium", "american", "firm", "narration" },
  { "Leda", "female", "high", "american", "youthful", "conversation" },
  { "Orus", "male", "low", "british", "firm", "narration" },
  { "Puck", "male", "medium", "british", "upbeat", "entertainment" },
  { "Zephyr", "female", "high", "american", "bright", "conversation" },
}
local REGIONS = { american = "US", british = "GB" }

local function prebuilt(row)
  return {
    id = row[1]:lower(), type = "prebuilt", display_name = row[1], gender = row[2], pitch = row[3], accent = row[4],
    persona = row[5], context = row[6], language_code = "en-" .. REGIONS[row[4]], region_code = REGIONS[row[4]],
    description = row[1] .. ", as the emulator knows it: it never speaks.",
  }
end

local FILTERS = { "accent", "context", "gender", "language_code", "persona", "pitch", "region_code", "type" }
local REFERENCE = {
  message = "Voice",
  rules = { data = "string", mime_type = "string" },
  required = { "data", "mime_type" },
}

local function checkReplicated(value)
  local audio = {
    message = "Voice", rules = { source_audio = "object", consent_audio = "object" },
    required = { "source_audio", "consent_audio" },
  }
  local replicated = fields.check(audio, value.replicated or {})
  fields.check(REFERENCE, replicated.source_audio)
  fields.check(REFERENCE, replicated.consent_audio)
  -- Recordings go in and never come back.
  value.replicated = nil
end

local function checkPrompted(value)
  local prompted = { message = "Voice", rules = { input = "string", base_voice = "string" }, required = { "input" } }
  fields.check(prompted, value.prompted or {})
end

local CHECKS = { prompted = checkPrompted, replicated = checkReplicated }

local KIND = {
  segment = "voices",
  message = "Voice",
  prefix = "voice_",
  rules = {
    type = { prompted = true, replicated = true }, display_name = "string", description = "string",
    language_code = "string", region_code = "string", accent = "string", persona = "string", context = "string",
    gender = "string", pitch = { low = true, medium = true, high = true }, model = "string", prompted = "object",
    replicated = "object",
  },
  required = { "type" },
  output = { id = true, key = true, expire_time = true, usage = true, sample_audio = true },
  prepare = function(_, value) CHECKS[value.type](value) end,
}

local REQUEST = {
  message = "CreateVoiceRequest",
  rules = { voice = "object", store = "boolean" },
  required = { "voice" },
}

local voices = { methods = identified.methods(KIND) }

-- A voice that is not stored is what its key holds.
local function unstored(context, voice)
  local value = fields.check(KIND, voice)
  KIND.prepare(context, value)
  value.key = "voicekey_" .. mime.b64(context.store:id())
  return value
end

-- References differ on the body: a voice, or one beside whether to store it.
local function requestIn(body)
  return body.voice == nil and body.type ~= nil and { voice = body, store = true } or body
end

voices.methods["voices.create"] = function(context)
  local body = fields.check(REQUEST, requestIn(context.body))
  if body.store then return { json = (identified.create(context, KIND, body.voice)) } end
  if body.voice.type == "prompted" then
    errors.raise("INVALID_ARGUMENT", "Invalid value at 'store': a prompted voice has to be stored.")
  end
  return { json = unstored(context, body.voice) }
end

-- Every value that the query gives a parameter.
local function given(context, name)
  local values = {}
  for _, pair in ipairs(context.parameters) do
    if pair[1] == name then values[pair[2]] = true end
  end
  return next(values) and values
end

local function mentions(voice, text)
  text = text:lower()
  for _, name in ipairs { "display_name", "description", "persona" } do
    if (voice[name] or ""):lower():find(text, 1, true) then return true end
  end
  return false
end

-- The filters of a request: those values that each field may have.
local function filtersOf(context)
  local filters = {}
  for _, name in ipairs(FILTERS) do filters[name] = given(context, name) end
  return filters
end

local function passes(voice, filters, search)
  for name, values in pairs(filters) do
    if not values[voice[name] or ""] then return false end
  end
  return not search or mentions(voice, search)
end

voices.methods["voices.list"] = function(context)
  local filters, search, all = filtersOf(context), context.query.search, {}
  for _, row in ipairs(ROWS) do all[#all + 1] = prebuilt(row) end
  for _, voice in ipairs(context.store:list("voices")) do all[#all + 1] = voice end
  local found = {}
  for _, voice in ipairs(all) do
    if passes(voice, filters, search) then found[#found + 1] = voice end
  end
  local page, token = identified.page(context, found)
  return { json = { voices = page, next_page_token = token } }
end

return voices
