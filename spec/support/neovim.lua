---Runs Neovim with the plugin of examples/neovim, and a script that types in it: see neovim_init.lua.

local cjson = require "cjson"
local read = require "spec.support.read"
local temporary = require "spec.support.temporary"

local neovim = { KEY = "k-secret-neovim" }

local function quote(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

-- Neovim is LuaJIT, whatever runs the spec, and can't load what is built with a sanitizer: it gets the plain build for
-- 5.1, and none of what is preloaded for the others. Its paths replace those of the interpreter that runs the spec.
local MODULES = { LUA_PATH = "lua/?.lua;lua/?/init.lua;;", LUA_CPATH = "build/5.1/?.so;;" }
local LEFT_OUT = "-u LD_PRELOAD -u LUA_INIT -u GOOGLE_API_KEY -u GEMINI_API_KEY"

-- Ended by force where it hangs. --clean leaves out what the person who runs the spec has set up for Neovim.
local COMMAND = "env %s %s timeout -k 1 30 nvim --clean --headless -n -i NONE -u spec/support/neovim_init.lua "
  .. "</dev/null 2>%s; echo $?"

local function environment(given)
  local all = { GEMINI_API_KEY = neovim.KEY, NVIM_LOG_FILE = "/dev/null" }
  for name, value in pairs(MODULES) do all[name] = value end
  for name, value in pairs(given) do all[name] = value end
  local words = {}
  for name, value in pairs(all) do words[#words + 1] = value and quote(name .. "=" .. value) or nil end
  return table.concat(words, " ")
end

local Process = {}
Process.__index = Process

---Begins it, beside the spec.
---@param url string  of the API
---@param script string  Lua code that gets the driver; what it returns goes to the spec
---@param given? table<string, string|false>  further variables of the environment; false for those that are not set
---@return table process
function neovim.begin(url, script, given)
  local self = setmetatable({ result = temporary.file "", errors = temporary.file "" }, Process)
  local all = {
    GOOGLE_GEMINI_BASE_URL = url, NEOVIM_RESULT = self.result,
    NEOVIM_SCRIPT = temporary.file("local driver = ...\n" .. script),
  }
  for name, value in pairs(given or {}) do all[name] = value end
  self.pipe = io.popen(COMMAND:format(LEFT_OUT, environment(all), self.errors))
  return self
end

-- What was written to stderr; of a headless Neovim messages are among it.
local function complaint(self) return read(self.errors) end

---Waits until it has ended. Fails where the script did, and where the key is to be seen anywhere.
---@return any value  of the script
---@return integer status
function Process:finish()
  local status = tonumber(self.pipe:read("*a"):match "(%d+)\n$")
  self.pipe:close()
  local text = read(self.result)
  assert(not (text .. complaint(self)):find(neovim.KEY, 1, true), "the key is shown")
  assert(text ~= "", complaint(self))
  local result = cjson.decode(text)
  assert(not result.problem, result.problem)
  return result.value, status
end

---Runs it to its end.
function neovim.run(...)
  local value, status = neovim.begin(...):finish()
  assert(status == 0, "Neovim's status is " .. status)
  return value
end

return neovim
