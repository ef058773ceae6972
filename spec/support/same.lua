---A script that runs the same under every host. Says what it sees by the function that it is given.

local say = ...
local gemini = require "gemini"
local client = gemini.new()
local MODEL = "gemini-2.5-flash"

say(client.models:generateContent({ model = MODEL, contents = "Why is the sky blue?" }).text)

local stream = client.models:streamGenerateContent { model = MODEL, contents = "What is rain?" }
while true do
  local chunk, err = stream:next()
  if not chunk then
    say("end", err)
    break
  end
  say("chunk", chunk.text)
end

local _, err = client.models:get { name = "no-such-model" }
say(err.kind, err.code, err.status)

local file = assert(client.files:upload { data = ("x"):rep(600000), mimeType = "text/plain", protocol = "resumable" })
say(file.sizeBytes, client.files:waitActive({ name = file.name, interval = 0.05 }).state)
say(client.files:delete { name = file.name } ~= nil)

local results, errors = gemini.map({ "one", "two words", false, "and three words" }, function(text)
  if not text then return client.models:countTokens { model = "none", contents = "x" } end
  local reply, problem = client.models:countTokens { model = MODEL, contents = text }
  return reply and reply.totalTokens, problem
end)
for i = 1, results.n do say(i, results[i], errors[i] and errors[i].code) end

local task = gemini.spawn(function() gemini.sleep(60) end)
task:cancel "enough"
say(tostring(select(2, task:await())))
say(tostring(select(2, gemini.timeout(0.01, gemini.sleep, 60))))
say(gemini.race { function() gemini.sleep(60) end, function() return "first" end })
