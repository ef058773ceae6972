dofile "examples/love/conf.lua"

local configure = love.conf

function love.conf(t)
  configure(t)
  -- Without a graphics card it is the processor that smooths edges, and frames take twice as long.
  t.window.msaa = 0
end
