-- Answers with the bytes of a blob: all of them, or the part that a Range asks for.
local PIECE, TURN = 64 * 1024, 32

-- An iterator over the bytes of a part; it ends early where they are gone meanwhile. Others have their turn between.
local function pieces(blobs, blob, first, length)
  local at, stop, count = first, first + length, 0
  return function()
    if at >= stop then return nil end
    count = count + 1
    if count % TURN == 0 then return 0 end
    local ok, bytes = pcall(blobs.read, blobs, blob, at, math.min(PIECE, stop - at))
    if not ok then return nil end
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
  local range = context.verb == "GET" and unchanged and context.headers.range
  local first, length = asked(range or nil, blob.size)
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
