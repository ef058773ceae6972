---What specs of the emulator expect of a client's calls.

local assert = require "luassert"
local check = require "gemini.emulator.check"

local expect = {}

---A good reply, which must be what the facts say of its message.
function expect.good(message, reply, err)
  if not reply then error(tostring(err), 2) end
  local _, problem = check.reply(message, reply)
  if problem then error(problem.error.message, 2) end
  return reply
end

---An error of the server's; gives its message.
function expect.refused(code, status, reply, err)
  assert.is_nil(reply)
  assert.same({ "api", code, status }, { err.kind, err.code, err.status })
  return err.message
end

function expect.invalid(...) return expect.refused(400, "INVALID_ARGUMENT", ...) end

function expect.missing(...) return expect.refused(404, "NOT_FOUND", ...) end

return expect
