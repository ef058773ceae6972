---Carries out one call: sends a request, waits for the answer, returns the reply or the error.

local errors = require "gemini.errors"
local headers = require "gemini.headers"
local loop = require "gemini.loop"
local reply = require "gemini.reply"
local wire = require "gemini.wire"

local rest = {}

local secret = { ["x-goog-api-key"] = true, authorization = true }

local function redacted(given)
  local shown = {}
  for name, value in pairs(given) do shown[name] = secret[name] and "(redacted)" or value end
  return shown
end

---Starts a request.
---@param client gemini.State
---@param request gemini.Request
---@return userdata transfer
function rest.submit(client, request)
  if client.onRequest then
    client.onRequest {
      method = request.label.method,
      verb = request.method,
      url = request.url,
      headers = redacted(request.headers),
      body = request.body,
    }
  end
  local sent = {}
  for name, value in pairs(request) do sent[name] = value end
  sent.headers = headers.lines(request.headers)
  return loop.submit(sent)
end

---Tells the client's observer about an answer whose headers are here.
---@param client gemini.State
---@param request gemini.Request
---@param transfer userdata
function rest.observe(client, request, transfer)
  local status = transfer:status()
  if not client.onResponse or not status then return end
  client.onResponse {
    method = request.label.method,
    url = request.url,
    status = status,
    headers = transfer:headers(),
  }
end

-- The answer's value, or nil and the error.
local function answer(client, row, request, transfer)
  local err = wire.failure(client.wire, transfer, request.label)
  if err then return nil, err end
  local status = transfer:status()
  if status == 204 then return {} end
  local value, problem, text = client.wire.body(transfer)
  if type(value) ~= "table" then
    problem = problem and "the answer is no JSON: " .. problem or "the answer is no JSON object"
    return nil, errors.protocol(problem, text or transfer:bodyText(), request.label, { code = status })
  end
  return row.reply == "GenerateContentResponse" and reply.wrap(value) or value
end

---@param client gemini.State
---@param row gemini.Row
---@param request gemini.Request
---@return table? reply
---@return gemini.Error?
function rest.call(client, row, request)
  local transfer = rest.submit(client, request)
  loop.await(transfer)
  rest.observe(client, request, transfer)
  local value, err = answer(client, row, request, transfer)
  transfer:close()
  return value, err
end

return rest
