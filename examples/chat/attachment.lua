-- Files for the next message: small ones of common types go with it, others are uploaded before.
local gemini = require "gemini"
local terminal = require "chat.terminal"

local attachment = {}

-- What goes with a message is sent again with each one that follows.
local INLINE = 1024 * 1024

local TYPES = {
  csv = "text/csv", heic = "image/heic", html = "text/html", jpeg = "image/jpeg", jpg = "image/jpeg",
  lua = "text/plain", md = "text/markdown", png = "image/png", txt = "text/plain", webp = "image/webp",
}

-- All of a small file; of a large one, more than may go inline.
local function head(path)
  local file, problem = io.open(path, "rb")
  if not file then return nil, problem end
  local bytes, why = file:read(INLINE + 1)
  file:close()
  -- Of a folder nothing can be read.
  if why then return nil, ("%s: %s"):format(path, why) end
  if not bytes then return nil, path .. ": the file is empty" end
  return bytes
end

-- What tells how far an upload is.
local function meter(name)
  local progress = terminal.progress
  if not progress then return nil, true end
  local function sent(count, total)
    progress(("%s  %d %% of %d bytes"):format(name, math.floor(100 * count / total), total))
  end
  return sent, { onProgress = function() progress(name .. "  the server looks through it") end }
end

local function upload(client, path)
  local name = path:match "[^/]*$"
  local onProgress, wait = meter(name)
  local file, err = terminal.interruptible(client.files.upload, client.files, {
    path = path, displayName = name, onProgress = onProgress, wait = wait,
  })
  terminal.endProgress()
  if not file then return nil, ("%s: %s"):format(path, tostring(err)) end
  return { fileData = { mimeType = file.mimeType, fileUri = file.uri } }
end

---@param path string  ~/ is the home
---@return table? part  of a message
---@return string? problem
function attachment.part(client, path)
  local bytes, problem = head(path)
  if not bytes then return nil, problem end
  local mimeType = TYPES[(path:match "%.(%w+)$" or ""):lower()]
  if not mimeType or #bytes > INLINE then return upload(client, path) end
  return { inlineData = { mimeType = mimeType, data = gemini.base64.encode(bytes) } }
end

return attachment
