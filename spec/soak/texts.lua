---What the server of the soak answers, and its client expects: a text of its own for each number.

local texts = {}

---@param n integer
---@return string
function texts.reply(n)
  return ("reply %d:"):format(n) .. (" word %d,"):format(n):rep(n % 40)
end

---The same in pieces, an event each.
---@param n integer
---@return string[]
function texts.pieces(n)
  local pieces = {}
  for word in texts.reply(n):gmatch "[^ ]+ ?" do pieces[#pieces + 1] = word end
  return pieces
end

return texts
