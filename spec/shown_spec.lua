---What holds pages to their word can tell what is wrong: for each kind of block one that is. #checkout

local page = require "spec.support.page"
local run = require "spec.support.run"
local shown = require "spec.support.shown"
local temporary = require "spec.support.temporary"

-- By the words behind the fence; what is wrong with each is to be seen in its output.
local WRONG = {
  ["lua"] = { { 'error "wrong"', "wrong" } },
  ["lua copas"] = { { "= wrong", "unexpected symbol" } },
  ["lua neovim"] = { { 'error "wrong"', "wrong" }, { "gemini.spawn(gemini.sleep, 60)", "do not end" } },
  ["lua love"] = {
    { 'function love.update() error "wrong" end function love.draw() end', "wrong" },
    { "gemini.spawn(gemini.sleep, 60) function love.update() gemini.step(0) end function love.draw() end", "do not end" },
  },
  ["c"] = { { "int main(void) { return wrong; }", "wrong" }, { "int main(void) { return 3; }", "" } },
  ["sh"] = { { "if", "" }, { "make no-such-target", "no-such-target" }, { "echo tools/env tools/none", "tools/none" } },
}

describe("a block that is wrong is seen #checkout", function()
  local place = { environment = { GEMINI_API_KEY = "k", SHOWN_SECONDS = "0.1" } }

  setup(function() place.folder = run.shell "mktemp -d":match "[^\n]+" end)
  teardown(function() run.shell("rm -r " .. place.folder) end)
  after_each(temporary.clean)

  for words, how in pairs(shown) do
    if how and not (how.luajit and not rawget(_G, "jit")) then
      it(("among those of %q"):format(words), function()
        for _, wrong in ipairs(WRONG[words]) do
          local output, status = how.run({ words = words, line = 1, code = wrong[1] .. "\n" }, place)
          assert.not_equal(0, status, output)
          assert.truthy(output:find(wrong[2], 1, true), output)
        end
      end)
    end
  end
end)

describe("a page #checkout", function()
  local TEXT = "# A `b`: c-d\n\n[x](y.md#z) `[a](b)` [w](https://w)\n\n```lua neovim\n# no [l](m)\n```\n\n``` \n```\n"

  it("has its blocks, with their lines", function()
    assert.same({
      { words = "lua neovim", line = 5, code = "# no [l](m)\n" }, { words = " ", line = 9, code = "\n" },
    }, page.blocks(TEXT))
  end)

  it("has its links and headings, without what is code", function()
    assert.same({ "y.md#z" }, page.links(TEXT))
    assert.same({ ["a-b-c-d"] = true }, page.anchors(TEXT))
  end)
end)
