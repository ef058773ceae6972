---Where something is on this server, as the client that asks reaches it.
---@param context table
---@param path string without a slash in front
---@return string url
return function(context, path) return ("http://%s/%s"):format(context.headers.host or "localhost", path) end
