---Files that the server still looks through before they can be used.

local api = require "gemini.api"
local deadline = require "gemini.deadline"
local errors = require "gemini.errors"
local options = require "gemini.options"
local poll = require "gemini.poll"
local request = require "gemini.request"
local rest = require "gemini.rest"
local tables = require "gemini.tables"

local active = {}

local METHOD, ROW = "files.get", api.files.get

-- The file as it is now; or nil and the error, or what is wrong with the arguments.
local function look(client, name, call)
  local built, problem = request.build(client, METHOD, ROW, { name = name }, call)
  if not built then return nil, problem end
  return rest.call(client, ROW, built)
end

local function label(client, name)
  return errors.label(client, METHOD, name)
end

local ENDED = { ACTIVE = true, FAILED = true }

-- What the server says of a file that it could not use.
local function failure(client, file)
  local about = label(client, file.name)
  if type(file.error) == "table" and next(file.error) ~= nil then return errors.status(file.error, about) end
  return errors.new("api", file.name .. " could not be processed", about, { status = "FAILED" })
end

local function late(client, name, seconds)
  return errors.new("timeout", ("%s is not active after %g seconds"):format(name, seconds), label(client, name))
end

-- Looks again; a name of the server's that is none is its fault.
local function lookAgain(client, name, call)
  local file, err = look(client, name, call)
  if type(err) == "string" then err = errors.protocol(err, "", label(client, tostring(name))) end
  return file, err
end

---Looks at a file until it can be used.
---@param client gemini.State
---@param file gemini.File
---@param given gemini.WaitOptions
---@param call? gemini.CallOptions  of each look
---@return gemini.File?
---@return gemini.Error?
function active.wait(client, file, given, call)
  local name = file.name
  local done, err = poll.run(client, given, {
    value = function() return file end,
    done = function() return ENDED[file.state] end,
    look = function(lookOptions)
      local fresh, problem = lookAgain(client, name, lookOptions)
      file = fresh or file
      return fresh, problem
    end,
  }, call)
  if not done then return nil, err or late(client, tostring(name), given.timeout) end
  if file.state == "ACTIVE" then return file end
  return nil, failure(client, file)
end

---`client.files:waitActive`.
---@param client gemini.State
---@param args table  the file's `name`, and what gemini.WaitOptions has
---@param call? gemini.CallOptions
---@return gemini.File?
---@return gemini.Error|string? err  a string is what is wrong with the arguments
function active.call(client, args, call)
  local given = tables.copy(args)
  given.name = nil
  local problem = options.check(given, options.wait) or options.check(call, options.call)
  if problem then return nil, problem end
  local ends = deadline.after(given.timeout)
  local file, err = look(client, args.name, poll.options(client, call, ends))
  if not file and type(err) == "table" and err.kind == "timeout" and deadline.isOver(ends) then
    return nil, late(client, args.name, given.timeout)
  end
  if not file then return nil, err end
  local whole, name = given.timeout, tostring(file.name)
  given.timeout = deadline.limit(ends)
  file, err = active.wait(client, file, given, call)
  if err and err.kind == "timeout" and deadline.isOver(ends) then err = late(client, name, whole) end
  return file, err
end

return active
