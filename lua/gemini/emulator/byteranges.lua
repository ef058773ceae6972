-- Answers with the bytes of a blob: all of them, or the part that a Range asks for.
local PIECE = 64 * 1024

-- An iterator over the bytes of a part.
local function pieces(blobs, blob, first, length)
  local at, stop = first, first + length
  return function()
    if at >= stop then return nil end
    local bytes = blobs:read(blob, at, math.min(PIECE, stop - at))
    at = at + #bytes
    return bytes
  end
end

-- What a Range asks for: the first byte and how many; nil for all, and for what is not understood; false where there
-- are no such bytes.
local function asked(range, size)
  local first, last = (range or ""):match("^bytes=(%d*)%-(%d*)$")
  if not first or first .. last == "" then return nil end
  if first == "" then
    local length = math.min(tonumber(last), size)
    return length > 0 and size - length, length
  end
  first, last = tonumber(first), math.min(tonumber(last) or math.huge, size - 1)
  if first > last then return false end
  return first, last - first + 1
end

local function tagOf(context, blob)
  return '"' .. context.store.blobs:sha256(blob):sub(1, 32) .. '"'
end

---@param context table
---@param blob gemini.emulator.Blob? none is one without bytes
---@param mimeType string
---@return table response
return function(context, blob, mimeType)
  local blobs = context.store.blobs
  blob = blob or { size = 0, data = "" }
  local tag = tagOf(context, blob)
  local unchanged = (context.headers["if-range"] or tag) == tag
  local first, length = asked(unchanged and context.headers.range, blob.size)
  local headers = { ["Content-Type"] = mimeType, ["Accept-Ranges"] = "bytes", ETag = tag }
  if first == false then
    headers["Content-Range"] = ("bytes */%d"):format(blob.size)
    return { status = 416, headers = headers, body = "" }
  end
  if first then headers["Content-Range"] = ("bytes %d-%d/%d"):format(first, first + length - 1, blob.size) end
  length = length or blob.size
  return {
    status = first and 206 or 200, headers = headers, length = length, stream = pieces(blobs, blob, first or 0, length),
  }
end
