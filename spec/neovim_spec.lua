---The plugin of examples/neovim, in a real Neovim that gets keys. #checkout

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
return function(request) return replies[request.text:match("^%a*")](request) end
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
end)
