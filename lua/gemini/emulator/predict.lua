-- The methods predict and predictLongRunning: pictures and videos, which are the same tiny ones for every prompt.
local errors = require "gemini.emulator.errors"
local files = require "gemini.emulator.files"
local generatedfiles = require "gemini.emulator.generatedfiles"
local json = require "gemini.emulator.json"
local models = require "gemini.emulator.models"
local operations = require "gemini.emulator.operations"
local typeUrl = require "gemini.emulator.typeurl"

local MOST = 4
-- One blue pixel.
local PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mNwav0CAALIAbyoSlpoAAAAAElFTkSuQmCC"
-- The box that names the file's type, and one with no pictures in it.
local MP4 = "\0\0\0\24ftypisom\0\0\2\0isommp42" .. "\0\0\0\8mdat"
local VIDEO = "video/mp4"

local function refuse(text, ...) errors.raise("INVALID_ARGUMENT", text:format(...)) end

local function checkInstances(body)
  for i, instance in ipairs(body.instances) do
    local prompt = json.isObject(instance) and instance.prompt
    if type(prompt) ~= "string" or prompt == "" then refuse("instances[%d] must have a prompt.", i - 1) end
  end
end

local function samples(body, default)
  local parameters = body.parameters
  if parameters and not json.isObject(parameters) then refuse "parameters must be an object." end
  local count = parameters and parameters.sampleCount or default
  if type(count) == "number" and count % 1 == 0 and count >= 1 and count <= MOST then return count end
  return refuse("parameters.sampleCount must be a whole number from 1 to %d.", MOST)
end

local function predict(context)
  models.find(context, "predict")
  checkInstances(context.body)
  local count, predictions = samples(context.body, MOST), {}
  for i = 1, count * #context.body.instances do
    predictions[i] = { mimeType = "image/png", bytesBase64Encoded = PNG }
  end
  return { json = { predictions = predictions } }
end

-- Returns the ID of a video that will be there when the work is done.
local function video(context)
  local id, readyAt = context.store:id(), context.store:now() + context.settings.work
  generatedfiles.add(context, "generatedFiles/" .. id, VIDEO, readyAt)
  local media = { blob = context.store.blobs:of(MP4), mimeType = VIDEO, source = "GENERATED", appearsAt = readyAt }
  files.add(context, { name = "files/" .. id }, media)
  return id
end

local function predictLongRunning(context)
  models.find(context, "predictLongRunning")
  checkInstances(context.body)
  local count, ids, generated = samples(context.body, 1), {}, {}
  for i = 1, count * #context.body.instances do
    ids[i] = video(context)
    generated[i] = { video = { uri = ("%s/files/%s:download?alt=media"):format(context.params.version, ids[i]) } }
  end
  local id = context.store:id()
  local function start(home)
    return operations.start(context, ("%s/operations/%s"):format(home, id), {
      response = {
        ["@type"] = typeUrl "PredictLongRunningResponse", generateVideoResponse = { generatedSamples = generated },
      },
    })
  end
  -- Each file tells of the operation as well.
  for _, file in ipairs(ids) do start("generatedFiles/" .. file) end
  return { json = start(context.params.model) }
end

return { methods = { ["models.predict"] = predict, ["models.predictLongRunning"] = predictLongRunning } }
