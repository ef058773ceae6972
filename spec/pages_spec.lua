---What the pages show is so: README.md, CONTRIBUTING.md and each page of docs/. Their blocks run as they stand, against
---the emulator, and print what they say; their links lead somewhere. #checkout

local emulator = require "spec.support.emulator"
local page = require "spec.support.page"
local read = require "spec.support.read"
local run = require "spec.support.run"
local shown = require "spec.support.shown"
local temporary = require "spec.support.temporary"

local function files(pattern)
  local list = {}
  for path in run.shell("ls " .. pattern):gmatch "[^\n]+" do list[#list + 1] = path end
  return list
end

-- What comments say that is printed, in order.
local function expected(code, mark)
  local lines = {}
  for line in (code .. "\n"):gmatch "(.-)\n" do
    local _, to = line:find(mark or "\n", 1, true)
    if to then lines[#lines + 1] = line:sub(to + 1) end
  end
  return lines
end

local function assertPrinted(lines, output)
  local at = 1
  for _, line in ipairs(lines) do
    local from, to = output:find(line, at, true)
    assert.truthy(from, ("%q is not printed in:\n%s"):format(line, output))
    at = to
  end
end

local function isForAnother(how) return how.luajit and not rawget(_G, "jit") end

local function declare(block, place)
  local how = shown[block.words]
  if how == false or how and isForAnother(how) then return end
  it("shows what is so: the block in line " .. block.line, function()
    assert(how, ("nothing is known of blocks of %q"):format(block.words))
    local output, status = how.run(block, place)
    assert.equal(0, status, output)
    assertPrinted(expected(block.code, how.mark), output)
  end)
end

describe("pages #checkout", function()
  for _, path in ipairs(files "README.md CONTRIBUTING.md docs/*.md") do
    describe(path, function()
      local server
      local place = {}

      setup(function()
        server = emulator.start { delay = 0, work = 0.2 }
        place.environment = { GOOGLE_GEMINI_BASE_URL = server.url, GEMINI_API_KEY = "k" }
        place.folder = run.shell "mktemp -d":match "[^\n]+"
      end)
      teardown(function()
        server.stop()
        run.shell("rm -r " .. place.folder)
      end)
      after_each(temporary.clean)

      for _, block in ipairs(page.blocks(read(path))) do declare(block, place) end
    end)
  end
end)

describe("links #checkout", function()
  local function isThere(path) return select(2, run.shell("test -e " .. run.quote(path))) == 0 end

  -- Nil, or why a link of a page leads nowhere.
  local function problemOf(path, target)
    local file, anchor = target:match "^([^#]*)#?(.*)$"
    local place = file == "" and path or (path:match "^.*/" or "") .. file
    if not isThere(place) then return ("%s: %s is not there"):format(path, target) end
    local known = anchor == "" or page.anchors(read(place))[anchor]
    return not known and ("%s: %s has no such heading"):format(path, target) or nil
  end

  for _, path in ipairs(files "*.md docs/*.md bench/*.md fuzz/*.md examples/*/*.md") do
    it("lead somewhere: those of " .. path, function()
      local problems = {}
      for _, target in ipairs(page.links(read(path))) do problems[#problems + 1] = problemOf(path, target) end
      assert.same({}, problems)
    end)
  end

  it("of docs/README.md lead to all of its pages", function()
    local linked = {}
    for _, target in ipairs(page.links(read "docs/README.md")) do linked["docs/" .. target] = true end
    linked["docs/README.md"] = true
    for _, path in ipairs(files "docs/*.md") do assert.is_true(linked[path], path) end
  end)
end)
