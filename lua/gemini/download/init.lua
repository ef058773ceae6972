---Downloads: which bytes, and where they go.

local errors = require "gemini.errors"
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

local function targetFor(saving)
  if saving.path then return targets.file(saving.path) end
  return saving.sink and targets.sink(saving.sink) or targets.memory()
end

local function failure(built, problem, kind)
  return errors.new(kind or "io", problem, built.label)
end

-- Hands one piece on: true; or nil, what is wrong and the error's kind.
local function deliver(source, target, told, piece)
  local ok, problem, kind = target.write(piece)
  if not ok then return nil, problem, kind end
  told:expect(source.total)
  told:tick(source.received)
  return true
end

-- What the caller's functions raise leaves nothing behind either. Nothing of ours waits in here: PUC Lua 5.1 could not
-- yield from it.
local function guarded(source, target, run, ...)
  local ok, done, problem, kind = pcall(run, ...)
  if ok then return done, problem, kind end
  source:close()
  target.abandon()
  error(done, 0)
end

-- Passes all pieces on: true, or nil and the error.
local function pass(source, target, built)
  local told = progress(built.saving.onProgress)
  while true do
    local piece, err = source:next()
    if err then return nil, err end
    if not piece then
      guarded(source, target, told.finish, told, source.received)
      return true
    end
    local ok, problem, kind = guarded(source, target, deliver, source, target, told, piece)
    if not ok then return nil, failure(built, problem, kind) end
  end
end

---@param client gemini.State
---@param _ gemini.Row
---@param built gemini.Request  a GET
---@return string|integer? result  the bytes; with `path` that path, with `sink` how many bytes it got
---@return gemini.Error?
function download.get(client, _, built)
  local target, problem = targetFor(built.saving)
  if not target then return nil, failure(built, problem) end
  local source = pieces(client, built)
  local done, err = pass(source, target, built)
  local result, why, kind
  if done then result, why, kind = target.finish(source.received) end
  if result ~= nil then return result end
  source:close()
  target.abandon()
  return nil, err or failure(built, why, kind)
end

return download
