---Where something is on this server, as the client that asks reaches it: directly, or by a proxy with TLS.
---@param context table
---@param path string without a slash in front
---@return string url
return function(context, path)
  local scheme = context.headers["x-forwarded-proto"] == "https" and "https" or "http"
  return ("%s://%s/%s"):format(scheme, context.headers.host or "localhost", path)
end
