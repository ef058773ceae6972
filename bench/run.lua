-- The driver: run.lua RUNS [WORKLOAD…]. Clients take turns, each run has a server of its own, and both share one
-- processor: wake-ups across processors would make the figures vary.
local WORK = "build/bench/"
local RUN = "taskset -c 0 " .. WORK .. "measure " .. WORK .. "fixture %s %s URL %d " .. WORK .. "1g.bin 2>" .. WORK
  .. "errors.txt"

-- The first is the one that the others are compared with. What a client lacks are workloads that it has no means for;
-- one that is another way to do some has only these, by names of their own.
local CLIENTS = {
  { "limit", WORK .. "limit" },
  { "lua5.4", "lua5.4 bench/clients/gemini.lua" },
  { "luajit", "luajit bench/clients/gemini.lua" },
  { "lua5.4, packed", "lua5.4 bench/clients/gemini.lua", only = { embeddings = "packed" } },
  { "luajit, packed", "luajit bench/clients/gemini.lua", only = { embeddings = "packed" } },
  { "lua-curl, luajit", "luajit bench/clients/peer.lua luacurl", lacks = { many = true } },
  { "lua-http, lua5.4", "lua5.4 bench/clients/peer.lua luahttp" },
  { "lua-http, luajit", "luajit bench/clients/peer.lua luahttp" },
  { "curl spawned, lua5.4", "lua5.4 bench/clients/peer.lua spawned" },
  { "curl spawned, luajit", "luajit bench/clients/peer.lua spawned" },
  { "@google/genai", "node " .. WORK .. "genai.mjs" },
}

-- Of what there are so many, and what one of them is; its cost is that of all without that of a run of one.
local WORKLOADS = {
  { "startup", 0 },
  { "unary", 5000, "call" },
  { "stream", 50000, "event" },
  { "stream", 500000, "event", name = "long" },
  { "many", 1000, "stream" },
  { "embeddings", 20, "call" },
  { "image", 20, "call" },
  { "upload", 1 },
  { "first", 500 },
}

local function median(list)
  table.sort(list)
  return list[(#list + 1) // 2]
end

-- What a client printed and what was measured; nil where it failed.
local function measured(client, workload, count)
  local pipe = assert(io.popen(RUN:format(client[2], workload, count)))
  local text = pipe:read "a"
  if not pipe:close() then return nil end
  local came, user, system, peak, server = text:match "^(.-)\n(%S+) (%S+) (%d+) (%S+)\n$"
  return {
    amount = came:match "^%S+", delay = tonumber(came:match "%s(%S+)$"), cpu = user + system,
    peak = tonumber(peak), server = tonumber(server),
  }
end

local function available()
  local clients = {}
  for _, client in ipairs(CLIENTS) do
    if measured(client, "startup", 0) then
      clients[#clients + 1] = client
    else
      print(client[1] .. " is left out: it does not run here")
    end
  end
  return clients
end

-- All but the first, which decodes nothing, must have got the same.
local function check(samples)
  for i = 3, #samples do
    assert(samples[i].amount == samples[2].amount, samples[i].name .. " got something else than " .. samples[2].name)
  end
end

-- What a client calls a workload; nil where it has no part in it.
local function part(client, workload)
  if client.only then return client.only[workload] end
  return not (client.lacks and client.lacks[workload]) and workload or nil
end

local function sample(client, name, workload)
  local found = measured(client, name, workload[2])
  local one = workload[3] and measured(client, name, 1)
  if not found or workload[3] and not one then error(("%s fails at %s"):format(client[1], workload[1]), 0) end
  found.name = client[1]
  found.each = one and (found.cpu - one.cpu) / (workload[2] - 1) * 1e6
  return found
end

local function turn(clients, workload)
  local samples = {}
  for _, client in ipairs(clients) do
    local name = part(client, workload[1])
    if name then samples[#samples + 1] = sample(client, name, workload) end
  end
  check(samples)
  for _, found in ipairs(samples) do
    local limit = samples[1]
    found.ratio = found.delay and found.delay / limit.delay or found.cpu / limit.cpu
  end
  return samples
end

local function row(turns, place, columns)
  local cells = { ("%-22s"):format(turns[1][place].name) }
  for i, column in ipairs(columns) do
    local values = {}
    for t, samples in ipairs(turns) do values[t] = samples[place][column.key] * (column.scale or 1) end
    cells[i + 1] = ("%12" .. column.as):format(median(values))
  end
  return table.concat(cells)
end

local function columnsOf(workload)
  local columns = { { title = "CPU ms", key = "cpu", scale = 1e3, as = ".1f" } }
  if workload[3] then columns[2] = { title = "us a " .. workload[3], key = "each", as = ".2f" } end
  if workload[1] == "first" then columns[2] = { title = "delay us", key = "delay", as = ".1f" } end
  columns[#columns + 1] = { title = "ratio", key = "ratio", as = ".2f" }
  columns[#columns + 1] = { title = "peak kB", key = "peak", as = ".0f" }
  columns[#columns + 1] = { title = "server ms", key = "server", scale = 1e3, as = ".1f" }
  return columns
end

local function show(workload, turns)
  local columns = columnsOf(workload)
  local head = { ("%-22s"):format(workload.name or workload[1]) }
  for i, column in ipairs(columns) do head[i + 1] = ("%12s"):format(column.title) end
  print("\n" .. table.concat(head))
  for place = 1, #turns[1] do print(row(turns, place, columns)) end
end

local runs, wanted = tonumber(arg[1] or 5), {}
for i = 2, #arg do wanted[arg[i]] = true end
print(("%d runs, client and server on one processor"):format(runs))
local clients = available()
for _, workload in ipairs(WORKLOADS) do
  if #arg < 2 or wanted[workload.name or workload[1]] then
    local turns = {}
    for i = 1, runs do turns[i] = turn(clients, workload) end
    show(workload, turns)
  end
end
