---Where a client talks to: which URLs are taken, of servers and of proxies. None is repeated in a message, for it may
---hold a secret.

require("gemini.interpreted")()

local place = {}

local function isByte(digits) return #digits <= 3 and tonumber(digits) <= 255 end

-- Whether a host is this machine by its very name. Names that a resolver might lead elsewhere are not.
local function isLocal(host)
  host = host:lower()
  if host == "localhost" or host == "[::1]" then return true end
  local second, third, fourth = host:match("^127%.(%d+)%.(%d+)%.(%d+)$")
  return second ~= nil and isByte(second) and isByte(third) and isByte(fourth)
end

local function hostOf(authority)
  return (authority:gsub("^.*@", ""):gsub(":%d*$", ""))
end

local function split(url)
  local scheme, authority, rest = url:match("^(%a[%w+.-]*)://([^/?#]*)(.*)$")
  return scheme and scheme:lower(), authority, rest
end

local WEB = { http = true, https = true }

---@param name string  of the option or the variable
---@param url string  the client's
---@param allowHttp? boolean
---@return string? problem
function place.problem(name, url, allowHttp)
  if url:find("@", 1, true) then return name .. " must not hold a user name" end
  local scheme, authority = split(url)
  if not WEB[scheme] or authority == "" then return name .. " must be an http or https URL" end
  if url:find("[%c%s?#\\]") then return name .. " must not hold a query, a fragment, backslashes or spaces" end
  if scheme == "http" and not allowHttp and not isLocal(hostOf(authority)) then
    return name .. " is http, which shows the key to all on the way: give an https URL, or allowHttp = true"
  end
end

local PROXIES = { http = true, https = true, socks4 = true, socks4a = true, socks5 = true, socks5h = true }

local function isPort(text)
  local number = text == "" and 1 or tonumber(text:match("^:(%d+)$"))
  return number ~= nil and number >= 1 and number <= 65535
end

-- The host of a proxy's URL, whose scheme may be left out; nil where it is none.
local function proxyHost(url)
  local scheme, authority, rest = split(url)
  if not scheme then scheme, authority, rest = split("http://" .. url) end
  if not PROXIES[scheme] or rest ~= "" and rest ~= "/" or authority:find("[%c%s\\]") then return nil end
  local where = authority:gsub("^.*@", "")
  local host, port = where:match("^(%[[%x:.]+%])(.*)$")
  if not host then host, port = where:match("^([^:%[%]]+)(.*)$") end
  return host and isPort(port) and host or nil
end

---@param proxy string  "" for none
---@param baseUrl string  the client's URL
---@param allowHttp? boolean
---@return string? problem
function place.proxyProblem(proxy, baseUrl, allowHttp)
  if proxy == "" then return nil end
  local host = proxyHost(proxy)
  if not host then return 'proxy must be a URL such as "http://host:8080"' end
  if split(baseUrl) == "http" and not allowHttp and not isLocal(host) then
    return "proxy would see the key, for the server's URL is http: give an https URL, or allowHttp = true"
  end
end

---The proxy to a server. What the environment names is for other machines, and is not shown what is for this one.
---@param proxy? string  the option
---@param baseUrl string
---@return string? proxy  "" for none, nil for the environment's
function place.proxy(proxy, baseUrl)
  local _, authority = split(baseUrl)
  return proxy or isLocal(hostOf(authority)) and "" or nil
end

return place
