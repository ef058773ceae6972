---The examples, as a person or a script runs them. #checkout

local emulator = require "spec.support.emulator"
local interpreter = require "gemini.emulator.interpreter"
local temporary = require "spec.support.temporary"

local function quote(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

describe("examples/upload.lua #checkout", function()
  local server

  setup(function() server = emulator.start { work = 0 } end)
  teardown(function() server.stop() end)
  after_each(temporary.clean)

  -- Both of its outputs, and its exit status behind them.
  local function run(words, url)
    local environment = ("LUA_PATH=%s LUA_CPATH=%s GEMINI_API_KEY=k GOOGLE_GEMINI_BASE_URL=%s"):format(
      quote(package.path), quote(package.cpath), url or server.url)
    local script = temporary.file(("env %s %s examples/upload.lua %s\n"):format(environment, interpreter.name(), words))
    return script
  end

  local function output(command)
    local pipe = io.popen(command)
    local all = pipe:read "*a"
    pipe:close()
    return all
  end

  it("shows a bar, the rate and the time that is left on a terminal", function()
    local path = temporary.file(("x"):rep(120 * 1000 * 1000), ".txt")
    local all = output(("script -qec %s /dev/null </dev/null"):format(quote("sh " .. run(quote(path)))))
    local steps = 0
    for _ in all:gmatch "\r[^\r]*%[#*%.+%] +%d+ %%  [%d.]+ [kM]B  [%d.]+ [kMG]B/s  %d+:%d%d left\27%[K" do steps = steps + 1 end
    assert.is_true(steps >= 2, all)
    assert.truthy(all:find "%[%.+%]   0 %%  0 B")
    assert.truthy(all:find("%[" .. ("#"):rep(24) .. "%] 100 %%  120.0 MB  in %d+:%d%d"), all)
    assert.truthy(all:find "\r\nfiles/%w+\r\n$", all)
  end)

  it("says nothing but the names elsewhere", function()
    local first, second = temporary.file("a", ".md"), temporary.file("", ".txt")
    local all = output(("sh %s 2>&1"):format(run(quote(first) .. " " .. quote(second))))
    assert.truthy(all:find "^files/%w+\nfiles/%w+\n$", all)
  end)

  it("takes what comes in", function()
    local all = output(("printf '\\211PNG\\r\\n\\032\\n' | sh %s 2>&1"):format(run "-"))
    assert.truthy(all:find "^files/%w+\n$", all)
    all = output(("echo hello | sh %s 2>&1"):format(run "--type text/plain -"))
    assert.truthy(all:find "^files/%w+\n$", all)
    local piped = "echo hello | sh " .. run "--type text/plain -"
    local terminal = output(("script -qec %s /dev/null </dev/null"):format(quote(piped)))
    assert.truthy(terminal:find "\r%-  0 B\27%[K", terminal)
  end)

  it("says in one line what is wrong, and fails", function()
    for words, message in pairs {
      ["/no/such/file"] = "media.upload: io: /no/such/file: No such file or directory",
      [quote(temporary.file "hello")] = "mimeType is missing",
      ["-"] = "files.upload: mimeType is missing: neither the name nor the first bytes tell",
      [""] = "usage: lua5.4 examples/upload.lua [--type TYPE] FILE",
    } do
      local all = output(("sh %s 2>&1 </dev/null; echo $?"):format(run(words)))
      assert.truthy(all:find(message, 1, true), all)
      assert.truthy(all:find "^[^\n]*\n[12]\n$", all)
    end
  end)
end)

-- Runs an example that is asked something, without a key unless the environment has one: what it prints, and its status.
local function asked(script, environment, question, folder)
  local paths = ("LUA_PATH=%s LUA_CPATH=%s"):format(quote(package.path), quote(package.cpath))
  local command = "cd %s && env -u GEMINI_API_KEY -u GOOGLE_API_KEY %s %s %s %s %s 2>&1; echo $?"
  local pipe = io.popen(command:format(folder or ".", paths, environment, interpreter.name(), script, quote(question)))
  local all = pipe:read "*a"
  pipe:close()
  return all
end

-- An example that can't embed says why.
local function checkRefusal(script)
  local server = emulator.start { key = "another" }
  local all = asked(script, "GEMINI_API_KEY=k GOOGLE_GEMINI_BASE_URL=" .. server.url, "x")
  server.stop()
  assert.truthy(all:find "^models%.batchEmbedContents: 4%d%d [^\n]*\n1\n$", all)
end

describe("examples/search.lua #checkout", function()
  local function search(environment, question) return asked("examples/search.lua", environment, question) end

  it("finds the text that is asked for among 100,000 vectors, and says how long it took", function()
    local all = search("", "Which whales sing?")
    assert.truthy(all:find "^No key is set: this is the emulator", all)
    assert.truthy(all:find "\n\n0%.%d%d%d  Whales sing, and other whales hear them from far away%.\n0%.%d%d%d  ", all)
    assert.truthy(all:find "\n\n100000 vectors of 256 numbers, searched in %d+ ms\n0\n$", all)
  end)

  it("says in one line what is wrong, and fails", function() checkRefusal "examples/search.lua" end)
end)

describe("examples/meaning.lua #checkout", function()
  local function meaning(environment, question, folder)
    return asked(folder and "meaning.lua" or "examples/meaning.lua", environment, question, folder)
  end

  -- The scores, the files and the first lines of what was found.
  local function found(all)
    local list = {}
    for score, name, line in all:gmatch "\n(%d%.%d%d%d)  ([%w_/.-]+): ([^\n]*)" do
      list[#list + 1] = { score = tonumber(score), name = name, line = line }
    end
    return list
  end

  it("finds three pieces of the repository's texts, the nearest first", function()
    local all = meaning("", "How does an upload go on after a fault?")
    assert.truthy(all:find "^No key is set: this is the emulator", all)
    assert.truthy(all:find "\n0\n$", all)
    local list = found(all)
    assert.equal(3, #list)
    for i, each in ipairs(list) do
      local file = assert(io.open(each.name))
      assert.truthy(file:read("*a"):find(each.line, 1, true), each.line)
      file:close()
      assert.is_true(each.score <= (i == 1 and 1 or list[i - 1].score))
    end
    -- A piece is nearest to its own words.
    local again = found(meaning("", list[1].line))
    assert.is_true(again[1].score > list[1].score)
  end)

  it("finds its files wherever it is run", function()
    assert.same(found(meaning("", "batches of requests")), found(meaning("", "batches of requests", "examples")))
  end)

  it("says in one line what is wrong, and fails", function() checkRefusal "examples/meaning.lua" end)
end)
