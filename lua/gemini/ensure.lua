---A cache of just these contents, found or made: `client.cachedContents:ensure`.

local api = require "gemini.api"
local canonical = require "gemini.canonical"
local codec = require "gemini.codec"
local delay = require "gemini.delay"
local errors = require "gemini.errors"
local memo = require "gemini.memo"
local moment = require "gemini.moment"
local options = require "gemini.options"
local pager = require "gemini.pager"
local path = require "gemini.path"
local portable = require("gemini.lazy") "gemini.cassette.portable"
local request = require "gemini.request"
local rest = require "gemini.rest"
local shared = require "gemini.loop.shared"
local tables = require "gemini.tables"

local ensure = {}

-- The server's own, in seconds.
local HOUR = 3600

-- Characters of a display name, and of the hash in it.
local LONGEST, HASH = 128, 16

-- Pages are large: most of what is in them is looked at once.
local PAGE_SIZE = 1000

-- Seconds that the API can write.
local MOST = 315576000000

local function characters(text)
  return #(text:gsub("[\128-\191]", ""))
end

-- A lifetime in seconds; nil where it is none.
local function secondsOf(ttl)
  local seconds = type(ttl) == "number" and ttl or delay.seconds(ttl)
  return seconds and seconds > 0 and seconds <= MOST and seconds or nil
end

local LONGEST_KEY = LONGEST - HASH - 1

local function isKey(value)
  return type(value) == "string" and characters(value) <= LONGEST_KEY
end

-- What the API's own rules tell of.
local free = { function() return true end, "what the API takes" }

local RULES = {
  key = { isKey, ("a text of %d characters at most"):format(LONGEST_KEY) },
  ttl = { secondsOf, 'a positive number of seconds, or a text such as "300s"' },
  model = { function(value) return type(value) == "string" end, "a string" },
  contents = free, systemInstruction = free, tools = free, toolConfig = free,
}

-- The same for the same contents, whoever asks, and by whatever URL.
local function nameOf(key, body, baseUrl)
  local cached = portable.pack(assert(codec.decode(body)), baseUrl)
  cached.model = nil
  local hash = codec.sha256():add(canonical(cached)):hex():sub(1, HASH)
  return key and key .. "-" .. hash or hash
end

local function build(client, method, args, call)
  return request.build(client, "cachedContents." .. method, api.cachedContents[method], args, call)
end

-- Carries out a method with arguments that are right, but for what the server gave. The third result is when that was,
-- for a cassette's answers tell of another time.
local function carryOut(wanted, method, args)
  local built, problem = build(wanted.client, method, args, wanted.call)
  if not built then
    local label = errors.label(wanted.client, "cachedContents." .. method, tostring(args.name))
    return nil, errors.protocol(problem, "", label)
  end
  built.label.dated = method == "list"
  local reply, err = rest.call(wanted.client, api.cachedContents[method], built)
  return reply, err, built.label.recorded or os.time()
end

local function create(wanted)
  return carryOut(wanted, "create", wanted.fields)
end

-- Seconds that a cache has left at a time, where it is the one that is wanted.
local function lifetime(wanted, cache, now)
  if cache.displayName ~= wanted.fields.displayName or cache.model ~= wanted.model then return 0 end
  local ends = type(cache.expireTime) == "string" and moment(cache.expireTime)
  return ends and ends - now or 0
end

-- The pages of all caches, each with when it was true.
local function pages(wanted)
  local row, now = api.cachedContents.list, nil
  local function fetch(token)
    local page, err
    page, err, now = carryOut(wanted, "list", { pageSize = PAGE_SIZE, pageToken = token })
    return page, err
  end
  local label = errors.label(wanted.client, "cachedContents.list", row.items)
  local all = pager.new(row.items, pager.names(row), nil, fetch, label)
  return function()
    local page, err = all:page()
    return page, err, now
  end
end

-- The one that lasts longest, and for how long; and the error where not all could be looked through.
local function find(wanted)
  local best, longest, nextPage = nil, 0, pages(wanted)
  while true do
    local page, err, now = nextPage()
    if not page then return best, longest, err end
    for _, cache in ipairs(tables.objects(page.cachedContents)) do
      local left = lifetime(wanted, cache, now)
      if left > longest then best, longest = cache, left end
    end
  end
end

-- What the server says of a cache that is gone.
local GONE = { [403] = true, [404] = true }

local function renew(wanted, cache)
  local renewed, err = carryOut(wanted, "patch", { name = cache.name, ttl = wanted.fields.ttl })
  if not renewed and err.kind == "api" and GONE[err.code] then return create(wanted) end
  return renewed, err
end

local function obtain(wanted)
  local cache, left, err = find(wanted)
  if err then return nil, err end
  if not cache then return create(wanted) end
  if left < wanted.seconds / 2 then return renew(wanted, cache) end
  return cache
end

-- What is under way for a client, by model and name: who wants the same waits for it.
local underWay = memo(function() return setmetatable({}, { __mode = "v" }) end, "k")

local function once(wanted)
  local all, name = underWay(wanted.client), wanted.model .. " " .. wanted.fields.displayName
  local task = all[name]
  if not task or task:hasEnded() then
    task = shared.spawn(obtain, wanted)
    all[name] = task
  end
  local cache, err = task:await()
  return cache and tables.deepCopy(cache), err
end

-- As the wire writes numbers, whatever the locale, and with no more digits than the API takes.
local function duration(seconds)
  return codec.encode(math.ceil(seconds * 1000) / 1000) .. "s"
end

---`client.cachedContents:ensure`.
---@param client gemini.State
---@param args table  a CachedContent's fields, and `key`
---@param call? gemini.CallOptions  of each request
---@return gemini.CachedContent?
---@return gemini.Error|string|nil err  a text is what is wrong with the arguments
function ensure.call(client, args, call)
  local problem = options.check(args, RULES)
  if not problem and not args.model then problem = "model is missing" end
  if problem then return nil, problem end
  local fields = tables.copy(args)
  fields.key, fields.ttl = nil, nil
  local built
  built, problem = build(client, "create", fields, call)
  if not built then return nil, problem end
  local seconds = args.ttl and secondsOf(args.ttl) or HOUR
  fields.displayName, fields.ttl = nameOf(args.key, built.body, client.baseUrl), duration(seconds)
  problem = select(2, client.wire.encode(fields.displayName))
  if problem then return nil, "key: " .. problem end
  return once {
    client = client, call = call, fields = fields, seconds = seconds, model = path.complete(args.model, "models/*"),
  }
end

return ensure
