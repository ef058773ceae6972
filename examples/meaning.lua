-- Finds what is nearest in meaning to a question, in 200 pieces of this repository's own texts:
--   lua5.4 examples/meaning.lua "How does an upload go on after a fault?"
-- Talks to Google where a key is set, else to the emulator.
local gemini = require "gemini"
local question, most = arg[1] or "How does an upload go on after a fault?", 200
local home, pieces = (arg[0]:match "^(.*)/" or ".") .. "/../", {}

local function add(name)
  for text in (assert(io.open(home .. name)):read "*a" .. "\n\n"):gmatch "(.-)\n\n+" do
    if #text > 120 and #text < 2000 then pieces[#pieces + 1] = { name = name, text = text } end
  end
end
for _, name in ipairs { "README.md", "SECURITY.md", "docs/batches.md", "docs/hosts.md" } do add(name) end
for line in io.lines(home .. "lua-gemini-scm-1.rockspec") do
  if line:find '"lua/gemini/' then add(line:match '"(lua/gemini/.-)"') end
end
for i = 1, most do pieces[i] = pieces[math.ceil(i * #pieces / most)] end

local function embedded(client, texts)
  local args = { model = "gemini-embedding-001", texts = texts, packed = true, outputDimensionality = 256 }
  local vectors, err = client.models:embedMany(args)
  return vectors or error(err, 0)
end

local hasKey = (os.getenv "GEMINI_API_KEY" or "") .. (os.getenv "GOOGLE_API_KEY" or "") ~= ""
local server = not hasKey and assert(require("gemini.emulator").spawn())
if server then print "No key is set: this is the emulator, whose embeddings know words and no meaning.\n" end
local ok, err = pcall(function()
  local client, texts = gemini.new(server and { apiKey = "none", baseUrl = server.url } or nil), {}
  for i = 1, most do texts[i] = pieces[i].text end
  local query, vectors = embedded(client, { question })[1], embedded(client, texts)
  for _, match in ipairs(gemini.vector.topK(query, vectors, 3)) do
    print(("%.3f  %s: %s"):format(match.score, pieces[match.index].name, texts[match.index]:match "[^\n]+"))
  end
end)
if server then server.stop() end
if ok then return end
io.stderr:write(tostring(err), "\n")
os.exit(1)
