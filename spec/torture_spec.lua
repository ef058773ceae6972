---Memory that runs out anywhere: each allocation of an act fails in turn, and what becomes of that is the memory error
---alone. #checkout #torture

local run = require "spec.support.run"
local torments = require "spec.support.torments"

local PROGRAM = 'arg = { [0] = "torture.lua", %q, %q } dofile "spec/support/torture.lua"'

local function environment()
  for candidate in package.cpath:gsub("%?", "torture"):gmatch "[^;]+" do
    local file = io.open(candidate)
    if file then
      file:close()
      return { LD_PRELOAD = candidate }
    end
  end
  error "torture.so is not built"
end

-- Lets allocations of an act fail, "one" at a time or "all" from one on: how many did.
local function torture(name, which)
  local output, status = run.lua(PROGRAM:format(name, which), "timeout -k 1 120", environment())
  assert.equal(0, status, output)
  return tonumber(output:match "^(%d+) allocations, 0 problems\n$")
end

-- PUC Lua 5.1 can't yield through a pcall: what a task has begun goes on where its wait fails. And LuaJIT's own
-- allocations do not fail, see torture.c.
local JIT = rawget(_G, "jit") ~= nil
local PUC51 = _VERSION == "Lua 5.1" and not JIT

local function canBe(row)
  return not (row.catches and PUC51) and not (row.luaAlone and JIT)
end

-- A request takes more allocations of the core's and of libcurl's; what has fewer was not tortured.
local LEAST = 40

describe("where memory runs out in the midst of #checkout #torture", function()
  for name, row in pairs(torments) do
    if canBe(row) then
      it(name .. ", it is said and nothing is left behind", function()
        assert.is_true(torture(name, "one") > LEAST, "nothing has failed")
      end)

    end

    -- Tasks take memory of Lua's to end: where there is none any more, some are left to be ended later.
    if canBe(row) and not (row.tasks and not JIT) then
      it(name .. ", for good, it is said and nothing is left behind", function()
        assert.is_true(torture(name, "all") > LEAST, "nothing has failed")
      end)
    end
  end
end)
