---Certificates for specs, made by openssl: for any names and times, self-signed or issued by an authority.

local certificate = {}

local CONFIG = [[
[ ca ]
default_ca = authority
[ authority ]
database = %(dir)/index
serial = %(dir)/serial
new_certs_dir = %(dir)
default_md = sha256
policy = names
unique_subject = no
[ names ]
commonName = supplied
[ extensions ]
subjectAltName = %(names)
]]

-- Each a line; what fails leaves no certificate, which is looked for.
local COMMANDS = [[
cd %(dir) && : >index && echo 01 >serial
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=authority \
  -keyout authority.key -out authority.pem
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost -keyout key.pem -out request
openssl ca -batch -notext -config certificate.conf -extensions extensions %(signer) \
  -startdate %(from) -enddate %(to) -in request -out cert.pem
]]

local SELF, AUTHORITY = "-selfsign -keyfile key.pem", "-cert authority.pem -keyfile authority.key"

local function day(offset) return os.date("!%Y%m%d000000Z", os.time() + offset * 86400) end

local function write(path, text)
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
end

---Makes cert.pem and key.pem in a folder, and authority.pem, which is the issuer where that is asked for.
---@param dir string
---@param options { names: string?, from: integer?, to: integer?, issued: boolean? }  names as openssl writes them, days
---  from today on
function certificate.make(dir, options)
  local values = {
    dir = dir,
    names = options.names or "IP:127.0.0.1",
    from = day(options.from or -1),
    to = day(options.to or 2),
    signer = options.issued and AUTHORITY or SELF,
  }
  local function fill(text) return (text:gsub("%%%((%w+)%)", values)) end
  write(dir .. "/certificate.conf", fill(CONFIG))
  write(dir .. "/make", fill(COMMANDS))
  os.execute(("sh %s/make >%s/make.log 2>&1"):format(dir, dir))
  assert(io.open(dir .. "/cert.pem"), "openssl has made no certificate: see make.log"):close()
end

return certificate
