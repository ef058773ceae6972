-- Joins the chunks of a stream into the one response that a unary call answers with.
local merge = {}

local function isPlainText(part)
  for name in pairs(part) do
    if name ~= "text" and name ~= "thought" then return false end
  end
  return part.text ~= nil
end

local function addPart(parts, part)
  local last = parts[#parts]
  if last and isPlainText(last) and isPlainText(part) and last.thought == part.thought then
    parts[#parts] = { text = last.text .. part.text, thought = part.thought }
  else
    parts[#parts + 1] = part
  end
end

local function mergeContent(into, content)
  into = into or { role = content.role }
  into.role = into.role or content.role
  for _, part in ipairs(content.parts or {}) do
    into.parts = into.parts or {}
    addPart(into.parts, part)
  end
  return into
end

local function mergeCandidate(into, candidate)
  for name, value in pairs(candidate) do
    into[name] = name == "content" and mergeContent(into.content, value) or value
  end
end

local function mergeCandidates(list, byIndex, candidates)
  for _, candidate in ipairs(candidates) do
    local index = candidate.index or 0
    if not byIndex[index] then
      byIndex[index] = {}
      list[#list + 1] = byIndex[index]
    end
    mergeCandidate(byIndex[index], candidate)
  end
end

---Joins responses: the parts of candidates with the same index, with adjacent texts as one; of all else the last.
---The responses are not changed.
---@param responses table[]
---@return table
function merge.responses(responses)
  local out, byIndex = {}, {}
  for _, response in ipairs(responses) do
    for name, value in pairs(response) do
      if name ~= "candidates" then out[name] = value end
    end
    if response.candidates then
      out.candidates = out.candidates or {}
      mergeCandidates(out.candidates, byIndex, response.candidates)
    end
  end
  return out
end

return merge
