---Which server a URL names: what a server sends us to has to be itself, for the key goes along.

local origin = {}

local PORTS = { http = "80", https = "443" }

-- Scheme, host and port of a URL, in one form. What one program takes for a host and another for a user's name is none.
local function of(url)
  local scheme, authority = url:match("^(%a[%w+.-]*)://([^/?#]*)")
  if not scheme or authority:find("[\\@]") then return nil end
  scheme, authority = scheme:lower(), authority:lower()
  local port = authority:match(":(%d+)$") or PORTS[scheme] or ""
  return ("%s://%s:%s"):format(scheme, authority:gsub(":%d*$", ""), port)
end

---@param base string  the client's URL
---@param location string  an absolute URL, or a path on the same server
---@return string? url  nil when it leads to another server, or nowhere
function origin.resolve(base, location)
  if location:find("[%c%s]") then return nil end
  if location:find("^/[^/\\]") then return base:match("^%a[%w+.-]*://[^/?#]*") .. location end
  local there = of(location)
  return there and there == of(base) and location or nil
end

return origin
