---What the transport says of a connection that failed, for people: what is wrong, with whom, and then its own words.

require("gemini.interpreted")()

local failures = {}

-- Patterns for what libcurl and its TLS libraries say, and what that means; %s is the server's name.
local TLS = {
  { "certificate has expired", "the certificate of %s has expired" },
  { "expiration date has passed", "the certificate of %s has expired" },
  { "not yet valid", "the certificate of %s is not valid yet" },
  { "not activated yet", "the certificate of %s is not valid yet" },
  { "subject name", "the certificate of %s is for another host" },
  { "certificate in certificate chain", "the certificate of %s has an issuer that is not trusted" },
  { "self[- ]signed certificate", "the certificate of %s is self-signed, and not trusted" },
  { "issuer certificate", "the certificate of %s has an issuer that is not trusted" },
  { "wrong version number", "%s does not speak TLS there" },
  { "packet length too long", "%s does not speak TLS there" },
  { "protocol version", "%s speaks no version of TLS that is safe, 1.2 or later" },
  { "unsupported protocol", "%s speaks no version of TLS that is safe, 1.2 or later" },
  { "^error setting certificate", "the file of trusted certificates can't be read, or holds none" },
  { "", "no secure connection to %s" },
}

local PROXY = {
  { "tunnel failed, response (%d+)", "the proxy does not let us through to %s, HTTP status " },
  { "HTTP code (%d+) from proxy", "the proxy does not let us through to %s, HTTP status " },
}

---What libcurl repeats of a proxy's URL may hold a password.
---@param message string
---@return string message
function failures.withoutPassword(message)
  return (message:gsub("([Pp]roxy [^']*)'.*'", "%1(redacted)"):gsub("//[^/%s]*@", "//(redacted)@"))
end

local function refusal(message, host)
  for _, row in ipairs(PROXY) do
    local status = message:match(row[1])
    if status then return row[2]:format(host) .. status end
  end
end

local function insecurity(message, host)
  for _, row in ipairs(TLS) do
    if message:find(row[1]) then return (row[2]:gsub("%%s", function() return host end)) end
  end
end

---@param kind string
---@param message string  libcurl's, or the core's own
---@param url string  of the request
---@return string message
function failures.tell(kind, message, url)
  local host = message:find("^proxy: ") and "the proxy" or url:match("^%a[%w+.-]*://([^/?#]*)") or url
  local told = kind == "tls" and insecurity(message, host) or refusal(message, host)
  message = failures.withoutPassword(message)
  return told and ("%s: %s"):format(told, message) or message
end

return failures
