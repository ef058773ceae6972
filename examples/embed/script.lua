-- What the host runs: asks, and shows the answer as it comes. The key and the place are the environment's.
local gemini = require "gemini"

local client = gemini.new {}
local prompt = ... or "Why is the sky blue?"

for chunk in client.models:streamGenerateContent { model = "gemini-2.5-flash", contents = prompt } do
  io.write(chunk.text)
  io.flush()
end
print()
