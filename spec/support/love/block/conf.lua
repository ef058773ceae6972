function love.conf(t)
  for _, unused in ipairs { "audio", "joystick", "physics", "sound", "touch", "video" } do t.modules[unused] = false end
end
