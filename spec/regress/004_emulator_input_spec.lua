---What the emulator took in and could not make sense of later: 500 where the request was to blame, or a change that
---nobody had asked for.

local cjson = require "cjson"
local emu = require "spec.support.emulator"
local emulator = require "gemini.emulator"

describe("the emulator", function()
  local server

  setup(function() server = emu.start { work = 0, delay = 0 } end)
  teardown(function() server.stop() end)
  before_each(function() assert(server.reset()) end)

  local function ask(verb, target, body) return emu.call(server.url, verb, "/v1beta/" .. target, body) end

  local function good(verb, target, body)
    local response = ask(verb, target, body)
    assert.equal(200, response.status, response.body)
    return emu.json(response), response.body
  end

  -- Returns the message and the fields that it complains of.
  local function invalid(verb, target, body)
    local response = ask(verb, target, body)
    assert.equal(400, response.status, response.body)
    local problem = emu.json(response).error
    assert.equal("INVALID_ARGUMENT", problem.status)
    return problem.message
  end

  local function contains(part, text) assert.truthy(text:find(part, 1, true), text) end

  local function nested(depth)
    return '{"model":"gemini-2.5-flash","input":"x","tools":' .. ("["):rep(depth - 1) .. ("]"):rep(depth - 1) .. "}"
  end

  it("reads a body as deep as the API does", function()
    contains("nested", invalid("POST", "interactions", nested(101)))
    good("POST", "agents", '{"id":"mine"}')
    good("GET", "agents/mine")
  end)

  it("refuses numbers that are none", function()
    good("POST", "corpora", '{"name":"corpora/a"}')
    local body = '{"customMetadata":[{"key":"k","numericValue":%s}]}'
    for _, value in ipairs { '"NaN"', '"Infinity"', '"-Infinity"', "1e999", "-1e999" } do
      invalid("POST", "corpora/a/documents", body:format(value))
    end
    invalid("POST", "agents", '{"id":"mine","description":[-1e999]}')
    good("POST", "corpora/a/documents", body:format('"1.5"'))
  end)

  it("knows the values of an enum by their names alone", function()
    good("POST", "corpora", '{"name":"corpora/a"}')
    contains("role", invalid("POST", "corpora/a/permissions", '{"granteeType":"EVERYONE","role":3}'))
    good("POST", "corpora/a/permissions", '{"granteeType":"EVERYONE","role":"reader"}')
  end)

  it("repeats every digit of an integer", function()
    for _, digits in ipairs { "1234567890123456", "-9007199254740991", "100000000000000", "99999999999999", "-1" } do
      local _, text = good("POST", "agents", ('{"tools":[{"n":%s},{"n":[%s,0,0.5]}]}'):format(digits, digits))
      contains('{"n":' .. digits .. "}", text)
      contains("[" .. digits .. ",0,0.5]", text)
    end
  end)

  it("leaves a text that looks like a mark of its own alone", function()
    local created = good("POST", "corpora", '{"displayName":"\\u0000[]"}')
    assert.equal("\0[]", created.displayName)
    local body = '{"id":"mine","description":"\\u0000[]","tools":[ ]}'
    assert.equal("\0[]", good("POST", "agents", body).description)
    contains("UTF-8", invalid("POST", "corpora", '{"displayName":"\255[]"}'))
  end)

  it("takes no time that is none", function()
    local body = '{"model":"models/gemini-2.5-flash","contents":[{"parts":[{"text":"x"}]}],"expireTime":"%s"}'
    for _, time in ipairs {
      "2030-02-31T00:00:00Z", "2031-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2030-04-31T00:00:00Z",
      "9999-12-31T23:59:59-23:59", "2030-01-01T00:00:00+24:00", "2030-01-01T00:00:00.Z", "2030-01-01T00:00:0012Z",
    } do
      contains("RFC 3339", invalid("POST", "cachedContents", body:format(time)))
    end
    for _, time in ipairs { "2400-02-29T00:00:00.5Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59+01:00" } do
      assert.equal(20, #good("POST", "cachedContents", body:format(time)).expireTime:gsub("%.%d+", ""))
    end
  end)

  it("works for no longer than clocks go", function()
    assert.has_error(function() emulator.new { work = 1e20 } end)
    assert.has_error(function() emulator.new { delay = 1e10 } end)
    emulator.new({ work = 1e9 }):close()
  end)

  describe("with a field mask", function()
    local function newBatch()
      local request = '{"batch":{"displayName":"d","webhookConfig":{"uris":["https://a.b/"],"userMetadata":{"k":"v"}},'
        .. '"inputConfig":{"requests":{"requests":[{"request":{"contents":[{"parts":[{"text":"x"}]}]}}]}}}}'
      return good("POST", "models/gemini-2.5-flash:batchGenerateContent", request).name
    end

    local function patchBatch(name, paths, body)
      return good("PATCH", ("%s:updateGenerateContentBatch?updateMask=%s"):format(name, paths), body)
    end

    it("changes a part of a message and leaves its other parts", function()
      local name = newBatch()
      local changed = patchBatch(name, "webhookConfig.uris", '{"webhookConfig":{"uris":["https://c.d/"]}}')
      assert.same({ uris = { "https://c.d/" }, userMetadata = { k = "v" } }, changed.webhookConfig)
      changed = patchBatch(name, "webhook_config.user_metadata", "{}")
      assert.same({ uris = { "https://c.d/" } }, changed.webhookConfig)
      assert.equal("d", changed.displayName)
    end)

    it("takes a star for all that may change", function()
      local created = good("POST", "corpora", '{"name":"corpora/a","displayName":"before"}')
      local changed = good("PATCH", "corpora/a?updateMask=*", '{"name":"corpora/b","displayName":"after"}')
      assert.equal("after", changed.displayName)
      assert.equal(created.createTime, changed.createTime)
      assert.is_nil(good("PATCH", "corpora/a?updateMask=*", "{}").displayName)
    end)

    it("refuses what names no field", function()
      good("POST", "corpora", '{"name":"corpora/a","displayName":"before"}')
      for _, text in ipairs { ",", "displayName,", "displayName.foo", "displayName..foo", "displayName.", ".", "*,displayName" } do
        invalid("PATCH", "corpora/a?updateMask=" .. text, '{"displayName":"after"}')
      end
      assert.equal("before", good("GET", "corpora/a").displayName)
    end)

    it("calls a field of an agent's family by its own name", function()
      local id = good("POST", "webhooks", '{"uri":"https://a.b/","subscribed_events":["batch.failed"]}').id
      contains("'new_signing_secret'", invalid("PATCH", "webhooks/" .. id .. "?update_mask=new_signing_secret", "{}"))
      contains("'subscribedEvents'", invalid("PATCH", "webhooks/" .. id .. "?update_mask=subscribedEvents", "{}"))
    end)
  end)

  describe("with a page token", function()
    local function fill()
      for _, corpus in ipairs { "corpora/a", "corpora/b" } do
        good("POST", "corpora", ('{"name":"%s"}'):format(corpus))
        for _ = 1, 3 do good("POST", corpus .. "/documents", "{}") end
      end
    end

    local function tokenOf(target)
      local reply = good("GET", target)
      local token = reply.nextPageToken or reply.next_page_token
      return (token:gsub("%W", function(char) return ("%%%02X"):format(char:byte()) end))
    end

    it("goes on in the list that the token is of, at any size of a page", function()
      fill()
      local token = tokenOf "corpora/a/documents?pageSize=1"
      assert.equal(2, #good("GET", "corpora/a/documents?page_size=9&page_token=" .. token).documents)
    end)

    it("refuses the token of another list", function()
      fill()
      local token = tokenOf "corpora/a/documents?pageSize=1"
      invalid("GET", "corpora/b/documents?pageToken=" .. token)
      invalid("GET", "corpora?pageToken=" .. token)
      invalid("GET", "models?pageToken=" .. token)
    end)

    it("refuses the token of a list with another filter", function()
      local token = tokenOf "voices?page_size=1&gender=female&gender=male"
      good("GET", "voices?gender=male&gender=female&page_size=2&page_token=" .. token)
      invalid("GET", "voices?gender=female&page_size=1&page_token=" .. token)
      invalid("GET", "voices?page_size=1&page_token=" .. token)
    end)

    it("refuses a place beyond all numbers", function()
      local mime = require "mime"
      local token = mime.b64("next:9223372036854775807 /v1beta/corpora "):gsub("=", "%%3D")
      invalid("GET", "corpora?pageToken=" .. token)
    end)
  end)

  it("undoes a batch of which a part fails", function()
    good("POST", "corpora", '{"name":"corpora/a"}')
    good("POST", "corpora/a/documents", '{"name":"corpora/a/documents/d"}')
    local parent = "corpora/a/documents/d"
    for _, id in ipairs { "x", "y", "z" } do
      good("POST", parent .. "/chunks", ('{"name":"%s/chunks/%s","data":{"stringValue":"%s"}}'):format(parent, id, id))
    end
    local before = good("GET", parent .. "/chunks").chunks
    local function delete(ids)
      local requests = {}
      for i, id in ipairs(ids) do requests[i] = { name = parent .. "/chunks/" .. id } end
      return ask("POST", parent .. "/chunks:batchDelete", cjson.encode { requests = requests }).status
    end
    assert.equal(404, delete { "y", "none" })
    assert.same(before, good("GET", parent .. "/chunks").chunks)
    assert.equal(200, delete { "x", "z" })
    assert.same({ before[2] }, good("GET", parent .. "/chunks").chunks)
  end)
end)
