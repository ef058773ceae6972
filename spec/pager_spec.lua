local talk = require "spec.support.talk"

local function page(token, ...)
  local names = {}
  for i = 1, select("#", ...) do names[i] = ('{"name":"%s"}'):format((select(i, ...))) end
  return talk.ok(('{"models":[%s]%s}'):format(table.concat(names, ","), token and (',"nextPageToken":"%s"'):format(token) or ""))
end

local function names(pager)
  local out = {}
  for model in pager do out[#out + 1] = model.name end
  return out
end

describe("a pager", function()
  after_each(talk.stop)

  it("gives every item of every page, the empty ones passed over", function()
    local client, server = talk.answering(page("t1", "a", "b"), page("t2"), page("t3", "c"), page("", "d"))
    local pager = client.models:list { pageSize = 2 }
    assert.equal(0, server:connections())
    assert.same({ "a", "b", "c", "d" }, names(pager))
    assert.is_nil(pager())
    assert.equal("/v1beta/models?pageSize=2", talk.sent(1).target)
    assert.equal("/v1beta/models?pageSize=2&pageToken=t1", talk.sent(2).target)
    assert.equal("/v1beta/models?pageSize=2&pageToken=t3", talk.sent(4).target)
  end)

  it("needs no arguments, and takes a page token", function()
    local client = talk.answering(page(nil, "a"), talk.ok "{}")
    assert.same({ "a" }, names(client.models:list()))
    assert.same({}, names(client.models:list { pageToken = "p" }))
    assert.equal("/v1beta/models", talk.sent(1).target)
    assert.equal("/v1beta/models?pageToken=p", talk.sent(2).target)
  end)

  it("gives raw pages, nil after the last", function()
    local client = talk.answering(page("t1", "a"), page(nil, "b"))
    local pager = client.models:list()
    assert.same({ models = { { name = "a" } }, nextPageToken = "t1" }, (pager:page()))
    assert.same({ models = { { name = "b" } } }, (pager:page()))
    local none, err = pager:page()
    assert.is_nil(none)
    assert.is_nil(err)
  end)

  it("returns a page's error, and can be asked again", function()
    local client = talk.answering(page("t1", "a"), talk.http("503 Busy", '{"error":{"code":503}}'), page(nil, "b"))
    local pager = client.models:list()
    pager:page()
    local none, err = pager:page()
    assert.is_nil(none)
    assert.equal(503, err.code)
    assert.equal("models.list", err.method)
    assert.equal("b", pager:page().models[1].name)
  end)

  it("asks with the arguments as they were", function()
    local client = talk.answering(page("t1", "a"), page("t2", "b"), page(nil, "c"))
    local args, options = { pageSize = 2 }, { headers = { ["X-A"] = "1" } }
    local pager = client.models:list(args, options)
    pager:page()
    args.pageSize, options.headers["X-A"] = {}, 5
    pager:page()
    assert(pager:page())
    assert.equal("/v1beta/models?pageSize=2&pageToken=t2", talk.sent(3).target)
    assert.equal("1", talk.sent(3).headers["x-a"])
  end)

  it("ends where a server would have it go on for ever", function()
    local client = talk.answering(page("t1", "a"), page("t1", "b"))
    local pager = client.models:list()
    pager:page()
    local none, err = pager:page()
    assert.is_nil(none)
    assert.equal("protocol", err.kind)
  end)

  it("raises in a loop", function()
    local client = talk.answering(page("t1", "a"), talk.http("503 Busy", '{"error":{"code":503}}'))
    local seen = {}
    local ok, err = pcall(function()
      for model in client.models:list() do seen[#seen + 1] = model.name end
    end)
    assert.is_false(ok)
    assert.equal(503, err.code)
    assert.same({ "a" }, seen)
  end)

  it("gives objects alone to a loop, and never the same page again", function()
    local client = talk.answering(
      talk.ok '{"models":[1,null,{"name":"a"},"x"],"nextPageToken":"p"}', talk.ok '{"models":{"x":1},"nextPageToken":"q"}',
      talk.ok '{"models":[{"name":"b"}],"nextPageToken":"p"}'
    )
    local seen = {}
    local fine, err = pcall(function()
      for model in client.models:list() do seen[#seen + 1] = model.name end
    end)
    assert.is_false(fine)
    assert.same({ "a" }, seen)
    assert.same({ "protocol", 'the server gave the page token "p" twice' }, { err.kind, err.message })
    local pager = client.models:list()
    assert.equal("gemini.pager of models: open", tostring(pager))
    fine, err = pcall(pager.page)
    assert.is_false(fine)
    assert.truthy(err:find("pager:page: call it with a colon", 1, true))
  end)
end)
