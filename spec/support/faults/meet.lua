---Lets a call meet a fault, and holds what comes of it against what should.

local assert = require "luassert"
local gemini = require "gemini"
local loop = require "gemini.loop"
local loopback = require "loopback"
local temporary = require "spec.support.temporary"
local transport = require "gemini.transport"

local meet = {}

-- Seconds that a call has, and that it may take beyond them.
local TIMEOUT, MARGIN = 2, 0.25

local servers = {}

---@param scripts table  see loopback.c
---@return userdata server  for the length of the spec
function meet.serve(scripts)
  servers[#servers + 1] = loopback.start(scripts)
  return servers[#servers]
end

---@param url string
---@param options? table  of gemini.new
---@return gemini.Client  which tries nothing twice, so that each fault is seen as it is
function meet.client(url, options)
  local given = { apiKey = "k-secret-1", baseUrl = url, timeout = TIMEOUT, retry = false }
  for name, value in pairs(options or {}) do given[name] = value end
  return gemini.new(given)
end

---The scripts of a server that answers a call so.
---@param call table  a row of calls.lua
---@param ops table  what follows the request
---@param want string
---@return table scripts
function meet.scripts(call, ops, want)
  local fault, scripts = { { "recv" } }, {}
  for _, op in ipairs(ops) do fault[#fault + 1] = op end
  scripts[1] = call.before
  scripts[#scripts + 1] = fault
  if want == "ok" then scripts[#scripts + 1] = call.behind end
  return scripts
end

local function isPrintable(text)
  local rest = text:gsub("[\194-\223][\128-\191]", ""):gsub("[\224-\239][\128-\191][\128-\191]", "")
    :gsub("[\240-\244][\128-\191][\128-\191][\128-\191]", "")
  return not rest:find "[%c\128-\255]"
end

local function checkError(err, want, what)
  local kind, code, part = want:match "^(%a+) ?(%d*):? ?(.*)$"
  local shown = tostring(err)
  local where = ("%s: wanted %s, got %s"):format(what, want, shown)
  assert.equal(kind, err.kind, where)
  if code ~= "" then assert.equal(tonumber(code), err.code, where) end
  assert.truthy(shown:find(part, 1, true), where)
  assert.is_true(isPrintable(shown) and #shown < 1200, where)
  assert.is_true(kind == "api" or #err.message < 600, where)
  assert.is_nil(shown:find("k-secret-1", 1, true), where)
end

---Makes a call, which has to end in time, and as it should.
---@param call table  a row of calls.lua
---@param client gemini.Client
---@param want string  "ok", or the error's kind, its code if it has one, and what its message holds: "api 502: Bad"
---@param more? { whole?: string, text?: string, what?: string, options?: table }  the value, if it is another than the
---  call's; the text that a stream brings before the error; for messages; the call's options
function meet.expect(call, client, want, more)
  more = more or {}
  local options, what = more.options or {}, call.name .. " " .. (more.what or "")
  local begun = transport.now()
  local value, err, text = call.run(client, options)
  local took, most = transport.now() - begun, (options.timeout or TIMEOUT) + MARGIN
  assert.is_true(took <= most, ("%s: %g s, where %g are most"):format(what, took, most))
  if want == "ok" then return assert.equal(more.whole or call.whole, value, what .. ": " .. tostring(err)) end
  assert.is_nil(value, ("%s: wanted %s, got %q"):format(what, want, tostring(value)))
  checkError(err, want, what)
  if not text then return end
  assert.equal(more.text or text, text, what)
  assert.equal(text, err.partial and err.partial.text or "", what)
end

---For after_each: ends all servers; nothing may be left that a call began.
function meet.stop()
  for _, server in ipairs(servers) do server:stop() end
  servers = {}
  temporary.clean()
  assert.equal(0, loop.live())
end

return meet
