---nginx with TLS and HTTP/2 before another server, for specs.

local certificate = require "spec.support.certificate"
local read = require "spec.support.read"
local socket = require "socket"

local nginx = {}

local CONFIG = [[
daemon off;
master_process off;
pid %(dir)/pid;
error_log %(dir)/error.log;
events { worker_connections 512; }
http {
  log_format seen '$connection $server_protocol $request_uri';
  access_log %(dir)/access.log seen;
  client_body_temp_path %(dir)/body;
  proxy_temp_path %(dir)/proxy;
  fastcgi_temp_path %(dir)/fastcgi;
  uwsgi_temp_path %(dir)/uwsgi;
  scgi_temp_path %(dir)/scgi;
  gzip on;
  gzip_types application/json;
  gzip_min_length 1;
  gzip_proxied any;
  server {
    listen 127.0.0.1:%(port) ssl http2;
    ssl_certificate %(dir)/cert.pem;
    ssl_certificate_key %(dir)/key.pem;
    ssl_protocols %(protocols);
    ssl_ciphers ALL:@SECLEVEL=0;
    location / {
      proxy_pass %(upstream);
      proxy_http_version 1.1;
      proxy_buffering off;
      proxy_request_buffering off;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-Proto $scheme;
      client_max_body_size 0;
    }
  }
}
]]

local function write(path, text)
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
end

local function freePort()
  local listener = assert(socket.bind("127.0.0.1", 0))
  local _, port = listener:getsockname()
  listener:close()
  return tonumber(port)
end

local function awaitPort(port)
  for _ = 1, 100 do
    local client = socket.connect("127.0.0.1", port)
    if client then return client:close() end
    socket.sleep(0.02)
  end
  error("nginx does not listen")
end

---Starts nginx before a server.
---@param upstream string  its URL
---@param options? table  of certificate.make, and `protocols`, "TLSv1.1"
---@return table server  `url`, `port`, `caFile`, `authority` (a file too, of the issuer where there is one), `seen()` (a
---  list of { connection, protocol, uri }), `stop()`
function nginx.start(upstream, options)
  options = options or {}
  local dir = os.tmpname()
  os.remove(dir)
  os.execute("mkdir -m 700 " .. dir)
  certificate.make(dir, options)
  local values = {
    dir = dir, port = tostring(freePort()), upstream = upstream, protocols = options.protocols or "TLSv1.2 TLSv1.3",
  }
  write(dir .. "/nginx.conf", (CONFIG:gsub("%%%((%w+)%)", values)))
  local command = "PATH=$PATH:/usr/sbin; nginx -c %s/nginx.conf -e %s/error.log >/dev/null 2>&1 & echo $!"
  local pipe = io.popen(command:format(dir, dir))
  local pid = pipe:read("*l")
  pipe:close()
  awaitPort(tonumber(values.port))
  local server = {
    url = "https://127.0.0.1:" .. values.port,
    port = tonumber(values.port),
    caFile = dir .. "/cert.pem",
    authority = dir .. "/authority.pem",
  }
  function server.seen()
    socket.sleep(0.1)
    local list = {}
    for line in read(dir .. "/access.log"):gmatch("[^\n]+") do
      list[#list + 1] = { line:match("^(%S+) (%S+) (%S+)") }
    end
    return list
  end
  function server.stop()
    os.execute("kill " .. pid .. "; rm -rf " .. dir)
  end
  return server
end

return nginx
