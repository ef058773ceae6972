-- :checkhealth gemini. Neovim looks for it in this folder, which holds nothing else: the module itself is the rock's.
local backend = require "gemini-nvim.backend"
local options = require "gemini-nvim.options"
local problemOf = require "gemini-nvim.problem"
local rock = require "gemini-nvim.rock"

-- Neovim 0.7 has it elsewhere, and before 0.10 its functions have other names.
local health = vim.health or require "health"

local function report(kind, ...)
  local fn = health[kind] or health["report_" .. kind]
  fn(...)
end

local function checkModule()
  local ok, found = pcall(backend.module)
  if not ok then return report("error", problemOf(found), { "setup's rocks: " .. options.current.rocks }) end
  report("ok", "module: " .. found._VERSION)
  local transport, problem = rock.load "gemini.transport"
  if not transport then return report("error", "the C core can't be loaded: " .. problem) end
  report("ok", "libcurl: " .. transport.curlVersion)
  return true
end

-- Who we are to the API, without a word of it.
local function credentials()
  local given = options.current.client
  if type(given) == "function" then return "by setup's client function" end
  if given.token then return "by setup, a token" end
  if given.apiKey then return "by setup" end
  return (os.getenv "GEMINI_API_KEY" or "") ~= "" and "in GEMINI_API_KEY" or "in GOOGLE_API_KEY"
end

local function checkClient()
  local ok, found = pcall(backend.client)
  if not ok then return report("error", problemOf(found)) end
  report("ok", "key: set " .. credentials())
  report("ok", "base URL: " .. tostring(found):match "%S+$")
end

local function checkLoop()
  local ok, problem = pcall(backend.attach)
  if not ok then return report("error", problemOf(problem)) end
  report("ok", "loop: attached to Neovim's")
end

return {
  check = function()
    report("start", "gemini")
    if not checkModule() then return end
    checkClient()
    checkLoop()
  end,
}
