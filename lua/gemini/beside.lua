---What is known of a reply beside its fields: it is in no field, so that a reply stays what the API calls one.

local known = setmetatable({}, { __mode = "k" })

local beside = {}

---@param reply table
---@param facts table<string, any>
---@return table reply  the same table
function beside.note(reply, facts)
  known[reply] = facts
  return reply
end

---@param reply table
---@param name string
---@return any  nil where nothing is known
function beside.get(reply, name)
  local facts = known[reply]
  return facts and facts[name]
end

return beside
