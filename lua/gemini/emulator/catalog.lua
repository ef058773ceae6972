-- The models that the emulator pretends to have.
local TEXT = { "generateContent", "countTokens", "createCachedContent", "batchGenerateContent" }
local PLAIN = { "generateContent", "countTokens", "batchGenerateContent" }
local SPEECH = { "generateContent", "countTokens" }
local EMBEDDING = { "embedContent", "countTextTokens", "countTokens", "asyncBatchEmbedContent" }
local PREDICTION = { "predict" }
local VIDEO = { "predictLongRunning" }
local LIVE = { "bidiGenerateContent" }
local OLD_TEXT = { "generateText", "countTextTokens", "createTunedTextModel" }
local OLD_CHAT = { "generateMessage", "countMessageTokens" }
local OLD_EMBEDDING = { "embedText", "countTextTokens" }
local ANSWER = { "generateAnswer" }

local MILLION = 1048576

-- id, version, display name, tokens in, tokens out, methods, thinking
local ROWS = {
  { "gemini-2.5-pro", "2.5", "Gemini 2.5 Pro", MILLION, 65536, TEXT, true },
  { "gemini-2.5-flash", "001", "Gemini 2.5 Flash", MILLION, 65536, TEXT, true },
  { "gemini-2.5-flash-lite", "001", "Gemini 2.5 Flash-Lite", MILLION, 65536, TEXT, true },
  { "gemini-2.0-flash", "2.0", "Gemini 2.0 Flash", MILLION, 8192, TEXT },
  { "gemini-2.0-flash-lite", "2.0", "Gemini 2.0 Flash-Lite", MILLION, 8192, TEXT },
  { "gemini-2.5-flash-image", "2.0", "Gemini 2.5 Flash Image", 32768, 32768, PLAIN },
  { "gemini-2.5-flash-preview-tts", "001", "Gemini 2.5 Flash Speech", 8192, 16384, SPEECH },
  { "gemini-2.5-flash-live", "001", "Gemini 2.5 Flash Live", 131072, 8192, LIVE, true },
  { "gemma-3-27b-it", "001", "Gemma 3 27B", 131072, 8192, SPEECH },
  { "gemini-embedding-001", "001", "Gemini Embedding", 2048, 1, EMBEDDING },
  { "imagen-4.0-generate-001", "001", "Imagen 4", 480, 8192, PREDICTION },
  { "veo-3.0-generate-001", "3.0", "Veo 3", 480, 8192, VIDEO },
  { "aqa", "001", "Attributed Question Answering", 7168, 1024, ANSWER },
  { "text-bison-001", "001", "PaLM 2 Text", 8196, 1024, OLD_TEXT },
  { "chat-bison-001", "001", "PaLM 2 Chat", 4096, 1024, OLD_CHAT },
  { "embedding-gecko-001", "001", "PaLM 2 Embedding", 1024, 1, OLD_EMBEDDING },
}

local function generates(methods) return methods[1] == "generateContent" end

local function model(row)
  local sampled = generates(row[6])
  return {
    name = "models/" .. row[1],
    baseModelId = row[1],
    version = row[2],
    displayName = row[3],
    description = row[3] .. ", as the emulator plays it: no model answers.",
    inputTokenLimit = row[4],
    outputTokenLimit = row[5],
    supportedGenerationMethods = row[6],
    temperature = sampled and 1 or nil,
    topP = sampled and 0.95 or nil,
    topK = sampled and 64 or nil,
    maxTemperature = sampled and 2 or nil,
    thinking = row[7],
  }
end

---@type table[] every Model, in the order of the list method
local catalog = {}
for i, row in ipairs(ROWS) do catalog[i] = model(row) end

return catalog
