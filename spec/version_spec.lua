---There is one version, that of lua/gemini/version.lua, and whatever shows one shows that. #checkout

local gemini = require "gemini"
local read = require "spec.support.read"
local run = require "spec.support.run"
local talk = require "spec.support.talk"
local version = require "gemini.version"

local compile = rawget(_G, "loadstring") or load

-- The fields of a rockspec, which is a program that sets globals.
local function rockspec(path)
  local fields = {}
  if rawget(_G, "setfenv") then
    setfenv(assert(compile(read(path))), fields)()
  else
    assert(load(read(path), path, "t", fields))()
  end
  return fields
end

describe("the version #checkout", function()
  after_each(talk.stop)

  it("is a semantic one", function() assert.truthy(version:find "^%d+%.%d+%.%d+$") end)

  it("is the module's", function() assert.equal("lua-gemini " .. version, gemini._VERSION) end)

  it("is what requests say", function()
    local client = talk.answering(talk.ok '{"name":"models/a"}')
    assert(client.models:get { name = "a" })
    for _, header in ipairs { "user-agent", "x-goog-api-client" } do
      assert.equal("lua-gemini/" .. version, talk.sent().headers[header]:match "^%S+")
    end
  end)

  it("is the first that the changelog tells of", function()
    assert.equal(version, read("CHANGELOG.md"):match "\n## %[?([%d.]+)")
  end)

  it("is none in the checkout's rockspec, and the tag's in the one of a release", function()
    local folder = run.shell "mktemp -d":match "[^\n]+"
    local output, status = run.shell("tools/release " .. folder)
    assert.equal(0, status, output)
    local scm, released = rockspec "lua-gemini-scm-1.rockspec", rockspec(("%s/lua-gemini-%s-1.rockspec"):format(folder, version))
    run.shell("rm -r " .. folder)
    assert.same({ "scm-1" }, { scm.version, scm.source.tag })
    assert.same({ version .. "-1", "v" .. version }, { released.version, released.source.tag })
    scm.version, scm.source.tag = released.version, released.source.tag
    assert.same(scm, released)
  end)
end)

describe("the licence #checkout", function()
  it("is named in the rockspec, and there", function()
    assert.equal("MIT", rockspec("lua-gemini-scm-1.rockspec").description.license)
    assert.truthy(read("LICENSE"):find "^MIT License\n")
  end)
end)
