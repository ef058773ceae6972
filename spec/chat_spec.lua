---examples/chat.lua, as a person at a terminal or a script uses it. #checkout

local cjson = require "cjson"
local emulator = require "spec.support.emulator"
local gemini = require "gemini"
local interpreter = require "gemini.emulator.interpreter"
local read = require "spec.support.read"
local socket = require "socket"
local temporary = require "spec.support.temporary"

local KEY = "k-secret-chat"

-- What the server answers, by the first word of a message.
local SCRIPT = [[
local cjson = require "cjson"
local calls = 0
local replies = {
  echo = function(request) return cjson.encode(request.body) end,
  refuse = function() return { error = { code = 400, message = "no such luck" } } end,
  breaks = function() return { "so far ", { error = { code = 503, message = "gone" } } } end,
  slow = function() return { "it begins ", 1000, "never" } end,
  pause = function() return { "it begins ", 1, "and ends" } end,
  mute = function() return { 1000, "never" } end,
  drive = function() return { "\27[2J\27]0;title\7a\rb\8\194\1552Jc\27", "[31md" } end,
  blocked = function() return { promptFeedback = { blockReason = "SAFETY" } } end,
  signed = function()
    local parts = { { text = "hm", thought = true }, { text = "so", thoughtSignature = "c2ln" } }
    return { { candidates = { { index = 0, finishReason = "STOP", content = { role = "model", parts = parts } } } } }
  end,
}
return function(request)
  local reply = replies[request.text:match("^%a*")]
  return reply and reply(request) or "you said: " .. request.text
end
]]

local function quote(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

describe("examples/chat.lua #checkout", function()
  local server, open

  setup(function() server = emulator.start { delay = 0, work = 0, script = SCRIPT } end)
  teardown(function() server.stop() end)
  after_each(function()
    if open then open:finish() end
    server.reset()
    temporary.clean()
  end)

  local function commandOf(environment)
    local given = environment or ("GEMINI_API_KEY=%s GOOGLE_GEMINI_BASE_URL=%s"):format(KEY, server.url)
    return ("env -u NO_COLOR %s TERM=xterm LUA_PATH=%s LUA_CPATH=%s %s examples/chat.lua"):format(
      given, quote(package.path), quote(package.cpath), interpreter.name())
  end

  -- What it writes for what comes through a pipe: stdout, stderr, and its status.
  local function piped(input, environment, before)
    local given, errors = temporary.file(input), temporary.file ""
    local pipe = io.popen(("%s %s <%s 2>%s; echo $?"):format(before or "", commandOf(environment), quote(given), quote(errors)))
    local output, status = pipe:read("*a"):match "^(.-)(%d+)\n$"
    pipe:close()
    return output, read(errors), tonumber(status)
  end

  local Session = {}
  Session.__index = Session

  -- Waits until a text is shown behind what has been looked for before, and gives what stands between.
  function Session:sees(text)
    local deadline = socket.gettime() + 60
    while true do
      local shown = read(self.screen)
      local first, last = shown:find(text, self.at, true)
      if first then
        local between = shown:sub(self.at, first - 1)
        self.at = last + 1
        return between
      end
      assert(socket.gettime() < deadline, ("%q is not shown in:\n%s"):format(text, shown))
      socket.sleep(0.01)
    end
  end

  function Session:types(text)
    self.pipe:write(text)
    self.pipe:flush()
  end

  -- Types a line, and waits for an answer and the next prompt.
  function Session:says(line, answer)
    self:types(line .. "\n")
    self:sees(answer)
    return self:sees "> "
  end

  -- Ends what is typed; all that was shown, and the exit status behind it.
  function Session:finish()
    if open == self then self.pipe:close() end
    open = nil
    return read(self.screen)
  end

  -- A person in front of a terminal.
  local function session(environment, after)
    local self = setmetatable({ screen = temporary.file "", at = 1 }, Session)
    local command = commandOf(environment) .. '; echo "status $?"; ' .. (after or "")
    local line = "timeout --foreground 300 script -qefc %s /dev/null >%s"
    self.pipe = io.popen(line:format(quote("sh " .. temporary.file(command)), quote(self.screen)), "w")
    open = self
    self:sees "> "
    return self
  end

  local function contents(text)
    return cjson.decode(text:match "{.*}").contents
  end

  describe("in a pipe", function()
    it("answers line by line, without prompts and escape sequences", function()
      local output, errors, status = piped "hello\r\nand you?\n/quit\nnever\n"
      assert.same({ "you said: hello\nyou said: and you?\n", "", 0 }, { output, errors, status })
    end)

    it("ends where the input ends, a last line without an end included", function()
      assert.equal("you said: hello\n", (piped "hello"))
      assert.same({ "", "", 0 }, { piped "" })
    end)

    it("joins lines that end with a backslash, skips empty ones, and takes // for a slash", function()
      assert.equal("you said: one\ntwo\nyou said: /help\n", (piped "one\\\ntwo\n\n  \n//help\n"))
      assert.equal("you said: one\n", (piped "one\\"))
    end)

    it("sends all turns, as they were", function()
      local output = piped "first\nsigned\n/system Be brief.\n/model gemini-2.5-pro\necho\n"
      local body = cjson.decode(output:match "{.*}")
      assert.same({
        { role = "user", parts = { { text = "first" } } },
        { role = "model", parts = { { text = "you said: first" } } },
        { role = "user", parts = { { text = "signed" } } },
        { role = "model", parts = { { text = "hm", thought = true }, { text = "so", thoughtSignature = "c2ln" } } },
        { role = "user", parts = { { text = "echo" } } },
      }, body.contents)
      assert.same({ parts = { { text = "Be brief." } } }, body.systemInstruction)
      assert.truthy(output:find("you said: first\nso\n", 1, true), output)
      output = piped "/model gemini-2.5-pro\n/system x\n/system\nemulator, who is this\necho\n"
      assert.is_nil(cjson.decode(output:match "{.*}").systemInstruction)
    end)

    it("forgets turns that failed, says why in a line each, and goes on", function()
      local output, errors, status = piped "refuse\nbreaks\nblocked\n/model ../x\nhi\n/model gemini-2.5-flash\necho \255\necho\n"
      assert.same({ { role = "user", parts = { { text = "echo" } } } }, contents(output))
      assert.truthy(output:find "^so far \n{", output)
      local lines = {}
      for line in errors:gmatch "([^\n]*)\n" do lines[#lines + 1] = line end
      assert.equal(5, #lines, errors)
      for i, text in ipairs { "no such luck", "gone", "no answer: SAFETY", "model", "UTF-8" } do
        assert.truthy(lines[i]:find(text, 1, true), errors)
      end
      assert.equal(1, status)
      assert.falsy((output .. errors):find(KEY, 1, true))
    end)

    it("ends by a SIGINT, in the middle of an answer too", function()
      local output, errors = piped("slow\nhello\n", nil, "timeout --foreground -s INT -k 20 1")
      assert.falsy(output:find("you said", 1, true), output)
      assert.equal("", errors)
    end)

    it("goes on where the server can't be talked to", function()
      local elsewhere = server.url:gsub("^http:", "https:")
      local output, errors, status = piped("hello\n/history\n", "GEMINI_API_KEY=k GOOGLE_GEMINI_BASE_URL=" .. elsewhere)
      assert.same({ "", 1 }, { output, status })
      assert.truthy(errors:find "^models.streamGenerateContent: tls: [^\n]*\n$", errors)
    end)

    it("says what it does not know, and what a command lacks", function()
      local output, errors = piped "/nope x\n/etc/passwd\n/\n/save\n/help\n"
      assert.equal(table.concat({
        "there is no /nope: /help names the commands, and a message may begin with //",
        "there is no /etc/passwd: /help names the commands, and a message may begin with //",
        "there is no /: /help names the commands, and a message may begin with //",
        "/save needs its PATH", "",
      }, "\n"), errors)
      for name in ("file save load history clear model system quit help"):gmatch "%a+" do
        assert.truthy(output:find("/" .. name .. " ", 1, true), name)
      end
    end)

    it("shows the turns in short, and begins anew", function()
      local output = piped(("%s\n/history\n/clear\n/history\necho\n"):format(("é"):rep(50)))
      local text = ("é"):rep(34) .. "…"
      assert.truthy(output:find(" 1  You    " .. text .. "\n 2  Model  you said: " .. ("é"):rep(29) .. "…\n{", 1, true), output)
      assert.equal(1, #contents(output))
    end)

    it("talks to the emulator where no key is set", function()
      local output, errors, status = piped("hello\n", "-u GEMINI_API_KEY -u GOOGLE_API_KEY")
      assert.truthy(output:find('Your prompt "hello" has 1 word', 1, true), output)
      assert.truthy(errors:find "^No key is set: this is the emulator[^\n]*\n$", errors)
      assert.equal(0, status)
    end)
  end)

  describe("with files", function()
    it("sends small ones with the next message, once", function()
      local image, text = temporary.file("\137PNG", ".png"), temporary.file("a\0b\255", ".txt")
      local output = piped(("/file %s\n/file '%s'\necho\n/history\necho again\n"):format(image, text))
      local first, second = output:match "^([^\n]*)\n.*\n([^\n]*)\n$"
      local parts = {
        { inlineData = { mimeType = "image/png", data = gemini.base64.encode "\137PNG" } },
        { inlineData = { mimeType = "text/plain", data = gemini.base64.encode "a\0b\255" } },
        { text = "echo" },
      }
      assert.same({ { role = "user", parts = parts } }, contents(first))
      assert.same({ parts, { { text = "echo again" } } }, { contents(second)[1].parts, contents(second)[3].parts })
      assert.truthy(output:find("\n 1  You    [image/png] [text/plain] echo\n", 1, true), output)
    end)

    it("uploads large ones, and those whose type only their bytes tell", function()
      local large, pdf = temporary.file(("x"):rep(1024 * 1024 + 1), ".txt"), temporary.file "%PDF-1.7\n"
      local output, errors, status = piped(("/file %s\n/file %s\necho\n"):format(large, pdf))
      assert.same({ "", 0 }, { errors, status })
      local parts = contents(output)[1].parts
      assert.same({ "text/plain", "application/pdf" }, { parts[1].fileData.mimeType, parts[2].fileData.mimeType })
      local client, sizes = gemini.new { apiKey = "k", baseUrl = server.url }, {}
      for file in client.files:list() do sizes[file.uri] = file.sizeBytes end
      assert.same({ "1048577", "9" }, { sizes[parts[1].fileData.fileUri], sizes[parts[2].fileData.fileUri] })
    end)

    it("keeps them for the next message where one failed", function()
      local output = piped(("/file %s\nrefuse\necho\n"):format(temporary.file("hi", ".md")))
      assert.same({ { inlineData = { mimeType = "text/markdown", data = "aGk=" } }, { text = "echo" } }, contents(output)[1].parts)
    end)

    it("finds them at home", function()
      local path = temporary.file("hi", ".txt")
      local folder, name = path:match "^(.*)/([^/]*)$"
      local environment = ("HOME=%s GEMINI_API_KEY=k GOOGLE_GEMINI_BASE_URL=%s"):format(folder, server.url)
      assert.equal("aGk=", contents((piped("/file ~/" .. name .. "\necho\n", environment)))[1].parts[1].inlineData.data)
    end)

    it("names those that can't be sent", function()
      local unknown, empty = temporary.file "what is this", temporary.file("", ".txt")
      local output, errors, status = piped(("/file /no/such.png\n/file %s\n/file %s\n/file /tmp\necho\n"):format(unknown, empty))
      local lines = {}
      for line in errors:gmatch "([^\n]*)\n" do lines[#lines + 1] = line end
      assert.equal("/no/such.png: No such file or directory", lines[1])
      assert.equal(1, lines[2]:find(unknown .. ": ", 1, true))
      assert.truthy(lines[2]:find("nor the first bytes tell what this is", 1, true), lines[2])
      assert.same({ empty .. ": the file is empty", "/tmp: Is a directory" }, { lines[3], lines[4] })
      assert.same({ 1, { { text = "echo" } } }, { status, contents(output)[1].parts })
    end)
  end)

  describe("with conversations kept", function()
    it("writes JSON, and goes on with it", function()
      local path = temporary.file(nil, ".json")
      local _, errors = piped(("/model gemini-2.5-pro\n/system Be brief.\nsigned\n/save %s\n"):format(path))
      assert.equal("", errors)
      local saved = cjson.decode(read(path))
      assert.same({ "gemini-2.5-pro", "Be brief." }, { saved.model, saved.systemInstruction.parts[1].text })
      assert.same({ text = "so", thoughtSignature = "c2ln" }, saved.contents[2].parts[2])
      local output = piped(("/load %s\necho\n"):format(path))
      local body = cjson.decode(output:match "{.*}")
      saved.contents[3] = { role = "user", parts = { { text = "echo" } } }
      assert.same({ saved.contents, saved.systemInstruction }, { body.contents, body.systemInstruction })
    end)

    it("writes Markdown", function()
      local path = temporary.file(nil, ".md")
      piped(("/file %s\nhello\nsigned\n/save %s\n"):format(temporary.file("\137PNG", ".png"), path))
      assert.equal("# A conversation with gemini-2.5-flash\n\n## You\n\n[image/png]\n\nhello\n\n## Model\n\nyou said: hello\n\n"
        .. "## You\n\nsigned\n\n## Model\n\nso\n", read(path))
    end)

    it("replaces no other file unasked", function()
      local path = temporary.file("precious", ".json")
      local _, errors, status = piped(("hello\n/save %s\n"):format(path))
      assert.same({ path .. " is there already: /save! replaces it\n", 1 }, { errors, status })
      assert.equal("precious", read(path))
      piped(("hello\n/save! %s\nmore\n/save %s\n"):format(path, path))
      assert.equal(4, #cjson.decode(read(path)).contents)
    end)

    it("leaves nothing behind where it can't write", function()
      local folder = temporary.file()
      os.execute("mkdir " .. quote(folder))
      local _, errors = piped(("hello\n/save! %s\n/save /no/such/a.md\n"):format(folder))
      local left = io.popen("ls -d " .. quote(folder) .. "*"):read "*a"
      os.execute("rmdir " .. quote(folder))
      assert.equal(folder .. "\n", left)
      assert.equal(folder .. ": Is a directory\n/no/such/a.md: No such file or directory\n", errors)
    end)

    it("loads nothing over what is not saved, and nothing that is no conversation", function()
      local good, bad, none = temporary.file(nil, ".json"), temporary.file "{", temporary.file '{"contents":[{"role":"x"}]}'
      write(good, '[{"role":"user","parts":[{"text":"before"}]}]')
      local output, errors = piped(("/load %s\n/load %s\n/load %s.no\nhello\n/load %s\n/load! %s\necho\n"):format(
        bad, none, none, good, good))
      assert.truthy(errors:find(bad .. " holds no conversation: ", 1, true), errors)
      assert.truthy(errors:find("\n" .. none .. " holds no conversation\n", 1, true), errors)
      assert.truthy(errors:find(none .. ".no: No such file or directory\n", 1, true), errors)
      assert.truthy(errors:find "this conversation is not saved: /save keeps it, /load! drops it\n$", errors)
      assert.same({ { text = "before" } }, contents(output)[1].parts)
    end)
  end)

  describe("at a terminal", function()
    it("prompts, answers, and leaves with a clean line at the end", function()
      local person = session()
      person:says("hello", "you said: hello\r\n")
      person:types "one\\\n"
      person:sees ". "
      person:types "two\n"
      person:sees "you said: one\r\ntwo\r\n"
      person:sees "> "
      person:says("/nope", "there is no /nope: /help names")
      person:types "\4"
      person:sees "\r\nstatus 0\r\n"
      assert.falsy(person:finish():find(KEY, 1, true))
    end)

    it("leaves by Ctrl-C at the prompt, whatever is typed, and the terminal is as before", function()
      local person = session(nil, "stty -a")
      person:types "half a line\3"
      person:sees "\r\nstatus 0\r\n"
      person:sees "intr = ^C;"
      person:sees "eol = <undef>;"
      assert.falsy(person:finish():find("you said", 1, true))
    end)

    it("stops an answer by Ctrl-C, again and again, and goes on", function()
      local person = session()
      for _, word in ipairs { "slow", "slow" } do
        person:types(word .. "\n")
        person:sees "it begins "
        person:types "\3"
        person:sees "stopped; question and answer are forgotten"
        person:sees "> "
      end
      person:types "mute\n\3"
      person:sees "stopped; question and answer are forgotten"
      person:sees "> "
      person:types "echo\n"
      person:sees "\r\n"
      assert.same({ { role = "user", parts = { { text = "echo" } } } }, contents(person:sees "> "))
    end)

    it("leaves the emulator alone that it has started", function()
      local person = session "-u GEMINI_API_KEY -u GOOGLE_API_KEY"
      person:types "hello\n\3"
      person:sees "stopped; question and answer are forgotten"
      person:sees "> "
      person:says("hello you", 'Your prompt "hello you" has 2 words')
      person:types "\3"
      assert.equal("\27[0m^C", person:sees "\r\nstatus 0\r\n")
    end)

    it("stops an upload by Ctrl-C", function()
      local person = session()
      local path = temporary.file(("x"):rep(8000000), ".txt")
      person:types(("/file %s\n\3"):format(path))
      person:sees(path .. ": stopped")
      person:sees "> "
      person:types "echo\n"
      person:sees "\r\n"
      assert.same({ { text = "echo" } }, contents(person:sees "> ")[1].parts)
    end)

    it("keeps what is typed during an answer", function()
      local person = session()
      person:types "pause\n"
      person:sees "it begins "
      person:types "hello\nhello again\n"
      person:sees "and ends\r\n"
      person:sees "you said: hello\r\n"
      person:sees "you said: hello again\r\n"
    end)

    it("shows how far an upload is", function()
      local person = session()
      local path = temporary.file(("x"):rep(3000000), ".txt")
      person:types(("/file %s\n"):format(path))
      person:sees("\r\27[K" .. path:match "[^/]*$" .. "  100 % of 3000000 bytes")
      person:sees(path .. " (text/plain) goes with the next message")
    end)

    it("is not driven by what the model says", function()
      local shown = session():says("drive", "abc[31md\r\n")
      assert.falsy(shown:find("\27[2J", 1, true))
      local all = open:finish()
      for _, text in ipairs { "\27[2J", "\27]0;", "title", "\8", "\194\155", "a\r" } do
        assert.falsy(all:find(text, 1, true), ("%q"):format(text))
      end
    end)

    it("has no colours where NO_COLOR is set, and some elsewhere", function()
      local person = session(("NO_COLOR=1 GEMINI_API_KEY=k GOOGLE_GEMINI_BASE_URL=%s"):format(server.url))
      person:says("refuse", "no such luck")
      person:types "/quit\n"
      person:sees "status 0"
      assert.falsy(person:finish():find("\27", 1, true))
      assert.truthy(session():finish():find("\27[36m> \27[0m", 1, true))
    end)
  end)
end)
