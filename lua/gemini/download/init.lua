---Downloads: which bytes, and where they go.

local errors = require "gemini.errors"
local loop = require "gemini.loop"
local options = require "gemini.options"
local origin = require "gemini.origin"
local own = require "gemini.own"
local pieces = require "gemini.download.pieces"
local progress = require "gemini.progress"
local request = require "gemini.request"
local targets = require "gemini.download.targets"

local download = {}

-- The resource that a URL of this server's names; nil and what is wrong.
local function nameIn(client, url)
  if not origin.resolve(client.baseUrl, url) then return nil, "name is a URL of another host" end
  local name = url:match("^%a+://[^/?#]*/(.*)$") or ""
  return (name:gsub("[?#].*", ""):gsub("^download/", ""):gsub("^v%d%w*/", ""):gsub(":download$", ""))
end

---Like request.build, for a download: its `name` may be the URL that a reply has.
---@param client gemini.State
---@param method string
---@param row gemini.Row
---@param args table  changed
---@param call? gemini.CallOptions
---@return gemini.Request?  with what is to be done with the bytes as `saving`
---@return string? problem
function download.build(client, method, row, args, call)
  local saving, problem = own.take(row, args, options.download)
  if not saving then return nil, problem end
  if saving.path and saving.sink then return nil, ("%s and sink exclude each other"):format(own.word(row, "path")) end
  if type(args.name) == "string" and args.name:find("^%a[%w+.-]*://") then
    args.name, problem = nameIn(client, args.name)
    if not args.name then return nil, problem end
  end
  local built
  built, problem = request.build(client, method, row, args, call)
  if not built then return nil, problem end
  built.saving = saving
  return built
end

local function targetFor(built)
  local saving = built.saving
  if saving.path then return targets.file(saving.path) end
  return saving.sink and targets.sink(saving.sink) or targets.memory(built.maxTotalBytes)
end

local function failure(built, problem, kind)
  return errors.new(kind or "io", problem, built.label)
end

-- Passes all pieces on: true, or nil and the error.
local function pass(source, target, built)
  local told = progress(built.saving.onProgress)
  while true do
    local piece, err = source:next()
    if err then return nil, err end
    if not piece then break end
    local ok, problem, kind = target.write(piece)
    if not ok then return nil, failure(built, problem, kind) end
    told:expect(source.total)
    told:tick(source.received)
  end
  told:finish(source.received)
  return true
end

-- What the download returns, or nil and the error.
local function finish(source, target, built)
  local done, err = pass(source, target, built)
  if not done then return nil, err end
  local result, problem, kind = target.finish(source.received)
  if result ~= nil then return result end
  return nil, failure(built, problem, kind)
end

---@param client gemini.State
---@param _ gemini.Row
---@param built gemini.Request  a GET
---@return string|integer? result  the bytes; with `path` that path, with `sink` how many bytes it got
---@return gemini.Error?
function download.get(client, _, built)
  local target, problem = targetFor(built)
  if not target then return nil, failure(built, problem) end
  local source = pieces(client, built)
  local ok, result, err = loop.try(finish, source, target, built)
  if ok and result ~= nil then return result end
  -- What the caller's functions raise leaves nothing behind either.
  source:close()
  target.abandon()
  if not ok then error(result, 0) end
  return nil, err
end

return download
