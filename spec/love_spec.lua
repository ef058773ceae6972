---examples/love in LÖVE, as a player uses it, on a display of its own. #checkout

-- LÖVE's Lua is LuaJIT, whatever interpreter runs this file, and so it runs with the specs of LuaJIT alone. A build
-- with sanitizers would have to be loaded before LÖVE.
if not rawget(_G, "jit") or (os.getenv "BUILD" or "build") ~= "build" then return end

local cjson = require "cjson"
local emulator = require "spec.support.emulator"
local read = require "spec.support.read"
local temporary = require "spec.support.temporary"

local FOLDER = "build/love"

-- A hundred chunks, three words each.
local STORY = ("word "):rep(299) .. "word"

local SENTENCES = { "The sky scatters blue light more than red. ", "It is as simple as that, says the wörld’s wizard." }
local ANSWER = table.concat(SENTENCES)
local QUESTION = "Why is the blue sky"

-- What the server answers, by the first word of a question; the owl is told all the same.
local SCRIPT = ([[
local cjson = require "cjson"
local replies = {
  Why = function() return { "%s", 3, "%s" } end,
  echo = function(request) return cjson.encode(request.body.contents) end,
  slow = function() return { "it begins ", 1000, "never" } end,
  refuse = function() return { error = { code = 400, message = "no such luck" } } end,
}
return function(request)
  if request.method == "generateContent" then return { 1, "Hoo: " .. request.text } end
  local reply = replies[request.text:match "^%%a*"]
  return reply and reply(request) or "%s"
end
]]):format(SENTENCES[1], SENTENCES[2], STORY)

local function turn(role, text) return { role = role, parts = { { text = text } } } end

-- What an answer says that has the turns in it with which it was asked for.
local function turns(text) return cjson.decode(text) end

-- Of a PNG file, as its head says.
local function size(path)
  local width, height = read(path):match "^\137PNG\r\n\26\n%z%z%z\13IHDR%z%z(..)%z%z(..)"
  return { width:byte(1) * 256 + width:byte(2), height:byte(1) * 256 + height:byte(2) }
end

describe("examples/love #checkout", function()
  local server

  setup(function()
    server = emulator.start { delay = 0.03, script = SCRIPT }
    os.execute("mkdir -p " .. FOLDER)
  end)
  teardown(function() server.stop() end)
  after_each(temporary.clean)

  -- What a scenario of spec/support/love tells.
  local function play(words, environment)
    local given = environment or ("GEMINI_API_KEY=k GOOGLE_GEMINI_BASE_URL=" .. server.url)
    local errors = temporary.file ""
    local pipe = io.popen(("env %s spec/support/love/run %s 2>%s; echo $?"):format(given, words, errors))
    local output, status = pipe:read("*a"):match "^(.-)(%d+)\n$"
    pipe:close()
    assert.same({ "", "0" }, { read(errors), status }, output)
    return cjson.decode(output)
  end

  describe("played", function()
    local seen

    setup(function() seen = play("talk " .. FOLDER) end)

    it("streams an answer into the bubble", function()
      assert.equal(QUESTION, seen.typed)
      assert.equal(ANSWER, seen.answer)
    end)

    it("asks twice at once, and neither waits for the other", function()
      assert.equal("Hoo: Good evening!", seen.greeting)
      assert.equal("Hoo: " .. QUESTION, seen.remark)
      assert.same({ true, SENTENCES[1] }, { seen.unfinished, seen.meanwhile })
    end)

    it("draws both answers", function()
      for _, name in ipairs { "before", "after" } do assert.same({ 960, 540 }, size(("%s/%s.png"):format(FOLDER, name))) end
      assert.is_true(seen.colours > 500, seen.colours)
      assert.is_true(seen.differing.answer > 5000, seen.differing.answer)
      assert.is_true(seen.differing.remark > 300, seen.differing.remark)
    end)

    it("sends what was said before with the next question", function()
      assert.same({ turn("user", QUESTION), turn("model", ANSWER), turn("user", "echo") }, turns(seen.second))
    end)

    it("stops an answer by Esc, with its connection, and forgets the question", function()
      assert.equal("it begins … (stopped)", seen.stopped)
      assert.same({ 1, 0 }, { seen.closed, seen.live })
      local asked = turns(seen.third)
      assert.same({ 5, turn("user", "echo"), turn("user", "echo again") }, { #asked, asked[3], asked[5] })
    end)

    it("shows an error, and goes on", function()
      assert.is_true(seen.problem)
      assert.equal("My crystal ball went dark. models.streamGenerateContent: 400 INVALID_ARGUMENT: no such luck", seen.refused)
    end)
  end)

  it("says what to do where no key is set", function()
    local seen = play("nokey " .. FOLDER, "-u GEMINI_API_KEY -u GOOGLE_API_KEY")
    assert.truthy(seen.answer:find("GEMINI_API_KEY=… love examples/love", 1, true), seen.answer)
    assert.truthy(seen.answer:find("no API key", 1, true), seen.answer)
    assert.equal("", seen.typed)
  end)

  -- What they take is no matter of passing or failing: bench/frames measures it.
  it("goes on at every frame beside twenty streams", function()
    local seen = play "load 20 0"
    assert.equal(20, seen.most)
    assert.same({ [STORY] = 20 }, seen.texts)
    assert.equal(2000, seen.chunks)
    assert.equal(#seen.frames, #seen.steps)
    assert.is_true(#seen.steps > 5, #seen.steps)
    table.sort(seen.steps)
    local file = assert(io.open(FOLDER .. "/steps.txt", "w"))
    for _, seconds in ipairs(seen.steps) do file:write(("%.3f ms\n"):format(seconds * 1000)) end
    file:close()
  end)
end)
