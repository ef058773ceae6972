-- The files of an environment: a tree of files and directories, filled by uploads and by the environment's sources.
require("gemini.interpreted")()

local tables = require "gemini.tables"
local byteranges = require "gemini.emulator.byteranges"
local errors = require "gemini.emulator.errors"
local identified = require "gemini.emulator.identified"
local uploads = require "gemini.emulator.uploads"

local files = {}

local function root(environment) return "environments/" .. environment .. "/files" end

local function nameOf(environment, path)
  return path == "" and root(environment) or root(environment) .. "/" .. path
end

local function isLegal(segment)
  return segment ~= "" and segment ~= "." and segment ~= ".." and not segment:find("%c")
end

-- The path without the slashes around it; raises an error object where it could leave the environment.
local function clean(path)
  local text = path:gsub("^/", ""):gsub("/$", "")
  for segment in (text .. "/"):gmatch("([^/]*)/") do
    if text ~= "" and not isLegal(segment) then
      errors.raise("INVALID_ARGUMENT", ("Invalid path: '%s'"):format(path))
    end
  end
  return text
end

local function lastSegment(path) return path:match("[^/]+$") end

local function insert(context, environment, path, type, more)
  local now = context.store:time()
  local value = { name = lastSegment(path), path = path, type = type, created = now, modified = now }
  for field, given in pairs(more or {}) do value[field] = given end
  return context.store:insert(nameOf(environment, path), value)
end

local function isDirectory(context, environment, path)
  local value = context.store:find(nameOf(environment, path))
  return value and value.type == "DIRECTORY"
end

-- The paths of the directories that lead to a path, the outermost first.
local function parents(path)
  local list = {}
  for stop in path:gmatch("()/") do list[#list + 1] = path:sub(1, stop - 1) end
  return list
end

---Raises an error object where a file cannot be written at a path.
---@param context table
---@param environment string
---@param path string
---@param overwrite boolean?
---@return string path without the slashes around it
function files.check(context, environment, path, overwrite)
  path = clean(path)
  if path == "" or isDirectory(context, environment, path) then
    errors.raise("INVALID_ARGUMENT", ("'%s' is a directory: name the file to write."):format(path))
  end
  for _, parent in ipairs(parents(path)) do
    if context.store:find(nameOf(environment, parent)) and not isDirectory(context, environment, parent) then
      errors.raise("INVALID_ARGUMENT", ("'%s' is a file, and no directory."):format(parent))
    end
  end
  if not overwrite and context.store:find(nameOf(environment, path)) then
    errors.raise("ALREADY_EXISTS", ("%s already exists: set overwrite to replace it."):format(path))
  end
  return path
end

---Writes a file, and the directories that lead to it.
---@param context table
---@param environment string
---@param path string
---@param file { blob: gemini.emulator.Blob, mimeType: string, overwrite: boolean? }
---@return table value the EnvironmentFile
function files.write(context, environment, path, file)
  path = files.check(context, environment, path, file.overwrite)
  for _, parent in ipairs(parents(path)) do
    if not context.store:find(nameOf(environment, parent)) then insert(context, environment, parent, "DIRECTORY") end
  end
  local name = nameOf(environment, path)
  local value = context.store:find(name) or insert(context, environment, path, "FILE")
  value.size_bytes, value.mime_type = ("%d"):format(file.blob.size), file.mimeType
  value.modified = context.store:time()
  select(2, context.store:get(name)).blob = file.blob
  context.store.blobs:loosen()
  context.store:changed()
  return value
end

---Every file and directory of an environment, or of a directory in it, by path.
---@param context table
---@param environment string
---@param path string? a directory
---@return table[] values
---@return string[] names in the store
function files.all(context, environment, path)
  local names, values = context.store:below(nameOf(environment, path or "")), {}
  table.sort(names)
  for i, name in ipairs(names) do values[i] = context.store:get(name) end
  return values, names
end

---Copies what one environment holds into another.
---@param context table
---@param from string
---@param to string
function files.copy(context, from, to)
  local values, names = files.all(context, from)
  for i, value in ipairs(values) do
    local _, hidden = context.store:get(names[i])
    context.store:insert(nameOf(to, value.path), tables.copy(value), tables.copy(hidden))
  end
end

-- What a path stands for: a file itself, what is in a directory.
local function entries(context, environment, path)
  local value = path ~= "" and context.store:get(nameOf(environment, path))
  if value and value.type == "FILE" then return { value } end
  if context.query.recursive then return (files.all(context, environment, path)) end
  local values = context.store:list(nameOf(environment, path))
  table.sort(values, function(a, b) return a.path < b.path end)
  return values
end

local function download(context, environment, path)
  local value, hidden = context.store:get(nameOf(environment, path))
  if value.type ~= "FILE" then errors.raise("INVALID_ARGUMENT", ("'%s' is a directory."):format(path)) end
  return byteranges(context, hidden.blob, value.mime_type)
end

-- A list and a download are one path, told apart by `alt` alone.
local function get(context)
  local environment, path = context.params.environment, clean(context.params.path)
  context.store:get("environments/" .. environment)
  if context.query.alt == "media" then return download(context, environment, path) end
  local page, token = identified.page(context, entries(context, environment, path))
  return { json = { files = page, next_page_token = token } }
end

-- What a session does at its end: its parameters are those of its start.
local function finish(context, _, media)
  local params = context.params
  context.store:get("environments/" .. params.environment)
  local file = { blob = media.blob, mimeType = media.mimeType, overwrite = params.overwrite }
  return { files = { files.write(context, params.environment, params.path, file) } }
end

local startUpload = uploads.handler {
  method = "environments.files.upload", message = "EnvironmentFile", create = finish,
}

local function upload(context)
  local params, query = context.params, context.query
  context.store:get("environments/" .. params.environment)
  if context.headers["x-goog-upload-protocol"] ~= "resumable" then
    errors.raise("INVALID_ARGUMENT", "Uploads to an environment are resumable ones.")
  end
  if query.extract then
    errors.raise("UNIMPLEMENTED", "The emulator does not unpack archives: upload their files one by one.")
  end
  params.overwrite = query.overwrite
  params.path = files.check(context, params.environment, params.path, query.overwrite)
  return startUpload(context)
end

files.methods = { ["environments.files.list"] = get, ["environments.files.upload"] = upload }

return files
