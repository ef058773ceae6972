---How every client names itself: headers of its requests. libcurl is loaded by that.

local transport = require "gemini.transport"
local version = require "gemini.version"

local lua = type(jit) == "table" and jit.version:gsub(" ", "-") or _VERSION:match("%S+$") -- luacheck: globals jit
local text = ("lua-gemini/%s gl-lua/%s libcurl/%s"):format(version, lua, transport.curlVersion)

---@type table<string, string>  not to be changed
return { ["User-Agent"] = text, ["x-goog-api-client"] = text }
