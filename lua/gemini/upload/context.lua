---What all requests of one upload share.

require("gemini.interpreted")()

local attempts = require "gemini.attempts"
local deadline = require "gemini.deadline"
local errors = require "gemini.errors"
local headers = require "gemini.headers"
local progress = require "gemini.progress"
local tables = require "gemini.tables"

local context = {}

---@class gemini.Upload  what `onProgress` gets
---@field session gemini.UploadSession?  a plain table that may be saved, once there is one; nil in protocols without

---@class gemini.UploadContext
---@field client gemini.State
---@field row gemini.Row
---@field built gemini.Request  with the metadata
---@field call gemini.CallOptions?
---@field media gemini.Media
---@field source gemini.Source
---@field ends number?  the call's deadline
---@field attempts gemini.Attempts
---@field progress gemini.Progress
---@field public upload gemini.Upload
---@field session gemini.UploadSession?
---@field total integer?  bytes of the media, once all of them are known

---@param client gemini.State
---@param row gemini.Row
---@param built gemini.Request  with `media` and `source`
---@param call? gemini.CallOptions
---@return gemini.UploadContext
function context.new(client, row, built, call)
  local upload, ends = {}, deadline.after(built.timeout)
  return {
    client = client,
    row = row,
    built = built,
    call = call,
    media = built.media,
    source = built.source,
    ends = ends,
    attempts = attempts.new(built, 1, ends),
    progress = progress(built.media.onProgress, built.source.size, upload),
    upload = upload,
    total = built.source.size,
  }
end

---A request of this upload: its own, with other fields and more headers, for as long as the call may still last.
---@param up gemini.UploadContext
---@param fields table
---@param more table<string, string>
---@return gemini.Request
function context.request(up, fields, more)
  local sent = tables.copy(up.built)
  for name, value in next, fields do sent[name] = value end
  sent.headers = headers.merge(up.built.headers, more)
  sent.timeout = deadline.limit(up.ends)
  return sent
end

---Has a session from now on, and lets the caller have a copy.
---@param up gemini.UploadContext
---@param session gemini.UploadSession
function context.hold(up, session)
  up.session, up.upload.session = session, tables.copy(session)
end

---@param up gemini.UploadContext
---@param kind string
---@param message string
---@return gemini.Error
function context.failure(up, kind, message)
  return errors.new(kind, message, up.built.label)
end

return context
