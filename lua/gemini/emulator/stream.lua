-- The two forms of a streamed answer, byte for byte as Google frames them.
local errors = require "gemini.emulator.errors"
local json = require "gemini.emulator.json"

local stream = {}

local FORMS = {
  sse = { type = "text/event-stream", first = "data: ", later = "data: ", after = "\r\n\r\n" },
  array = {
    type = "application/json; charset=UTF-8", first = "[", later = ",\r\n", after = "\n", close = "]", empty = "[]",
  },
}

local function encode(item) return json.encode(errors.is(item) and { error = item.error } or item) end

-- The bytes and the pauses of the answer, in their order.
local function frames(form, items, delay)
  local out, count = {}, 0
  for _, item in ipairs(items) do
    if type(item) == "number" then
      out[#out + 1] = item
    else
      if count > 0 and delay > 0 then out[#out + 1] = delay end
      out[#out + 1] = (count == 0 and form.first or form.later) .. encode(item) .. form.after
      count = count + 1
    end
  end
  out[#out + 1] = count == 0 and form.empty or form.close
  return out
end

---Makes the response of a stream call. Everything is encoded here, so that no error is left for the middle.
---@param items table[] responses, error objects, and seconds to wait
---@param delay number seconds between two chunks
---@param isSse boolean server-sent events, or one JSON array
---@return table response
function stream.response(items, delay, isSse)
  local form = isSse and FORMS.sse or FORMS.array
  local list, at = frames(form, items, delay), 0
  local function nextFrame()
    at = at + 1
    return list[at]
  end
  return { status = 200, headers = { ["Content-Type"] = form.type }, stream = nextFrame }
end

return stream
