-- Cuts a stream of events: takes its pieces as the network cut them, and calls back with each event's JSON.
local BEFORE = #"data: "

return function(take)
  local rest = ""
  return function(piece)
    local text, at = rest .. piece, 1
    local from, to = text:find("\r\n\r\n", at, true)
    while from do
      take(text:sub(at + BEFORE, from - 1))
      at = to + 1
      from, to = text:find("\r\n\r\n", at, true)
    end
    rest = text:sub(at)
  end
end
