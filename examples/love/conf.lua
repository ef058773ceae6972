function love.conf(t)
  t.identity = "lua-gemini-wizard"
  t.version = "11.4"
  t.window.title = "Ask the wizard"
  t.window.width, t.window.height = 960, 540
  t.window.msaa = 4
  for _, unused in ipairs { "audio", "joystick", "physics", "sound", "touch", "video" } do t.modules[unused] = false end
end
