-- What uploads and downloads ask of a request.
local mime = require "mime"
local errors = require "gemini.emulator.errors"

local transfer = {}

-- A type, a subtype and perhaps parameters, without control characters: it goes into a header.
local TYPE = "^[%w!#$&^_.+-]+/[%w!#$&^_.+-]+$"
local WITH_PARAMETERS = "^[%w!#$&^_.+-]+/[%w!#$&^_.+-]+ *;[\32-\126]*$"

---Raises INVALID_ARGUMENT for what is no MIME type.
---@param value any
---@return string mimeType
function transfer.checkType(value)
  if type(value) == "string" and (value:find(TYPE) or value:find(WITH_PARAMETERS)) then return value end
  return errors.raise("INVALID_ARGUMENT", "Invalid value at 'mime_type': it must be a MIME type, such as text/plain.")
end

---A blob's hash as Google writes it: the text of the digest's hexadecimal digits, encoded.
---@param blobs table
---@param blob gemini.emulator.Blob
---@return string
function transfer.hash(blobs, blob) return (mime.b64(blobs:sha256(blob))) end

---Raises INVALID_ARGUMENT where the bytes were not asked for.
---@param context table
function transfer.checkDownload(context)
  if context.query.alt == "media" then return end
  errors.raise("INVALID_ARGUMENT", "A download needs the query parameter alt=media.")
end

return transfer
