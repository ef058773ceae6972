---The plugin of examples/neovim, in a real Neovim that gets keys. #checkout

-- Neovim's Lua is LuaJIT, whatever interpreter runs this file, and so it runs with the specs of LuaJIT alone.
if not rawget(_G, "jit") or (os.getenv "BUILD" or "build") ~= "build" then return end

local emulator = require "spec.support.emulator"
local neovim = require "spec.support.neovim"
local socket = require "socket"
local temporary = require "spec.support.temporary"

-- What the server answers, by the first word of a question.
local SCRIPT = [[
local cjson = require "cjson"
local replies = {
  echo = function(request) return request.text end,
  body = function(request) return cjson.encode(request.body) end,
  count = function(request) return #request.body.contents .. " contents" end,
  refuse = function() return { error = { code = 400, message = "no such\nluck" } } end,
  breaks = function() return { "so far ", { error = { code = 503, message = "gone" } } } end,
  slow = function() return { "it begins ", 1000, "never" } end,
  lines = function() return { "one\r", "\ntwo\r\n\r", "\nthree\rfour", "\n", "five\n" } end,
  bytes = function() return { "a\0b ", "\240\159\153\130 é" } end,
  blocked = function() return { promptFeedback = { blockReason = "SAFETY" } } end,
  steady = function()
    local chunks = {}
    for i = 1, 60 do
      chunks[2 * i - 1], chunks[2 * i] = i .. "\n", 0.02
    end
    chunks[#chunks + 1] = "the end"
    return chunks
  end,
}
return function(request)
  local reply = replies[request.text:match("^%a*")]
  return reply and reply(request) or "it is done"
end
]]

describe("examples/neovim #checkout", function()
  local server

  setup(function() server = emulator.start { delay = 0, script = SCRIPT, key = neovim.KEY } end)
  teardown(function() server.stop() end)
  after_each(temporary.clean)

  local function run(...) return neovim.run(server.url, ...) end

  it("streams an answer below its question, in a split, and the cursor stays", function()
    local seen = run [[
      local before = vim.api.nvim_get_current_win()
      local text = driver.ask("Gemini echo | \"this\" % <lt>is> it", "\necho")
      local pane = driver.pane()
      return {
        text = text, stays = before == vim.api.nvim_get_current_win(), windows = #vim.api.nvim_tabpage_list_wins(0),
        filetype = vim.bo[pane].filetype, kind = vim.bo[pane].buftype, listed = vim.bo[pane].buflisted,
      }
    ]]
    local question = 'echo | "this" % <is> it'
    assert.same({
      text = ("## %s\n\n%s"):format(question, question), stays = true, windows = 2,
      filetype = "markdown", kind = "nofile", listed = false,
    }, seen)
  end)

  it("sends the turns before with a follow-up, and :Gemini! begins anew", function()
    local seen = run [[
      driver.ask("Gemini count", "1 contents")
      local followed = driver.ask("Gemini count on", "3 contents")
      driver.keys ":Gemini!<CR>"
      driver.await("an empty buffer", function() return driver.text(driver.pane()) == "" end)
      return { followed = followed, anew = driver.ask("Gemini! count again", "1 contents"), windows = vim.fn.winnr "$" }
    ]]
    assert.same({
      followed = "## count\n\n1 contents\n\n## count on\n\n3 contents",
      anew = "## count again\n\n1 contents", windows = 2,
    }, seen)
  end)

  it("sends the turns as they were, and the instruction and the model of setup", function()
    local seen = run [[
      require("gemini-nvim").setup { model = "gemini-2.5-pro", system = "Be brief.", split = "horizontal" }
      driver.ask("Gemini echo", "\necho")
      local text = driver.ask("Gemini body", "{")
      return { body = vim.fn.json_decode(text:match "{.*}"), width = vim.fn.winwidth(0) == vim.o.columns }
    ]]
    assert.is_true(seen.width)
    assert.same({ parts = { { text = "Be brief." } } }, seen.body.systemInstruction)
    assert.same({
      { role = "user", parts = { { text = "echo" } } },
      { role = "model", parts = { { text = "echo" } } },
      { role = "user", parts = { { text = "body" } } },
    }, seen.body.contents)
  end)

  it("sends what is selected, in a fence that it does not end", function()
    local seen = run [=[
      vim.api.nvim_buf_set_name(0, "some.lua")
      vim.api.nvim_buf_set_lines(0, 0, -1, false, { "local a", "a = [[", "```", "]]", "" })
      vim.bo.filetype = "lua"
      driver.keys "ggjVj"
      local text = driver.ask("Gemini body fix this", "{")
      driver.keys ":5Gemini<CR>"
      driver.await("the second answer", function() return driver.text(driver.pane()):find "to 5\n\n." end)
      return { heading = text:match "^(.-)\n\n{", sent = vim.fn.json_decode(text:match "{.*}").contents }
    ]=]
    assert.equal("## body fix this\n\n(some.lua, lines 2 to 3)", seen.heading)
    assert.same({ { role = "user", parts = { { text = "body fix this\n\n````lua\na = [[\n```\n````" } } } }, seen.sent)
  end)

  it("makes lines of whatever ends them, and keeps all other bytes", function()
    local seen = run [[
      local lines = driver.ask("Gemini lines", "five\n")
      return { lines = lines, bytes = driver.ask("Gemini! bytes", "é"), next = driver.ask("Gemini count", "contents") }
    ]]
    assert.equal("## lines\n\none\ntwo\n\nthree\nfour\nfive\n", seen.lines)
    assert.equal("## bytes\n\na\0b 🙂 é", seen.bytes)
    assert.equal(seen.bytes .. "\n\n## count\n\n3 contents", seen.next)
  end)

  it("takes keys while an answer streams", function()
    local seen = run [[
      driver.ask("Gemini steady", "\n1\n")
      driver.keys "ihello from the keys<Esc>Vl:s/from/by/<CR>vey"
      driver.await("the text", function() return driver.text() == "hello by the keys" end)
      local before, mode = driver.text(driver.pane()), vim.fn.mode()
      driver.keys "v"
      driver.await("visual mode", function() return vim.fn.mode() == "v" end)
      local after = driver.sees "the end"
      return { before = before, after = after, typed = driver.text(), mode = vim.fn.mode() }
    ]]
    assert.truthy(seen.before:find "\n%d+\n$", seen.before)
    local numbers = {}
    for i = 1, 60 do numbers[i] = i .. "\n" end
    assert.equal("## steady\n\n" .. table.concat(numbers) .. "the end", seen.after)
    assert.same({ "hello by the keys", "v" }, { seen.typed, seen.mode })
  end)

  it("moves the cursors that are at the end, and no others", function()
    local seen = run [[
      driver.ask("Gemini steady", "\n1\n")
      vim.cmd "wincmd w | split"
      vim.api.nvim_win_set_cursor(0, { 1, 3 })
      driver.sees "the end"
      local cursors = {}
      for i, window in ipairs(vim.fn.win_findbuf(driver.pane())) do cursors[i] = vim.api.nvim_win_get_cursor(window) end
      return { cursors, vim.api.nvim_buf_line_count(driver.pane()) }
    ]]
    local cursors, count = seen[1], seen[2]
    table.sort(cursors, function(a, b) return a[1] < b[1] end)
    assert.same({ { 1, 3 }, { count, #"the end" - 1 } }, cursors)
  end)

  it("is one change for undo, a turn each", function()
    local seen = run [[
      driver.ask("Gemini echo", "\necho")
      driver.ask("Gemini steady", "\n3\n")
      -- Every command that moves the cursor ends a change in its buffer.
      driver.keys "<C-W>wggjk"
      driver.sees "the end"
      vim.cmd "silent undo"
      local undone = driver.text()
      vim.cmd "redo"
      return { undone = undone, redone = driver.text():match "the end$" }
    ]]
    assert.same({ undone = "## echo\n\necho", redone = "the end" }, seen)
  end)

  it("goes on where an answer is undone on its way", function()
    local seen = run [[
      driver.ask("Gemini steady", "\n3\n")
      vim.cmd "wincmd w | silent undo"
      return { text = driver.sees "the end", messages = driver.messages() }
    ]]
    assert.falsy(seen.text:find "\n3\n")
    assert.equal("", seen.messages)
  end)

  it("tells that an answer is on its way", function()
    local seen = run [[
      driver.ask("Gemini slow", "it begins ")
      driver.keys ":Gemini echo<CR>"
      driver.await("a message", function() return driver.messages() ~= "" end)
      return { driver.messages(), driver.text(driver.pane()) }
    ]]
    assert.same({ "\ngemini: an answer is on its way: :GeminiStop ends it", "## slow\n\nit begins " }, seen)
  end)

  it("stops an answer, whose turn is forgotten", function()
    local seen = run [[
      driver.ask("Gemini slow", "it begins ")
      local stopped = driver.ask("GeminiStop", "> stopped")
      driver.keys ":GeminiStop<CR>"
      driver.await("a message", function() return driver.messages() ~= "" end)
      return { stopped, driver.messages(), driver.ask("Gemini count", "contents"):match "%d+ contents" }
    ]]
    assert.same({ "## slow\n\nit begins \n\n> stopped", "\ngemini: no answer is on its way", "1 contents" }, seen)
  end)

  -- Serves a stream that never ends. The script closes its connection, and learns that it is closed by a file.
  local function closes(script)
    local flag = temporary.file()
    local wait = "local function closed() return vim.loop.fs_stat %q ~= nil end\n"
    local listener = assert(socket.bind("127.0.0.1", 0))
    listener:settimeout(20)
    local _, port = listener:getsockname()
    local process = neovim.begin(("http://127.0.0.1:%d"):format(port), wait:format(flag) .. script)
    local connection = assert(listener:accept())
    connection:settimeout(20)
    repeat until assert(connection:receive "*l") == ""
    local event = 'data: {"candidates":[{"content":{"parts":[{"text":"it begins"}]}}]}\r\n\r\n'
    connection:send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" .. event)
    local problem
    repeat
      local line
      line, problem = connection:receive "*l"
    until not line
    listener:close()
    connection:close()
    assert(io.open(flag, "w")):close()
    assert.equal("closed", problem)
    return process:finish()
  end

  it("ends the connection of an answer that is stopped, at once", function()
    assert.equal("## slow\n\nit begins\n\n> stopped", closes [[
      driver.ask("Gemini slow", "it begins")
      local text = driver.ask("GeminiStop", "> stopped")
      driver.await("the connection's end", closed)
      return text
    ]])
  end)

  it("ends an answer whose buffer is wiped or deleted, and begins anew with the next", function()
    for _, command in ipairs { "bwipeout", "bdelete" } do
      local seen = closes(([[
        driver.ask("Gemini slow", "it begins")
        local pane = driver.pane()
        driver.keys((":%s %%d<CR>"):format(pane))
        driver.await("its end", function() return not driver.pane() and closed() end)
        require("gemini-nvim").setup { client = { baseUrl = %q } }
        return { driver.ask("Gemini count", "contents"), driver.messages() }
      ]]):format(command, server.url))
      assert.same({ "## count\n\n1 contents", "" }, seen)
    end
  end)

  it("ends an answer that can't be written", function()
    local seen = run [[
      driver.ask("Gemini steady", "\n1\n")
      vim.bo[driver.pane()].modifiable = false
      driver.await("a message", function() return driver.messages() ~= "" end)
      return { driver.messages(), require("gemini.loop").live() }
    ]]
    assert.truthy(seen[1]:find("^\ngemini: [^\n]*'modifiable'"), seen[1])
    assert.equal(0, seen[2])
  end)

  it("shows errors in a line each, and forgets the turns", function()
    local seen = run [[
      driver.ask("Gemini refuse", "luck")
      driver.ask("Gemini breaks", "gone")
      driver.ask("Gemini blocked", "SAFETY")
      vim.api.nvim_buf_set_lines(0, 0, -1, false, { "\255" })
      driver.ask("%Gemini echo", "UTF-8")
      return { driver.text(driver.pane()), driver.ask("Gemini count", "1 contents"):match "%d+ contents", driver.messages() }
    ]]
    local notes = {}
    for note in seen[1]:gmatch "\n> ([^\n]*)" do notes[#notes + 1] = note end
    assert.truthy(notes[1]:find "^error: models.streamGenerateContent: 400 [^\n]*no such luck", notes[1])
    assert.truthy(notes[2]:find("gone", 1, true), notes[2])
    assert.truthy(seen[1]:find("so far \n\n> error: ", 1, true), seen[1])
    assert.equal("no answer: SAFETY", notes[3])
    assert.truthy(notes[4]:find "^error: .*UTF%-8", notes[4])
    assert.same({ 4, "1 contents", "" }, { #notes, seen[2], seen[3] })
  end)

  it("says what it lacks before it opens anything", function()
    local seen = run([[
      driver.keys ":Gemini echo<CR>"
      driver.await("a message", function() return driver.messages() ~= "" end)
      return { driver.messages(), vim.fn.winnr "$" }
    ]], { GEMINI_API_KEY = false })
    assert.same({ "\ngemini: gemini.new: no API key: give apiKey, or set GEMINI_API_KEY in the environment", 1 }, seen)
    seen = run([[
      driver.keys ":Gemini echo<CR>"
      driver.await("a message", function() return driver.messages() ~= "" end)
      driver.keys ":checkhealth gemini<CR>"
      driver.await("the report", function() return driver.text():find "ERROR" end)
      return { driver.messages(), driver.text() }
    ]], { LUA_PATH = "/nowhere/?.lua", HOME = "/nowhere" })
    for _, text in ipairs(seen) do
      assert.truthy(text:find("the Lua module gemini is not found: luarocks --lua-version 5.1", 1, true), text)
    end
  end)

  it("finds the module in a LuaRocks tree", function()
    local tree = temporary.file()
    os.execute(("mkdir -p %s/share/lua %s/lib/lua"):format(tree, tree))
    os.execute(("ln -s $PWD/lua %s/share/lua/5.1; ln -s $PWD/build/5.1 %s/lib/lua/5.1"):format(tree, tree))
    local text = run(([[
      require("gemini-nvim").setup { rocks = %q }
      return driver.ask("Gemini echo", "\necho")
    ]]):format(tree), { LUA_PATH = "/nowhere/?.lua", LUA_CPATH = "/nowhere/?.so" })
    os.execute("rm -r " .. tree)
    assert.equal("## echo\n\necho", text)
  end)

  it("refuses options that do not fit", function()
    local seen = run [[
      local out = {}
      for i, given in ipairs { { modle = "x" }, { split = "up" }, { client = "k-secret-neovim" }, { system = 1 }, "x" } do
        local ok, problem = pcall(require("gemini-nvim").setup, given)
        out[i] = not ok and problem:gsub("^%S+:%d+: ", "")
      end
      require("gemini-nvim").setup { client = { apikey = "k-secret-neovim" } }
      driver.keys ":Gemini echo<CR>"
      driver.await("a message", function() return driver.messages() ~= "" end)
      out[#out + 1] = driver.messages()
      return out
    ]]
    assert.same({
      "gemini-nvim.setup: there is no option 'modle', but client, model, rocks, split, system",
      'gemini-nvim.setup: split must be "vertical" or "horizontal"',
      "gemini-nvim.setup: client must be a table of options of gemini.new, or a function that returns one",
      "gemini-nvim.setup: system must be a text",
      "gemini-nvim.setup: expected a table, got string",
      "\ngemini: gemini.new: unknown option 'apikey', did you mean 'apiKey'?",
    }, seen)
  end)

  it("reports its health without the key, and is not what require finds", function()
    local seen = run [[
      driver.keys ":checkhealth gemini<CR>"
      driver.await("the report", function() return driver.text():find "loop" end)
      local report = driver.text()
      require("gemini-nvim").setup { client = function() return { apiKey = "k-secret-neovim" } end }
      driver.keys ":checkhealth gemini<CR>"
      driver.await("the report", function() return driver.text():find "client function" end)
      return { report, package.loaded.gemini == require "gemini", require("gemini").new ~= nil }
    ]]
    local lines = {}
    for line in seen[1]:gmatch "OK: ([^\n]*)" do lines[#lines + 1] = line end
    assert.equal(5, #lines, seen[1])
    assert.truthy(lines[1]:find "^module: lua%-gemini %d+%.%d+%.%d+$", lines[1])
    assert.truthy(lines[2]:find "^libcurl: %d+%.%d+%.%d+$", lines[2])
    assert.same({ "key: set in GEMINI_API_KEY", "base URL: " .. server.url, "loop: attached to Neovim's" },
      { lines[3], lines[4], lines[5] })
    assert.falsy(seen[1]:find "ERROR" or seen[1]:find "WARN", seen[1])
    assert.same({ true, true }, { seen[2], seen[3] })
  end)

  it("reports its health to later versions of Neovim", function()
    local seen = run [[
      local out = {}
      vim.health = setmetatable({}, { __index = function(_, kind)
        local known = kind == "start" or kind == "ok" or kind == "error"
        return known and function() out[#out + 1] = kind end or error(kind)
      end })
      require("gemini.health").check()
      return out
    ]]
    assert.same({ "start", "ok", "ok", "ok", "ok", "ok" }, seen)
  end)

  it("shares Neovim's loop with whoever has attached it", function()
    local seen = run [[
      require("gemini.loop.uv").attach(vim.loop)
      return { driver.ask("Gemini echo", "\necho"), driver.messages() }
    ]]
    assert.same({ "## echo\n\necho", "" }, seen)
  end)

  it("lets Neovim end in the middle of an answer", function()
    local began = socket.gettime()
    local seen, status = neovim.begin(server.url, [[
      driver.ask("Gemini slow", "it begins ")
      driver.write(driver.text(driver.pane()))
      driver.keys ":qa<CR>"
      driver.await("the end", function() end)
    ]]):finish()
    assert.same({ "## slow\n\nit begins ", 0 }, { seen, status })
    assert.is_true(socket.gettime() - began < 10)
  end)

  it("has help whose tags are found", function()
    local folder = temporary.file()
    os.execute(("mkdir %s; cp -r examples/neovim/doc %s"):format(folder, folder))
    local name = run(([[
      vim.opt.runtimepath:prepend %q
      vim.cmd("helptags " .. %q)
      local out = {}
      for i, tag in ipairs { "gemini", ":Gemini", ":GeminiStop", "gemini-setup" } do
        vim.cmd("help " .. tag)
        out[i] = vim.fn.expand "%%:t"
      end
      return out
    ]]):format(folder, folder .. "/doc"))
    os.execute("rm -r " .. folder)
    assert.same({ "gemini.txt", "gemini.txt", "gemini.txt", "gemini.txt" }, name)
  end)
end)
