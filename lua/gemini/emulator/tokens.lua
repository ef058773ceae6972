-- The one estimate of tokens that the answers' usage and countTokens share: four bytes of text make a token.
local json = require "gemini.emulator.json"

local tokens = {}

local BYTES_PER_TOKEN = 4
local MEDIA = 258 -- tokens of one picture, recording or document
local ORDER = { "TEXT", "IMAGE", "VIDEO", "AUDIO", "DOCUMENT" }
local MODALITIES = { image = "IMAGE", video = "VIDEO", audio = "AUDIO", application = "DOCUMENT" }

---Tokens of a text of so many bytes.
---@param bytes number
---@return number
function tokens.ofBytes(bytes) return math.ceil(bytes / BYTES_PER_TOKEN) end

---How many bytes so many tokens have.
---@param count number
---@return number
function tokens.bytes(count) return count * BYTES_PER_TOKEN end

local function addMedia(counts, media)
  local kind = MODALITIES[(media.mimeType or ""):match("^%a+")] or "DOCUMENT"
  counts[kind] = (counts[kind] or 0) + MEDIA
end

local function addText(counts, bytes) counts.bytes = counts.bytes + bytes end

local function addPart(counts, part)
  local media = part.inlineData or part.fileData
  if media then return addMedia(counts, media) end
  addText(counts, part.text and #part.text or #json.encode(part))
end

local function addContents(counts, contents)
  for _, content in ipairs(contents or {}) do
    for _, part in ipairs(content.parts or {}) do addPart(counts, part) end
  end
end

---Counts the tokens of a prompt.
---@param body table a GenerateContentRequest, or the part of it that is to be counted
---@return number total
---@return table[]? details a list of ModalityTokenCount; nil when there is nothing to count
function tokens.ofPrompt(body)
  local counts = { bytes = 0 }
  addContents(counts, { body.systemInstruction })
  addContents(counts, body.contents)
  if body.tools then addText(counts, #json.encode(body.tools)) end
  if counts.bytes > 0 then counts.TEXT = tokens.ofBytes(counts.bytes) end
  local total, details = 0, {}
  for _, kind in ipairs(ORDER) do
    total = total + (counts[kind] or 0)
    if counts[kind] then table.insert(details, { modality = kind, tokenCount = counts[kind] }) end
  end
  return total, details[1] and details
end

return tokens
