---Deliveries to webhooks: whether they are the API's, by the signature that they carry (Standard Webhooks).

require("gemini.interpreted")()

local codec = require "gemini.codec"
local errors = require "gemini.errors"
local hmac = require "gemini.hmac"
local integer = require("gemini.headers").integer
local known = require "gemini.options"

local LABEL = { method = "gemini.webhook.verify", attempts = 0 }
local TOLERANCE = 300 -- seconds
local ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
local NAMES = { ID, TIMESTAMP, SIGNATURE }

---@class gemini.webhook
local webhook = {}

local function keyOf(secret)
  if type(secret) ~= "string" then return nil, "must be a string or a list of strings, got " .. type(secret) end
  local key, problem = codec.base64Decode((secret:gsub("^whsec_", "")))
  if problem then return nil, "is " .. problem end
  -- With an empty key anybody could sign.
  if key == "" then return nil, "is empty" end
  return key
end

-- The keys of one secret, or of a list of them; nil and a message.
local function keysOf(secret)
  if type(secret) ~= "table" then
    local key, problem = keyOf(secret)
    return key and { key }, problem
  end
  local keys = {}
  for i, each in ipairs(secret) do
    local key, problem = keyOf(each)
    if not key then return nil, problem end
    keys[i] = key
  end
  if not keys[1] then return nil, "is an empty list" end
  return keys
end

-- What is given for a header: of one name there may be several, and several texts for each.
local function valuesOf(headers, name)
  local values = {}
  for each, value in next, headers do
    if type(each) == "string" and each:lower() == name then
      for _, text in ipairs(type(value) == "table" and value or { value }) do values[#values + 1] = text end
    end
  end
  return values
end

local function misuse(headers, body, options)
  if type(headers) ~= "table" then return "headers must be a table, got " .. type(headers) end
  for _, name in ipairs(NAMES) do
    for _, value in ipairs(valuesOf(headers, name)) do
      if type(value) ~= "string" then return ("headers: %s must be a string, got %s"):format(name, type(value)) end
    end
  end
  if type(body) ~= "string" then return "body must be a string, got " .. type(body) end
  return known.check(options, known.webhook)
end

-- The three headers by name; nil and a message.
local function read(headers)
  local found = {}
  for _, name in ipairs(NAMES) do
    found[name] = table.concat(valuesOf(headers, name), " ")
    if found[name] == "" then return nil, "there is no header " .. name end
  end
  return found
end

-- Else who has seen a delivery could send it again.
local function untimely(found, now, tolerance)
  local sent = integer(found[TIMESTAMP])
  if not sent then return TIMESTAMP .. " is no time in Unix seconds" end
  local off = math.abs(now - sent)
  if off <= tolerance then return nil end
  return ("%s is %.0f s off: it was sent again, or a clock is wrong"):format(TIMESTAMP, off)
end

local function isSigned(signatures, keys, text)
  local signed = false
  for _, key in ipairs(keys) do
    local expected = hmac.sha256(key, text)
    for _, signature in ipairs(signatures) do signed = hmac.equal(signature, expected) or signed end
  end
  return signed
end

local function unsigned(found, keys, body)
  local signatures, text = {}, found[SIGNATURE]
  if text:find("^[%w_-]+%.[%w_-]+%.[%w_-]+$") then
    return SIGNATURE .. " is a JWT (RS256), as dynamic webhooks have it: this verifies static ones, which have a secret"
  end
  for each in (" " .. text):gmatch " v1,(%S+)" do signatures[#signatures + 1] = codec.base64Decode(each) end
  if isSigned(signatures, keys, ("%s.%s."):format(found[ID], found[TIMESTAMP]) .. body) then return nil end
  return SIGNATURE .. " does not fit the body and the secret"
end

-- Why a delivery is not to be believed; nil where it is.
local function doubt(headers, body, keys, options)
  local found, problem = read(headers)
  if not found then return problem end
  return untimely(found, options.now or os.time(), options.tolerance or TOLERANCE) or unsigned(found, keys, body)
end

---Whether a delivery to a static webhook is the API's, and what it tells. Raises for arguments of other types, and for
---a secret that is no base64.
---@param headers table<string, string|string[]>  the request's, names in any case
---@param body string  the request's, byte by byte as it came
---@param secret string|string[]  as webhooks:create or webhooks:rotateSigningSecret gave it, or all that are valid
---@param options? gemini.WebhookOptions
---@return table? event  the body, decoded
---@return gemini.Error? err  of kind "protocol": not signed with the secret, sent at another time, or no JSON object
function webhook.verify(headers, body, secret, options)
  local keys, wrong = keysOf(secret)
  local misused = misuse(headers, body, options) or wrong and "secret " .. wrong
  if misused then error("gemini.webhook.verify: " .. misused, 2) end
  local problem = doubt(headers, body, keys, options or {})
  if problem then return nil, errors.new("protocol", problem, LABEL) end
  local event, ill = codec.decode(body)
  if type(event) == "table" and getmetatable(event) ~= codec.arrayMt then return event end
  return nil, errors.new("protocol", "the body is no JSON" .. (ill and ": " .. ill or " object"), LABEL)
end

return webhook
