-- Prints docs/reference.md, made from the project's own tables:
--   tools/env lua5.4 tools/reference.lua > docs/reference.md
local additions = require "gemini.additions"
local api = require "gemini.api"
local messages = require "gemini.messages"
local methods = require "tools.methods"
local options = require "gemini.options"
local own = require "gemini.own"
local tables = require "gemini.tables"

local INTRO = [[
# Reference

Every method of a client, one line each. `tools/reference.lua` makes this page from the tables that the client itself
works with (`lua/gemini/api.lua`, `lua/gemini/messages.lua`). The manual is Google's
[REST reference](https://ai.google.dev/api): every name here is the name there.

## How to read it

> %s

- Braces hold the fields of the one table that a method takes; `!` marks what has to be there: what belongs into the
  path is asked for here, the rest by the server, or here too with `gemini.new{ check = true }`. A method that needs
  nothing may be called without the table. A second table takes options of the call:
  %s.
- Behind the dash is the request. A path's `{name=…}` is filled from the argument of that name, `{corpus.name=…}` from
  `name`, and `{batch.model=…}` from `model` or from `batch = { model = … }`. A bare name is completed where one
  collection is possible: for `corpora/*`, `x` is `corpora/x`; the first of several alternatives counts.
- What stands behind the `?` travels in the query, all else in the body. A value there (`alt=sse`) is sent in every
  call. An `updateMask` that is not given lists the fields that are.
- A path's `{+path}` keeps its slashes; `""` is the root.
- `contents`, `content` and `systemInstruction` take a string, a part, a list of these, or the full form.
- An upload takes its bytes from `path`, a file, as `data`, or from `read`, a function; with them it takes
  %s. `[upload/]` means that it may go
  without: the request then makes the metadata alone.
- A download gives its bytes, or saves them as `path`, or hands them to `sink`; with `onProgress`.
- Where a `path` is a part of the request, the local file is called `localPath`.
- With `packed = true` the `values` of embeddings are vectors of `gemini.vector`.
- %s
  are a family of their own: their names are in snake_case.

A call gives one of these, or `nil` and an error:

- a message, by its name: a table with the fields of the REST reference. The fields and enums of all messages, but for
  the family in snake_case, are in the types that editors read, [messages](../lua/gemini/meta/messages.lua), and so are
  the [arguments](../lua/gemini/meta/methods.lua) with their types. Three have helpers beside their fields:
  `GenerateContentResponse` has `text`, `thoughts`, `functionCalls`, `inlineData`, `finishReason`, `blockReason` and
  `parsed`, where functions may be called `toolTurns` and `toolLimit`, as a stream's chunk `partial` too; `Interaction`
  has `text`, that of `run` `toolTurns` and `toolLimit` too; `Operation` has `wait` and `cancel`, that of a batch
  `state` and `results` too
- `{}`: an empty table, where there is nothing to say
- bytes: a string; where they were saved, the path, and where `sink` took them, how many they were

Three kinds give their result at once, and raise errors where a loop meets them:

- a pager: an iterator over the items of all pages; `pager:page()` gives the next page whole
- a stream: an iterator over the chunks as they arrive; also `stream:next()`, `stream:collect()`, `stream:close()`
- what `client.batches:run` gives: an iterator over keys and results; also `run:next()`, `run:collect()`

One method belongs to no resource: `client:chat` begins a [chat](chats.md).

## Resources

]]

local function short(message)
  return "`" .. message:gsub("^google%.longrunning%.", "") .. "`"
end

local RETURNS = {
  pager = function(message) return "pager of " .. short(message) end,
  stream = function(message) return "stream of " .. short(message) end,
  either = function(message) return ("%s; a stream of its events where `stream = true`"):format(short(message)) end,
  bytes = function() return "bytes" end,
  empty = function() return "`{}`" end,
  reply = short,
  own = function(words) return words end,
}

local function origins(row)
  return { own.word(row, "path"), "data", "read" }
end

-- What an upload takes beside its bytes, the same for all of them.
local function uploadOptions()
  local words, known = { "mimeType" }, tables.copy(options.upload)
  for _, name in ipairs(origins(api.media.upload)) do known[name] = nil end
  for _, name in ipairs(tables.sortedKeys(known)) do words[#words + 1] = name end
  return words
end

local function mediaWord(row)
  local words = row.upload and origins(row) or row.download and { own.word(row, "path"), "sink" }
  return words and table.concat(words, "|")
end

local function argumentNames(row, required)
  local words = {}
  for _, argument in ipairs(methods.arguments(row)) do
    local elsewhere = argument.media or row.upload and argument.name == "mimeType"
    if not elsewhere and (argument.required or false) == required then words[#words + 1] = argument.name end
  end
  return words
end

-- What has to be there, where media come from or go to, and what may be there.
local function braces(row)
  local words, unknown = argumentNames(row, true), methods.unknownBody(row)
  for i, name in ipairs(words) do words[i] = name .. "!" end
  words[#words + 1] = mediaWord(row)
  for _, name in ipairs(argumentNames(row, false)) do words[#words + 1] = name end
  if unknown then words[#words + 1] = "fields of " .. unknown end
  return table.concat(words, ", ")
end

local UPLOAD = { required = "upload/", optional = "[upload/]" }

local function request(row)
  local fields = { row.fixed }
  for _, name in ipairs(row.query or {}) do fields[#fields + 1] = name end
  local query = fields[1] and "?" .. table.concat(fields, "&") or ""
  return ("%s %s%s%s"):format(row.verb, UPLOAD[row.upload] or "", row.path, query)
end

-- What goes over the wire, or stands for that.
local function meaning(resource, name, row)
  local added = (additions[resource] or {})[name]
  if not added then return ("`%s`"):format(request(row)) end
  return added.as and ("the same as `client.%s`"):format((added.as:gsub("%.(%w+)$", ":%1"))) or added.does
end

local function line(resource, name)
  local row = methods.rows(resource)[name]
  local kind, message = methods.returns(resource, name)
  local result = RETURNS[kind](message)
  local form = row.positional and "`client.%s:%s(%s)` → %s — %s\n" or "`client.%s:%s{ %s }` → %s — %s\n"
  return form:format(resource, name, braces(row), result, meaning(resource, name, row))
end

-- As pages make it of a heading.
local function anchor(resource)
  return "#" .. resource:lower():gsub("%.", "")
end

local function link(resource, label)
  return ("[%s](%s)"):format(label, anchor(resource))
end

-- A resource's line in the table of contents, with those in it.
local function entry(top)
  local inner = {}
  for _, resource in ipairs(tables.sortedKeys(api)) do
    local label = resource:sub(1, #top + 1) == top .. "." and resource:sub(#top + 2)
    if label then inner[#inner + 1] = link(resource, label) end
  end
  return ("- %s%s\n"):format(link(top, top), inner[1] and ": " .. table.concat(inner, ", ") or "")
end

-- Whether there are no facts about what a resource gives: those of the newest family.
local function isUnknown(rows)
  for _, row in pairs(rows) do
    if row.reply and row.reply ~= "Empty" and not messages.get(row.reply) then return true end
  end
  return false
end

-- "`a`, `b` and `c`"
local function enumerated(names)
  for i, name in ipairs(names) do names[i] = "`" .. name .. "`" end
  local last = table.remove(names)
  return table.concat(names, ", ") .. " and " .. last
end

local function family()
  local names = {}
  for _, resource in ipairs(tables.sortedKeys(api)) do
    if not resource:find(".", 1, true) and isUnknown(api[resource]) then names[#names + 1] = resource end
  end
  return enumerated(names)
end

local sample = line("corpora.documents", "list"):sub(1, -2)
io.write(INTRO:format(sample, enumerated(tables.sortedKeys(options.call)), enumerated(uploadOptions()), family()))
for _, resource in ipairs(tables.sortedKeys(api)) do
  if not resource:find(".", 1, true) then io.write(entry(resource)) end
end
for _, resource in ipairs(tables.sortedKeys(api)) do
  io.write("\n### ", resource, "\n\n")
  for _, name in ipairs(tables.sortedKeys(methods.rows(resource))) do io.write("- ", line(resource, name)) end
end
