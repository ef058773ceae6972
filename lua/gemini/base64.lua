local codec = require "gemini.codec"

---@class gemini.base64
local base64 = {}

---Encodes bytes in the standard alphabet, with padding.
---@param bytes string
---@return string text
function base64.encode(bytes)
  return codec.base64Encode(bytes)
end

---Decodes base64 (standard or URL-safe alphabet, padded or not).
---@param text string
---@return string? bytes
---@return string? message  says where the text is no base64
function base64.decode(text)
  return codec.base64Decode(text)
end

return base64
