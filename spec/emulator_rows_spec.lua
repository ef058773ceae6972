---The emulator answers every method of the API: a path that it does not know gets a page, as Google's does.

local emu = require "spec.support.emulator"

-- A path that a row's template takes, whatever is there.
local function pathOf(row)
  return (row.path:gsub("|[^}]*", ""):gsub("{([^}]*)}", function(variable)
    return ((variable:match "=(.*)$" or "x"):gsub("%*", "none"))
  end))
end

local function placesOf(row)
  local places = {}
  if row.upload ~= "required" then places[1] = "/v1beta/" end
  if row.upload then places[#places + 1] = "/upload/v1beta/" end
  return places
end

describe("the emulator", function()
  local server

  setup(function() server = emu.start { delay = 0 } end)
  teardown(function() server.stop() end)

  for resource, rows in pairs(require "gemini.api") do
    it("knows every method of " .. resource, function()
      for method, row in pairs(rows) do
        for _, place in ipairs(placesOf(row)) do
          local body = row.verb ~= "GET" and row.verb ~= "DELETE" and "{}" or nil
          local response = emu.call(server.url, row.verb, place .. pathOf(row), body)
          assert.not_equal("text/html; charset=UTF-8", response.headers["content-type"], resource .. "." .. method)
          assert.not_equal(500, response.status, resource .. "." .. method .. ": " .. response.body)
          assert.not_equal(501, response.status, resource .. "." .. method)
        end
      end
    end)
  end
end)
