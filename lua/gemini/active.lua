---Files that the server still looks through before they can be used.

local api = require "gemini.api"
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
  local url = ("%s/%s/%s"):format(client.baseUrl, client.version, name)
  return { method = METHOD, url = url, attempts = 1, secret = rawget(client, "secret") }
end

local ENDED = { ACTIVE = true, FAILED = true }

-- What the server says of a file that it could not use.
local function failure(client, file)
  local about = label(client, file.name)
  if type(file.error) == "table" and next(file.error) ~= nil then return errors.status(file.error, about) end
  return errors.new("api", file.name .. " could not be processed", about, { status = "FAILED" })
end

-- The options of one look, which may be cut short.
local function shortened(call, cut)
  local out = tables.copy(call or {})
  for name, value in pairs(cut or {}) do out[name] = value end
  return out
end

---Looks at a file until it can be used.
---@param client gemini.State
---@param file gemini.File
---@param given gemini.WaitOptions
---@param call? gemini.CallOptions  of each look
---@return gemini.File?
---@return gemini.Error?
function active.wait(client, file, given, call)
  if type(file.name) ~= "string" then
    return nil, errors.new("protocol", "the file has no name to ask for", label(client, ""))
  end
  local done, err = poll.run(client, given, {
    value = function() return file end,
    done = function() return ENDED[file.state] end,
    look = function(cut)
      local fresh, problem = look(client, file.name, shortened(call, cut))
      file = fresh or file
      return fresh, problem
    end,
  })
  if done and file.state == "ACTIVE" then return file end
  if done then return nil, failure(client, file) end
  local late = "%s is not active after %g seconds"
  return nil, err or errors.new("timeout", late:format(file.name, given.timeout), label(client, file.name))
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
  local problem = options.check(given, options.wait)
  if problem then return nil, problem end
  local file, err = look(client, args.name, call)
  if not file then return nil, err end
  return active.wait(client, file, given, call)
end

return active
